package org.blip4j.data.file;

import com.google.common.collect.ImmutableList;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * UTF-8 text of files and streams: a byte order mark is skipped, and what is not UTF-8 is named by
 * file, line and byte.
 *
 * <p>{@link #read} and {@link #lines} want all of it right; an opened file gives line by line, each
 * with its own problem, so that the good lines around a bad one can be used. Lines end with a line
 * feed, a carriage return or both.
 *
 * <pre>{@code
 * try (TextFile file = TextFile.open(path)) {
 *   for (Optional<TextFile.Line> line = file.next(); line.isPresent(); line = file.next()) { ... }
 * }
 * }</pre>
 */
public final class TextFile implements Closeable {
  private static final int MOST_LINE_BYTES = 1 << 28;
  private static final int MARK = 0xFEFF;

  private final String name;
  private final InputStream in;
  private long offset;
  private long number;
  private boolean afterReturn;

  private TextFile(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /**
   * One line without its end.
   *
   * @param number counted from 1
   * @param offset of its first byte in the file
   * @param text with U+FFFD in place of what is not UTF-8
   * @param problem what is wrong with its bytes, without the name of the file
   */
  public record Line(long number, long offset, String text, Optional<String> problem) {}

  /**
   * The whole text of a file.
   *
   * @throws IOException that names file, line and byte, if it is not UTF-8
   */
  public static String read(Path file) throws IOException {
    return decode(bytes(file), file.toString());
  }

  /** The lines of a file, all of them UTF-8. */
  public static ImmutableList<String> lines(Path file) throws IOException {
    return read(file).lines().collect(ImmutableList.toImmutableList());
  }

  /**
   * The text of bytes.
   *
   * @param name of the file, for errors
   */
  public static String decode(byte[] bytes, String name) throws IOException {
    refuseUtf16(bytes, name);
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0) {
      int bad = firstBad(bytes);
      if (bad < bytes.length) {
        long line = new String(bytes, 0, bad, StandardCharsets.UTF_8).lines().count();
        boolean begins = bad == 0 || bytes[bad - 1] == '\n';
        throw new IOException(
            "%s line %d: %s".formatted(name, begins ? line + 1 : line, problem(bytes, bad, 0)));
      }
    }
    return withoutMark(text);
  }

  /** Opens a file to be read line by line. */
  public static TextFile open(Path file) throws IOException {
    refuseFolder(file);
    return open(file.toString(), Files.newInputStream(file));
  }

  /**
   * Reads a stream line by line; closing closes it.
   *
   * @param name for errors
   */
  public static TextFile open(String name, InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
    buffered.mark(2);
    byte[] start = buffered.readNBytes(2);
    buffered.reset();
    try {
      refuseUtf16(start, name);
    } catch (IOException e) {
      in.close();
      throw e;
    }
    return new TextFile(name, buffered);
  }

  /** The name given, for messages. */
  public String name() {
    return name;
  }

  /** The next line; empty at the end. */
  public Optional<Line> next() throws IOException {
    long start = offset;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
    for (int b = in.read(); b >= 0; b = in.read()) {
      offset++;
      boolean secondOfPair = b == '\n' && afterReturn;
      afterReturn = b == '\r';
      if (secondOfPair) {
        start = offset;
      } else if (b == '\n' || b == '\r') {
        return Optional.of(line(bytes.toByteArray(), start));
      } else if (bytes.size() == MOST_LINE_BYTES) {
        throw new IOException(
            "%s line %d: is longer than %d bytes".formatted(name, number + 1, MOST_LINE_BYTES));
      } else {
        bytes.write(b);
      }
    }
    return bytes.size() == 0 ? Optional.empty() : Optional.of(line(bytes.toByteArray(), start));
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private Line line(byte[] bytes, long start) {
    number++;
    String text = new String(bytes, StandardCharsets.UTF_8);
    Optional<String> problem = Optional.empty();
    if (text.indexOf('\uFFFD') >= 0) {
      int bad = firstBad(bytes);
      problem = bad < bytes.length ? Optional.of(problem(bytes, bad, start)) : Optional.empty();
    }
    return new Line(number, start, number == 1 ? withoutMark(text) : text, problem);
  }

  private static String problem(byte[] bytes, int bad, long start) {
    return "byte %d (0x%02x) is not UTF-8; save the file as UTF-8"
        .formatted(start + bad, bytes[bad]);
  }

  private static int firstBad(byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(1 << 12);
    CoderResult result = decoder.decode(in, out, true);
    while (result.isOverflow()) {
      out.clear();
      result = decoder.decode(in, out, true);
    }
    return result.isError() ? in.position() : bytes.length;
  }

  /** Told by its mark, or by the zero byte of its first letter. */
  private static void refuseUtf16(byte[] start, String name) throws IOException {
    if (start.length < 2) {
      return;
    }
    int first = start[0] & 0xFF;
    int second = start[1] & 0xFF;
    boolean marked = (first == 0xFF && second == 0xFE) || (first == 0xFE && second == 0xFF);
    if (marked || (first == 0) != (second == 0)) {
      throw new IOException(
          "%s: is not UTF-8 but UTF-16 (byte 0 is 0x%02x, byte 1 is 0x%02x); save it as UTF-8"
              .formatted(name, first, second));
    }
  }

  private static String withoutMark(String text) {
    return !text.isEmpty() && text.charAt(0) == MARK ? text.substring(1) : text;
  }

  private static byte[] bytes(Path file) throws IOException {
    refuseFolder(file);
    return Files.readAllBytes(file);
  }

  private static void refuseFolder(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": is a folder, a file is expected");
    }
  }
}
