package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Strings;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.tools.console.InterruptWatch;

/**
 * A NumPy file of float32 rows and, beside it, {@code NAME.txt} with what each row is of.
 *
 * <p>Rows are written as they come, beside the file's place; the header, which needs their number,
 * is filled in at the end.
 */
public final class NpyWriter implements Closeable {
  /** Bytes in front of the first row. */
  public static final int HEADER = 128;

  private final AtomicFolder array;
  private final OutputStream out;
  private final AtomicFile names;
  private final InterruptWatch.Unfinished unfinished;
  private int count;
  private int width;

  /**
   * Starts the two files.
   *
   * @throws IOException if one exists and may not be replaced
   */
  public NpyWriter(Path target, boolean overwrite) throws IOException {
    Path list = namesOf(target);
    for (Path file : new Path[] {target, list}) {
      if (!overwrite && Files.exists(file)) {
        throw new FileAlreadyExistsException(file.toString());
      }
    }
    this.names = AtomicFile.create(list);
    this.array = AtomicFolder.reserve(target);
    this.unfinished =
        new InterruptWatch.Unfinished(
            () -> {
              array.abandon();
              names.abandon();
            });
    this.out = new BufferedOutputStream(Files.newOutputStream(array.path()), 1 << 16);
    out.write(new byte[HEADER]);
  }

  static Path namesOf(Path target) {
    String name = target.getFileName().toString();
    String base = name.endsWith(".npy") ? name.substring(0, name.length() - 4) : name;
    return target.resolveSibling(base + ".txt");
  }

  /** Writes a row; all have the same length. */
  public void add(String item, float... values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    out.write(bytes.array());
    names.stream().write((item.replaceAll("\\R", " ") + "\n").getBytes(UTF_8));
    width = values.length;
    count++;
  }

  /** Gives both files their names. */
  public void commit() throws IOException {
    out.close();
    try (RandomAccessFile file = new RandomAccessFile(array.path().toFile(), "rw")) {
      file.write(header(count, width));
    }
    array.commit();
    names.commit();
  }

  /** What stands in front of so many rows: the format of numpy.lib.format, version 1.0. */
  public static byte[] header(int count, int width) {
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(count, width);
    String padded = Strings.padEnd(dictionary, HEADER - 11, ' ') + "\n";
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0x93).put("NUMPY".getBytes(US_ASCII)).put((byte) 1).put((byte) 0);
    header.putShort((short) (HEADER - 10)).put(padded.getBytes(US_ASCII));
    return header.array();
  }

  @Override
  public void close() throws IOException {
    out.close();
    array.close();
    names.close();
    unfinished.close();
  }
}
