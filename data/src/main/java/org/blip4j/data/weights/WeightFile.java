package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An open file of published weights: named tensors that are read one at a time.
 *
 * <p>{@code WeightFile.open(path)} takes safetensors files, PyTorch checkpoints (zip and legacy)
 * and folders with one of these or with shards and an index. The kind is told by the first bytes,
 * never by the name, and nothing that a file holds is ever executed.
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
    return switch (WeightFormat.of(path)) {
      case SAFETENSORS -> SafetensorsFile.open(path);
      case TORCH_ZIP -> TorchCheckpoint.openZip(path);
      case TORCH_LEGACY -> TorchCheckpoint.openLegacy(path);
    };
  }

  private static WeightFile openFolder(Path folder) throws IOException {
    for (String name : new String[] {"model.safetensors", "pytorch_model.bin"}) {
      Path index = folder.resolve(name + ".index.json");
      if (Files.exists(folder.resolve(name))) {
        return open(folder.resolve(name));
      }
      if (Files.exists(index)) {
        return ShardedWeights.open(index);
      }
    }
    throw new WeightFileException(
        folder,
        "no weights in this folder; expected model.safetensors or pytorch_model.bin, whole or in"
            + " shards with their .index.json");
  }
}
