package org.blip4j.data.sample;

import com.google.common.base.VerifyException;
import com.google.common.collect.ImmutableSet;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Format and size of an image, read from its headers, after a check that the file is whole.
 *
 * <p>Nothing is decoded: JPEG is followed to its scan and its end marker, PNG chunk by chunk with
 * the checksums of those that matter, WebP by its stated length, TIFF by the places of its strips,
 * GIF and BMP by their headers. Bytes after the end of the image are allowed.
 */
public record ImageInfo(ImageFormat format, int width, int height) {
  /** As many pixels as Pillow reads without a warning; the graph has the same limit. */
  public static final long MOST_PIXELS = 178_956_970;

  private static final int SHOWN = 8;

  public ImageInfo {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "%s image is %d x %d pixels".formatted(format, width, height));
    }
  }

  /**
   * Inspects an image.
   *
   * @throws SampleException if the bytes are of no known format, cut short, damaged or too many
   *     pixels
   */
  public static ImageInfo inspect(ByteString image) throws SampleException {
    ImageFormat format =
        ImageFormat.of(image).orElseThrow(() -> new SampleException(notAnImage(image)));
    ByteBuffer bytes = image.asReadOnlyByteBuffer().slice();
    try {
      ImageInfo info =
          switch (format) {
            case JPEG -> jpeg(bytes.order(ByteOrder.BIG_ENDIAN));
            case PNG -> png(bytes.order(ByteOrder.BIG_ENDIAN));
            case GIF -> gif(bytes.order(ByteOrder.LITTLE_ENDIAN));
            case BMP -> bmp(bytes.order(ByteOrder.LITTLE_ENDIAN));
            case WEBP -> webp(bytes.order(ByteOrder.LITTLE_ENDIAN));
            case TIFF -> TiffHeader.inspect(bytes);
          };
      if ((long) info.width() * info.height() > MOST_PIXELS) {
        throw new SampleException(
            "%d x %d pixels are too many; %d are read at most"
                .formatted(info.width(), info.height(), MOST_PIXELS));
      }
      return info;
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new SampleException(
          "%s image of %d bytes is cut short".formatted(format, image.size()), e);
    } catch (IllegalArgumentException | VerifyException e) {
      throw new SampleException(
          "%s image of %d bytes is damaged: %s".formatted(format, image.size(), e.getMessage()), e);
    }
  }

  private static String notAnImage(ByteString image) {
    if (image.isEmpty()) {
      return "the image is empty";
    }
    Optional<String> unread = ImageFormat.unread(image);
    if (unread.isPresent()) {
      return "a picture in the format %s, which is not read; save it as JPEG, PNG or WebP"
          .formatted(unread.get());
    }
    StringBuilder start = new StringBuilder();
    for (int i = 0; i < Math.min(SHOWN, image.size()); i++) {
      start.append("%02x ".formatted(image.byteAt(i)));
    }
    return "not an image: %d bytes that begin with %s(JPEG, PNG, GIF, BMP, WebP and TIFF are known)"
        .formatted(image.size(), start);
  }

  private static ImageInfo jpeg(ByteBuffer in) {
    in.position(2);
    int width = 0;
    int height = 0;
    while (true) {
      int marker = nextMarker(in);
      int length = in.getShort() & 0xffff;
      int next = in.position() - 2 + length;
      boolean frame = marker >= 0xc0 && marker <= 0xcf;
      if (frame && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
        in.get();
        height = in.getShort() & 0xffff;
        width = in.getShort() & 0xffff;
      }
      seek(in, Math.max(next, in.position()));
      if (marker == 0xda) {
        requireJpegEnd(in);
        return new ImageInfo(ImageFormat.JPEG, width, height);
      }
    }
  }

  private static void seek(ByteBuffer in, int position) {
    if (position > in.limit()) {
      throw new BufferUnderflowException();
    }
    in.position(position);
  }

  private static int nextMarker(ByteBuffer in) {
    int marker = in.get() & 0xff;
    while (marker != 0xff) {
      marker = in.get() & 0xff;
    }
    while (marker == 0xff) {
      marker = in.get() & 0xff;
    }
    return marker;
  }

  private static void requireJpegEnd(ByteBuffer in) {
    for (int i = in.limit() - 2; i >= in.position(); i--) {
      if (in.get(i) == (byte) 0xff && in.get(i + 1) == (byte) 0xd9) {
        return;
      }
    }
    throw new BufferUnderflowException();
  }

  private static ImageInfo png(ByteBuffer in) {
    in.position(8);
    int width = 0;
    int height = 0;
    while (true) {
      int length = in.getInt();
      int start = in.position();
      int type = in.getInt();
      if (length < 0 || length > in.remaining() - 4) {
        throw new BufferUnderflowException();
      }
      int end = in.position() + length;
      if (type == 0x49484452) { // IHDR
        width = in.getInt();
        height = in.getInt();
      }
      boolean critical = (type >> 29 & 1) == 0;
      if (critical && crc(in, start, end) != in.getInt(end)) {
        throw new VerifyException("a chunk does not match its checksum");
      }
      if (type == 0x49454e44) { // IEND
        return new ImageInfo(ImageFormat.PNG, width, height);
      }
      seek(in, end + 4);
    }
  }

  private static int crc(ByteBuffer in, int start, int end) {
    CRC32 crc = new CRC32();
    crc.update(in.duplicate().position(start).limit(end));
    return (int) crc.getValue();
  }

  private static ImageInfo gif(ByteBuffer in) {
    return new ImageInfo(ImageFormat.GIF, in.getShort(6) & 0xffff, in.getShort(8) & 0xffff);
  }

  private static ImageInfo bmp(ByteBuffer in) {
    if (in.getInt(10) < 0 || in.getInt(10) >= in.limit()) {
      throw new BufferUnderflowException();
    }
    if (in.getInt(14) == 12) {
      return new ImageInfo(ImageFormat.BMP, in.getShort(18) & 0xffff, in.getShort(20) & 0xffff);
    }
    return new ImageInfo(ImageFormat.BMP, in.getInt(18), Math.abs(in.getInt(22)));
  }

  private static ImageInfo webp(ByteBuffer in) {
    if ((in.getInt(4) & 0xffffffffL) + 8 > in.limit()) {
      throw new BufferUnderflowException();
    }
    ImageInfo info =
        switch (in.get(15)) {
          case ' ' ->
              new ImageInfo(ImageFormat.WEBP, in.getShort(26) & 0x3fff, in.getShort(28) & 0x3fff);
          case 'L' -> {
            int bits = in.getInt(21);
            yield new ImageInfo(ImageFormat.WEBP, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
          }
          default ->
              new ImageInfo(
                  ImageFormat.WEBP, (in.getInt(24) & 0xffffff) + 1, (in.getInt(26) >>> 8) + 1);
        };
    if (in.get(15) == 'X') {
      JavaPicture.WebpStill.requireSize(in, info.width(), info.height());
    }
    return info;
  }

  /** Whether an inspected BMP is compressed by run lengths. */
  static boolean runLengths(ByteString bmp) {
    return bmp.byteAt(14) >= 40 && bmp.size() > 30 && (bmp.byteAt(30) == 1 || bmp.byteAt(30) == 2);
  }

  /** Image file formats, told by their first bytes, and the column each is written under. */
  public enum ImageFormat {
    JPEG("jpg"),
    PNG("png"),
    GIF("image"),
    BMP("image"),
    WEBP("webp"),
    TIFF("image");

    /** Endings of names of images; some are of formats that are told by their bytes only. */
    public static final ImmutableSet<String> ENDINGS =
        ImmutableSet.of(
            ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".png", ".gif", ".bmp", ".dib",
            ".webp", ".tif", ".tiff");

    private static final int HEAD = 64;
    private static final ByteString JPEG_MAGIC = ByteString.fromHex("ffd8ff");
    private static final ByteString PNG_MAGIC = ByteString.fromHex("89504e470d0a1a0a");

    private final String column;

    ImageFormat(String column) {
      this.column = column;
    }

    /** The column that the bytes of such an image are written under. */
    public String column() {
      return column;
    }

    /** The format of an image, or empty if the bytes are of none. */
    public static Optional<ImageFormat> of(ByteString image) {
      return Arrays.stream(values()).filter(format -> format.begins(image)).findFirst();
    }

    private boolean begins(ByteString image) {
      return switch (this) {
        case JPEG -> image.startsWith(JPEG_MAGIC);
        case PNG -> image.startsWith(PNG_MAGIC);
        case GIF -> ascii(image, 0, "GIF87a") || ascii(image, 0, "GIF89a");
        case BMP -> ascii(image, 0, "BM") && image.size() >= 26 && image.byteAt(14) >= 12;
        case WEBP -> ascii(image, 0, "RIFF") && ascii(image, 8, "WEBP");
        case TIFF -> ascii(image, 0, "II*\0") || ascii(image, 0, "MM\0*");
      };
    }

    /** Whether a file's name is that of an image, hidden ones left out. */
    public static boolean isNameOfImage(Path file) {
      String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
      int point = name.lastIndexOf('.');
      return point > 0 && !name.startsWith(".") && ENDINGS.contains(name.substring(point));
    }

    /**
     * The format of a file by its first bytes, whatever it is called.
     *
     * @throws IOException if it cannot be read
     */
    public static Optional<ImageFormat> of(Path file) throws IOException {
      try (InputStream in = Files.newInputStream(file)) {
        return of(ByteString.copyFrom(in.readNBytes(HEAD)));
      }
    }

    /** The name of a format of phones and browsers that no decoder here reads, or empty. */
    static Optional<String> unread(ByteString image) {
      if (!ascii(image, 4, "ftyp") || image.size() < 12) {
        return Optional.empty();
      }
      String brand = image.substring(8, 11).toString(StandardCharsets.ISO_8859_1);
      return switch (brand) {
        case "hei", "hev", "mif", "msf" -> Optional.of("HEIC");
        case "avi" -> Optional.of("AVIF");
        default -> Optional.empty();
      };
    }

    private static boolean ascii(ByteString image, int offset, String word) {
      return image.size() >= offset + word.length()
          && image.substring(offset, offset + word.length()).equals(ByteString.copyFromUtf8(word));
    }
  }
}
