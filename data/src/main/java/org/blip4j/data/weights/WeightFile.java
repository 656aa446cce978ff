package org.blip4j.data.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.blip4j.data.file.JsonFile;

/**
 * An open file of published weights: named tensors that are read one at a time.
 *
 * <p>{@code WeightFile.open(path)} takes safetensors files, PyTorch checkpoints (zip and legacy),
 * arrays of {@code numpy.savez}, and folders with one of these or with shards and an index. The
 * kind is told by the first bytes, never by the name, and nothing that a file holds is ever
 * executed.
 */
public interface WeightFile extends AutoCloseable {

  /** What was opened. */
  Path path();

  /** What it is, in words: {@code safetensors}, {@code PyTorch checkpoint (zip)} and the like. */
  String kind();

  /** The tensors of the model by name, in the order of the file. */
  ImmutableMap<String, StoredTensor> tensors();

  /** Free strings about the whole, by their keys; only safetensors files have any. */
  default ImmutableMap<String, String> metadata() {
    return ImmutableMap.of();
  }

  @Override
  void close() throws IOException;

  /**
   * Opens a file or a folder.
   *
   * @throws WeightFileException if it is empty, cut off, damaged, of another kind, or a pickle that
   *     names something other than tensors and plain values
   */
  static WeightFile open(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new WeightFileException(path, "no such file or folder");
    }
    if (Files.isDirectory(path)) {
      return openFolder(path);
    }
    return switch (Format.of(path)) {
      case SAFETENSORS -> SafetensorsFile.open(path);
      case TORCH_ZIP -> TorchCheckpoint.openZip(path);
      case TORCH_LEGACY -> TorchCheckpoint.openLegacy(path);
      case NUMPY -> NpzFile.open(path);
    };
  }

  private static WeightFile openFolder(Path folder) throws IOException {
    for (String name : new String[] {"model.safetensors", "pytorch_model.bin"}) {
      Path index = folder.resolve(name + ".index.json");
      if (Files.exists(folder.resolve(name))) {
        return open(folder.resolve(name));
      }
      if (Files.exists(index)) {
        return Sharded.open(index);
      }
    }
    throw new WeightFileException(
        folder,
        "no weights in this folder; expected model.safetensors or pytorch_model.bin, whole or in"
            + " shards with their .index.json");
  }

  /** Kinds of weight files, told by their first bytes. */
  enum Format {
    SAFETENSORS,
    TORCH_ZIP,
    TORCH_LEGACY,
    NUMPY;

    private static final int SNIFFED = 512;
    private static final int ZIP_NAME_LENGTH = 26;
    private static final int ZIP_NAME = 30;

    static Format of(Path path) throws IOException {
      byte[] head;
      try (InputStream in = Files.newInputStream(path)) {
        head = in.readNBytes(SNIFFED);
      }
      if (head.length == 0) {
        throw new WeightFileException(path, "the file is empty; download it again");
      }
      if (startsWith(head, 'P', 'K', 3, 4)) {
        return firstEntry(head).endsWith(".npy") ? NUMPY : TORCH_ZIP;
      }
      if (head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5) {
        return TORCH_LEGACY;
      }
      if (head.length > 8 && head[8] == '{' && headerLength(head) >= 2) {
        return SAFETENSORS;
      }
      throw new WeightFileException(path, "not a weight file: " + describe(head));
    }

    /** The name of the first file of a zip archive, as far as it was read. */
    private static String firstEntry(byte[] head) {
      if (head.length < ZIP_NAME) {
        return "";
      }
      int length =
          ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getShort(ZIP_NAME_LENGTH) & 0xffff;
      return new String(
          head, ZIP_NAME, Math.min(length, head.length - ZIP_NAME), StandardCharsets.UTF_8);
    }

    private static long headerLength(byte[] head) {
      return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static String describe(byte[] head) {
      String text = new String(head, StandardCharsets.ISO_8859_1).stripLeading();
      String lower = text.toLowerCase(Locale.ROOT);
      if (lower.startsWith("version https://git-lfs")) {
        return "this is a Git LFS pointer; fetch the content with `git lfs pull`";
      }
      if (lower.startsWith("<")) {
        return "this is a web page, most likely a failed download; download it again";
      }
      if (startsWith(head, 0x89, 'H', 'D', 'F')) {
        return "this is HDF5 (a Keras file?); expected safetensors or a PyTorch checkpoint";
      }
      if (lower.startsWith("gguf")) {
        return "this is GGUF; expected safetensors or a PyTorch checkpoint";
      }
      if (startsWith(head, 0x1f, 0x8b)) {
        return "this is gzip data; unpack it first";
      }
      if (text.startsWith("{") || text.startsWith("[")) {
        return "this is JSON; give the file with the tensors, or the folder";
      }
      return "expected safetensors or a PyTorch checkpoint (zip or legacy), or numpy.savez's"
          + " arrays";
    }

    private static boolean startsWith(byte[] head, int... expected) {
      if (head.length < expected.length) {
        return false;
      }
      for (int i = 0; i < expected.length; i++) {
        if (head[i] != (byte) expected[i]) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Weights in several files with an index, as Hugging Face writes them: {@code
   * model.safetensors.index.json} or {@code pytorch_model.bin.index.json} beside the shards.
   */
  final class Sharded implements WeightFile {
    private static final long LARGEST = 100_000_000;

    private final Path index;
    private final Map<String, WeightFile> shards = new LinkedHashMap<>();
    private ImmutableMap<String, StoredTensor> tensors = ImmutableMap.of();

    private Sharded(Path index) {
      this.index = index;
    }

    static Sharded open(Path index) throws IOException {
      Sharded weights = new Sharded(index);
      try {
        weights.tensors = weights.openAll();
        return weights;
      } catch (IOException | RuntimeException e) {
        weights.close();
        throw e;
      }
    }

    private ImmutableMap<String, StoredTensor> openAll() throws IOException {
      JsonNode map;
      if (Files.size(index) > LARGEST) {
        throw new WeightFileException(index, "too large for an index of shards");
      }
      try {
        map = JsonFile.read(index).tree().path("weight_map");
      } catch (IllegalArgumentException e) {
        throw new WeightFileException(e.getMessage());
      }
      if (!map.isObject() || map.isEmpty()) {
        throw new WeightFileException(index, "no weight_map in this index");
      }
      ImmutableMap.Builder<String, StoredTensor> found = ImmutableMap.builder();
      for (Map.Entry<String, JsonNode> entry : map.properties()) {
        String shard = entry.getValue().asText();
        StoredTensor tensor = shard(shard).tensors().get(entry.getKey());
        if (tensor == null) {
          throw new WeightFileException(
              index,
              "tensor " + entry.getKey() + " is not in " + shard + ", where the index has it");
        }
        found.put(entry.getKey(), tensor);
      }
      ImmutableMap<String, StoredTensor> named = found.buildOrThrow();
      for (WeightFile shard : shards.values()) {
        for (String name : shard.tensors().keySet()) {
          if (!named.containsKey(name)) {
            throw new WeightFileException(
                shard.path(), "tensor " + name + " is not in the index " + index.getFileName());
          }
        }
      }
      return named;
    }

    private WeightFile shard(String name) throws IOException {
      WeightFile open = shards.get(name);
      if (open != null) {
        return open;
      }
      if (!name.matches("[^./\\\\\\x00][^/\\\\\\x00]*")) {
        throw new WeightFileException(index, "'" + name + "' is not the name of a shard beside it");
      }
      Path path = index.resolveSibling(name);
      if (!Files.isRegularFile(path)) {
        throw new WeightFileException(index, "shard " + name + " is missing; download it");
      }
      WeightFile shard = WeightFile.open(path);
      shards.put(name, shard);
      return shard;
    }

    @Override
    public Path path() {
      return index;
    }

    @Override
    public String kind() {
      return shards.values().iterator().next().kind() + " in " + shards.size() + " shards";
    }

    @Override
    public ImmutableMap<String, StoredTensor> tensors() {
      return tensors;
    }

    @Override
    public void close() throws IOException {
      IOException first = null;
      for (WeightFile shard : shards.values()) {
        try {
          shard.close();
        } catch (IOException e) {
          first = first == null ? e : first;
        }
      }
      if (first != null) {
        throw first;
      }
    }
  }
}
