package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A PyTorch checkpoint, of the zip form (torch 1.6 and later) or the older form.
 *
 * <p>{@link #tensors()} is the entry {@code model}, else the dictionary that holds the tensors,
 * whatever its name ({@code state_dict}, {@code model_state_dict}, {@code net}, ...). What else a
 * training checkpoint holds is reached by {@link #entry}. Pickles that name anything but tensors
 * and plain values are refused by that name.
 */
public final class TorchCheckpoint implements WeightFile {
  private static final String PICKLE = "/data.pkl";
  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long LEGACY_PROTOCOL = 1001;

  private final Path path;
  private final String kind;
  private final FileChannel channel;
  private final TorchEntries content;
  private final ImmutableMap<String, StoredTensor> tensors;

  private TorchCheckpoint(
      FileRegion file, String kind, Object top, Map<String, FileRegion> storages)
      throws IOException {
    this.path = file.path();
    this.channel = file.channel();
    this.kind = kind;
    if (!(top instanceof Map<?, ?> entries)) {
      throw new WeightFileException(path, "the checkpoint is not a dictionary of tensors");
    }
    this.content = new TorchEntries(path, entries, storages);
    this.tensors = content.model();
  }

  @FunctionalInterface
  private interface Reader {
    TorchCheckpoint read(FileRegion file) throws IOException;
  }

  static TorchCheckpoint openZip(Path path) throws IOException {
    return open(path, TorchCheckpoint::readZip);
  }

  static TorchCheckpoint openLegacy(Path path) throws IOException {
    return open(path, TorchCheckpoint::readLegacy);
  }

  private static TorchCheckpoint open(Path path, Reader reader) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return reader.read(FileRegion.whole(path, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static TorchCheckpoint readZip(FileRegion file) throws IOException {
    ImmutableMap<String, FileRegion> entries = Directory.read(file);
    String pickle =
        entries.keySet().stream()
            .filter(name -> name.endsWith(PICKLE) && name.indexOf('/') == name.lastIndexOf('/'))
            .findFirst()
            .orElseThrow(
                () ->
                    new WeightFileException(
                        file.path(), "a zip archive without data.pkl; not a PyTorch checkpoint"));
    String root = pickle.substring(0, pickle.length() - PICKLE.length());
    FileRegion order = entries.get(root + "/byteorder");
    if (order != null && order.length() == 3) {
      throw new WeightFileException(file.path(), "written big-endian; expected little-endian");
    }
    Map<String, Unpickler.Storage> named = new LinkedHashMap<>();
    Object top = new Unpickler(file.path(), new PickleInput(entries.get(pickle)), named).read();
    Map<String, FileRegion> storages = new HashMap<>();
    for (Unpickler.Storage storage : named.values()) {
      FileRegion bytes = entries.get(root + "/data/" + storage.key());
      if (bytes == null) {
        throw new WeightFileException(file.path(), "storage " + storage.key() + " is not there");
      }
      storages.put(storage.key(), bytes);
    }
    return new TorchCheckpoint(file, "PyTorch checkpoint (zip)", top, storages);
  }

  private static TorchCheckpoint readLegacy(FileRegion file) throws IOException {
    PickleInput in = new PickleInput(file);
    Map<String, Unpickler.Storage> named = new LinkedHashMap<>();
    Object magic = new Unpickler(file.path(), in, named).read();
    if (!LEGACY_MAGIC.equals(magic)) {
      throw new WeightFileException(
          file.path(),
          "a Python pickle, but not a PyTorch checkpoint; expected safetensors or .pth");
    }
    Object protocol = new Unpickler(file.path(), in, named).read();
    Object system = new Unpickler(file.path(), in, named).read();
    if (!Long.valueOf(LEGACY_PROTOCOL).equals(protocol)) {
      throw new WeightFileException(file.path(), "not of the one PyTorch protocol that is known");
    }
    if (system instanceof Map<?, ?> facts && Boolean.FALSE.equals(facts.get("little_endian"))) {
      throw new WeightFileException(file.path(), "written big-endian; expected little-endian");
    }
    Object top = new Unpickler(file.path(), in, named).read();
    Object keys = new Unpickler(file.path(), in, named).read();
    if (!(keys instanceof List<?> order)) {
      throw new WeightFileException(file.path(), "the list of storages is damaged");
    }
    return new TorchCheckpoint(
        file, "PyTorch checkpoint (legacy)", top, legacyStorages(file, in, order, named));
  }

  private static Map<String, FileRegion> legacyStorages(
      FileRegion file, PickleInput in, List<?> order, Map<String, Unpickler.Storage> named)
      throws IOException {
    Map<String, FileRegion> storages = new HashMap<>();
    long at = in.position();
    for (Object key : order) {
      if (!(key instanceof String) || !named.containsKey(key)) {
        throw new WeightFileException(file.path(), "a storage in its list belongs to no tensor");
      }
      Unpickler.Storage storage = named.get(key);
      long count = file.copy(at, Long.BYTES).getLong();
      long room = file.length() - at - Long.BYTES;
      if (count < 0 || count > room / storage.type().bytes()) {
        throw new WeightFileException(
            file.path(),
            "the file is cut off: storage %s claims %d elements of %s, %d bytes are left"
                .formatted(key, count, storage.type(), room));
      }
      long size = count * storage.type().bytes();
      storages.put(storage.key(), file.slice(at + Long.BYTES, size));
      at += Long.BYTES + size;
    }
    return storages;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return tensors;
  }

  /** Names at the top level: {@code model}, {@code optimizer}, {@code config}, {@code epoch}. */
  public ImmutableSet<String> entries() {
    return content.top().keySet().stream()
        .map(TorchEntries::word)
        .collect(ImmutableSet.toImmutableSet());
  }

  /**
   * An entry of the top level as plain values: {@code Map}, {@code List}, {@code String}, {@code
   * Long}, {@code BigInteger}, {@code Double}, {@code Boolean}, {@code byte[]}, null and {@link
   * StoredTensor}.
   *
   * @throws IllegalArgumentException if there is no such entry
   */
  public Object entry(String name) throws IOException {
    Map<String, Object> keys = new LinkedHashMap<>();
    content.top().keySet().forEach(key -> keys.putIfAbsent(TorchEntries.word(key), key));
    if (!keys.containsKey(name)) {
      throw new IllegalArgumentException(path + " has no entry " + name + ", only " + entries());
    }
    return content.plain(keys.get(name));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * Where the entries of a zip archive lie in its file.
   *
   * <p>PyTorch stores tensors uncompressed, so that they can be read in place. Commons Compress
   * tells their positions, which {@code java.util.zip} does not, and knows ZIP64.
   */
  static final class Directory {
    private Directory() {}

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
            file,
            "holds "
                + entry.getName()
                + " compressed; PyTorch and numpy.savez store entries plain");
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
}
