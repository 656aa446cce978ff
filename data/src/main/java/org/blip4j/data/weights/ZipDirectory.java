package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Where the entries of a zip archive lie in its file.
 *
 * <p>PyTorch stores tensors uncompressed, so that they can be read in place; {@code
 * java.util.zip.ZipFile} does not tell positions. ZIP64 is understood.
 */
final class ZipDirectory {
  private static final int END_MAGIC = 0x06054b50;
  private static final int END_SIZE = 22;
  private static final int END64_LOCATOR_MAGIC = 0x07064b50;
  private static final int END64_LOCATOR_SIZE = 20;
  private static final int END64_MAGIC = 0x06064b50;
  private static final int END64_SIZE = 56;
  private static final int ENTRY_MAGIC = 0x02014b50;
  private static final int ENTRY_SIZE = 46;
  private static final int LOCAL_MAGIC = 0x04034b50;
  private static final int LOCAL_SIZE = 30;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final long IN_ZIP64 = 0xffffffffL;

  private final FileRegion file;

  private ZipDirectory(FileRegion file) {
    this.file = file;
  }

  private record Entry(String name, int method, long size, long packed, long localHeader) {}

  /** The content of every stored entry by its name. */
  static ImmutableMap<String, FileRegion> read(FileRegion file) throws IOException {
    return new ZipDirectory(file).entries();
  }

  private ImmutableMap<String, FileRegion> entries() throws IOException {
    ByteBuffer directory = directory();
    Map<String, FileRegion> entries = new HashMap<>();
    while (directory.remaining() >= ENTRY_SIZE
        && directory.getInt(directory.position()) == ENTRY_MAGIC) {
      Entry entry = entry(directory);
      if (entries.put(entry.name, content(entry)) != null) {
        throw damaged("has two entries named " + entry.name);
      }
    }
    return ImmutableMap.copyOf(entries);
  }

  private ByteBuffer directory() throws IOException {
    int tail = (int) Math.min(file.length(), END_SIZE + LONGEST_COMMENT);
    ByteBuffer bytes = file.copy(file.length() - tail, tail);
    for (int at = tail - END_SIZE; at >= 0; at--) {
      if (bytes.getInt(at) == END_MAGIC) {
        long end = file.length() - tail + at;
        long size = bytes.getInt(at + 12) & IN_ZIP64;
        long start = bytes.getInt(at + 16) & IN_ZIP64;
        if (size == IN_ZIP64 || start == IN_ZIP64) {
          return directory64(end);
        }
        return region(start, size);
      }
    }
    throw damaged("has no directory at its end: it is cut off; download it again");
  }

  private ByteBuffer directory64(long end) throws IOException {
    ByteBuffer locator = region(end - END64_LOCATOR_SIZE, END64_LOCATOR_SIZE);
    if (locator.getInt(0) != END64_LOCATOR_MAGIC) {
      throw damaged("lacks its ZIP64 locator");
    }
    ByteBuffer record = region(locator.getLong(8), END64_SIZE);
    if (record.getInt(0) != END64_MAGIC) {
      throw damaged("lacks its ZIP64 directory");
    }
    return region(record.getLong(48), record.getLong(40));
  }

  private ByteBuffer region(long position, long size) throws IOException {
    if (position < 0 || size < 0 || position > file.length() - size || size > Integer.MAX_VALUE) {
      throw damaged("has a directory that points outside the file");
    }
    return file.copy(position, (int) size);
  }

  private Entry entry(ByteBuffer directory) throws IOException {
    int at = directory.position();
    int nameLength = directory.getShort(at + 28) & 0xffff;
    int extraLength = directory.getShort(at + 30) & 0xffff;
    int commentLength = directory.getShort(at + 32) & 0xffff;
    if (directory.remaining() < ENTRY_SIZE + nameLength + extraLength + commentLength) {
      throw damaged("has a cut directory");
    }
    byte[] name = new byte[nameLength];
    directory.get(at + ENTRY_SIZE, name);
    ByteBuffer extra =
        directory.slice(at + ENTRY_SIZE + nameLength, extraLength).order(ByteOrder.LITTLE_ENDIAN);
    long[] wide = {
      directory.getInt(at + 24) & IN_ZIP64,
      directory.getInt(at + 20) & IN_ZIP64,
      directory.getInt(at + 42) & IN_ZIP64
    };
    widen(extra, wide);
    directory.position(at + ENTRY_SIZE + nameLength + extraLength + commentLength);
    return new Entry(
        new String(name, StandardCharsets.UTF_8),
        directory.getShort(at + 10),
        wide[0],
        wide[1],
        wide[2]);
  }

  /** Replaces the fields that say "see ZIP64" by the values of the extra field, in its order. */
  private static void widen(ByteBuffer extra, long[] fields) {
    while (extra.remaining() >= 4) {
      int tag = extra.getShort() & 0xffff;
      int size = Math.min(extra.getShort() & 0xffff, extra.remaining());
      int next = extra.position() + size;
      if (tag == 1) {
        for (int i = 0; i < fields.length; i++) {
          if (fields[i] == IN_ZIP64 && next - extra.position() >= Long.BYTES) {
            fields[i] = extra.getLong();
          }
        }
      }
      extra.position(next);
    }
  }

  private FileRegion content(Entry entry) throws IOException {
    if (entry.method != 0 || entry.size != entry.packed) {
      throw damaged("holds " + entry.name + " compressed; PyTorch stores its entries plain");
    }
    ByteBuffer local = region(entry.localHeader, LOCAL_SIZE);
    if (local.getInt(0) != LOCAL_MAGIC) {
      throw damaged("has no entry where its directory has " + entry.name);
    }
    long start =
        entry.localHeader
            + LOCAL_SIZE
            + (local.getShort(26) & 0xffff)
            + (local.getShort(28) & 0xffff);
    if (entry.size < 0 || start > file.length() - entry.size) {
      throw damaged("has entry " + entry.name + " running past the end of the file");
    }
    return file.slice(start, entry.size);
  }

  private WeightFileException damaged(String problem) {
    return new WeightFileException(file.path(), "the zip archive " + problem);
  }
}
