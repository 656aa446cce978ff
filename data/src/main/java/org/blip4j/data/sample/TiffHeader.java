package org.blip4j.data.sample;

import com.google.common.base.VerifyException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** Reads the first directory of a TIFF file and checks that what it names is in the file. */
final class TiffHeader {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int SAMPLES = 277;
  private static final int COLOURS = 320;
  private static final int[] PLACES = {273, 324};
  private static final int[] COUNTS = {279, 325};

  /** No compression that is told by its bytes (LZW, deflate, PackBits) makes more of one. */
  private static final long MOST_EXPANSION = 8192;

  private final ByteBuffer in;
  private final Map<Integer, Entry> entries = new HashMap<>();

  /** A list of whole numbers: how many, how large each, where. */
  private record Entry(int type, int count, int place) {}

  private TiffHeader(ByteBuffer in) {
    this.in = in;
  }

  /**
   * Format and size.
   *
   * @throws BufferUnderflowException if the file is cut short
   * @throws VerifyException if it is damaged
   */
  static ImageInfo inspect(ByteBuffer bytes) {
    ByteOrder order = bytes.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    TiffHeader header = new TiffHeader(bytes.order(order));
    header.readDirectory();
    return header.checked();
  }

  /** The colours of a palette as Pillow takes them, the upper bytes; empty if there is none. */
  static int[] palette(ByteBuffer bytes) {
    ByteOrder order = bytes.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    TiffHeader header = new TiffHeader(bytes.order(order));
    header.readDirectory();
    Entry colours = header.entries.get(COLOURS);
    int[] palette = new int[colours == null ? 0 : colours.count() / 3];
    for (int i = 0; i < palette.length; i++) {
      for (int channel = 0; channel < 3; channel++) {
        long value = header.value(colours, channel * palette.length + i);
        palette[i] |= (int) (value >> 8 & 0xff) << (16 - 8 * channel);
      }
    }
    return palette;
  }

  private void readDirectory() {
    int at = place(in.getInt(4));
    int count = in.getShort(at) & 0xffff;
    for (int i = 0; i < count; i++) {
      int entry = at + 2 + 12 * i;
      int type = in.getShort(entry + 2);
      int values = in.getInt(entry + 4);
      int size = type == 3 ? 2 : 4;
      if ((type == 3 || type == 4) && values > 0 && values <= in.limit() / size) {
        int place = values * size <= 4 ? entry + 8 : place(in.getInt(entry + 8));
        entries.put(in.getShort(entry) & 0xffff, new Entry(type, values, place));
      }
    }
  }

  private ImageInfo checked() {
    ImageInfo info =
        new ImageInfo(ImageInfo.ImageFormat.TIFF, (int) one(WIDTH, 0), (int) one(HEIGHT, 0));
    long bits = Math.max(1, one(BITS, 1)) * Math.max(1, one(SAMPLES, 1));
    if (bits > 8 * 64) {
      throw new VerifyException(bits + " bits a pixel");
    }
    long stored = 0;
    for (int i = 0; i < PLACES.length; i++) {
      Entry places = entries.get(PLACES[i]);
      Entry counts = entries.get(COUNTS[i]);
      for (int j = 0; places != null && counts != null && j < counts.count(); j++) {
        long count = value(counts, j);
        if (j < places.count() && value(places, j) + count > in.limit()) {
          throw new BufferUnderflowException();
        }
        stored += count;
      }
    }
    long needed = (info.width() * bits + 7) / 8 * info.height();
    int compression = (int) one(COMPRESSION, 1);
    long most =
        switch (compression) {
          case 1 -> stored;
          case 5, 8, 32773, 32946 -> stored * MOST_EXPANSION;
          default -> Long.MAX_VALUE;
        };
    if (stored > 0 && needed > most) {
      throw new VerifyException(
          "%d x %d pixels cannot be in %d bytes".formatted(info.width(), info.height(), stored));
    }
    return info;
  }

  private long one(int tag, long otherwise) {
    Entry entry = entries.get(tag);
    return entry == null ? otherwise : value(entry, 0);
  }

  private long value(Entry entry, int index) {
    return entry.type() == 3
        ? in.getShort(entry.place() + 2 * index) & 0xffffL
        : in.getInt(entry.place() + 4 * index) & 0xffffffffL;
  }

  private int place(int value) {
    if (value < 0 || value > in.limit()) {
      throw new BufferUnderflowException();
    }
    return value;
  }
}
