package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Where the entries of a zip archive lie in its file.
 *
 * <p>PyTorch stores tensors uncompressed, so that they can be read in place. Commons Compress tells
 * their positions, which {@code java.util.zip} does not, and knows ZIP64.
 */
final class ZipDirectory {
  private ZipDirectory() {}

  /** The content of every entry by its name. */
  static ImmutableMap<String, FileRegion> read(FileRegion file) throws IOException {
    Map<String, FileRegion> entries = new HashMap<>();
    try (ZipFile zip = ZipFile.builder().setPath(file.path()).get()) {
      for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
        if (entries.put(entry.getName(), content(file, entry)) != null) {
          throw damaged(file, "has two entries named " + entry.getName());
        }
      }
    } catch (WeightFileException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // whatever the library makes of damage
      throw damaged(
          file, "is cut off or damaged (%s); download it again".formatted(e.getMessage()));
    }
    return ImmutableMap.copyOf(entries);
  }

  private static FileRegion content(FileRegion file, ZipArchiveEntry entry)
      throws WeightFileException {
    if (entry.getMethod() != ZipArchiveEntry.STORED
        || entry.getSize() != entry.getCompressedSize()) {
      throw damaged(
          file, "holds " + entry.getName() + " compressed; PyTorch stores its entries plain");
    }
    long start = entry.getDataOffset();
    if (start < 0 || entry.getSize() < 0 || start > file.length() - entry.getSize()) {
      throw damaged(file, "has entry " + entry.getName() + " running past the end of the file");
    }
    return file.slice(start, entry.getSize());
  }

  private static WeightFileException damaged(FileRegion file, String problem) {
    return new WeightFileException(file.path(), "the zip archive " + problem);
  }
}
