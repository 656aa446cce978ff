package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * A PyTorch checkpoint, of the zip form (torch 1.6 and later) or the older form.
 *
 * <p>{@link #tensors()} is the entry {@code model} if there is one, else the whole top level. What
 * else a training checkpoint holds is reached by {@link #entry}. Pickles that name anything but
 * tensors and containers are refused by that name.
 */
public final class TorchCheckpoint implements WeightFile {
  private static final String MODEL = "model";
  private static final String PICKLE = "/data.pkl";
  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long LEGACY_PROTOCOL = 1001;
  private static final int DEEPEST = 100;

  private final Path path;
  private final String kind;
  private final FileChannel channel;
  private final Map<?, ?> top;
  private final Map<String, FileRegion> storages;
  private final ImmutableMap<String, StoredTensor> tensors;

  private TorchCheckpoint(
      FileRegion file, String kind, Object top, Map<String, FileRegion> storages)
      throws IOException {
    this.path = file.path();
    this.channel = file.channel();
    this.kind = kind;
    this.storages = storages;
    if (!(top instanceof Map<?, ?> entries)) {
      throw new WeightFileException(path, "the checkpoint is not a dictionary of tensors");
    }
    this.top = entries;
    this.tensors = model();
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
    ImmutableMap<String, FileRegion> entries = ZipDirectory.read(file);
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
    Map<String, PickledTensor.Storage> named = new LinkedHashMap<>();
    Object top = new Unpickler(file.path(), new PickleInput(entries.get(pickle)), named).read();
    Map<String, FileRegion> storages = new HashMap<>();
    for (PickledTensor.Storage storage : named.values()) {
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
    Map<String, PickledTensor.Storage> named = new LinkedHashMap<>();
    Object magic = new Unpickler(file.path(), in, named).read();
    if (!LEGACY_MAGIC.equals(magic)) {
      throw new WeightFileException(
          file.path(),
          "a Python pickle, but not a PyTorch checkpoint; expected safetensors or .pth");
    }
    Object protocol = new Unpickler(file.path(), in, named).read();
    Object system = new Unpickler(file.path(), in, named).read();
    if (!Long.valueOf(LEGACY_PROTOCOL).equals(protocol)) {
      throw new WeightFileException(file.path(), "unknown PyTorch protocol " + protocol);
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
      FileRegion file, PickleInput in, List<?> order, Map<String, PickledTensor.Storage> named)
      throws IOException {
    Map<String, FileRegion> storages = new HashMap<>();
    long at = in.position();
    for (Object key : order) {
      PickledTensor.Storage storage = named.get(key);
      if (storage == null) {
        throw new WeightFileException(file.path(), "storage " + key + " belongs to no tensor");
      }
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

  private ImmutableMap<String, StoredTensor> model() throws IOException {
    Map<?, ?> state = top.get(MODEL) instanceof Map<?, ?> model ? model : top;
    Map<String, StoredTensor> found = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : state.entrySet()) {
      if (entry.getValue() instanceof PickledTensor tensor) {
        String name = String.valueOf(entry.getKey());
        if (found.put(name, stored(name, tensor)) != null) {
          throw new WeightFileException(path, "two tensors are named " + name);
        }
      }
    }
    ImmutableMap<String, StoredTensor> tensors = ImmutableMap.copyOf(found);
    if (tensors.isEmpty()) {
      throw new WeightFileException(
          path, "no tensors under 'model' nor at the top level, which has " + state.keySet());
    }
    return tensors;
  }

  private StoredTensor stored(String name, PickledTensor tensor) throws IOException {
    FileRegion bytes = storages.get(tensor.storage().key());
    if (bytes == null) {
      throw new WeightFileException(
          path, "tensor %s: its storage %s is not there".formatted(name, tensor.storage().key()));
    }
    if (tensor.shape().stream().anyMatch(size -> size < 0)) {
      throw new WeightFileException(path, "tensor " + name + " has shape " + tensor.shape());
    }
    TensorView view;
    try {
      view =
          new TensorView(
              Shape.of(tensor.shape().stream().mapToLong(Long::longValue).toArray()),
              Math.addExact(tensor.storage().start(), tensor.offset()),
              ImmutableLongArray.copyOf(tensor.strides()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new WeightFileException(path, "tensor " + name + " is damaged: " + e.getMessage());
    }
    return StoredTensor.of(name, tensor.storage().type(), view, bytes);
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
    return top.keySet().stream().map(String::valueOf).collect(ImmutableSet.toImmutableSet());
  }

  /**
   * An entry of the top level as plain values: {@code Map}, {@code List}, {@code String}, {@code
   * Long}, {@code BigInteger}, {@code Double}, {@code Boolean}, {@code byte[]}, null and {@link
   * StoredTensor}.
   *
   * @throws IllegalArgumentException if there is no such entry
   */
  public Object entry(String name) throws IOException {
    if (!top.containsKey(name)) {
      throw new IllegalArgumentException(path + " has no entry " + name + ", only " + entries());
    }
    return plain(name, top.get(name), 0);
  }

  private Object plain(String name, Object value, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new WeightFileException(path, "entry " + name + " is nested too deeply");
    }
    if (value instanceof PickledTensor tensor) {
      return stored(name, tensor);
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        copy.put(entry.getKey(), plain(name + "." + entry.getKey(), entry.getValue(), depth + 1));
      }
      return copy;
    }
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>();
      for (Object item : list) {
        copy.add(plain(name + "." + copy.size(), item, depth + 1));
      }
      return copy;
    }
    return value;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
