package org.blip4j.tools.verify;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;

/**
 * The tensors of one file of a golden, in memory.
 *
 * @param path the file
 * @param tensors values by name, in the order of the file
 */
public record GoldenTensors(Path path, ImmutableMap<String, Values> tensors) {
  /** Reads all tensors of a file. */
  public static GoldenTensors read(Path path) throws IOException {
    ImmutableMap.Builder<String, Values> tensors = ImmutableMap.builder();
    try (WeightFile file = WeightFile.open(path)) {
      for (Map.Entry<String, StoredTensor> entry : file.tensors().entrySet()) {
        StoredTensor tensor = entry.getValue();
        tensors.put(entry.getKey(), new Values(tensor.shape().asArray(), tensor.doubles()));
      }
    }
    return new GoldenTensors(path, tensors.buildOrThrow());
  }

  /** Names of the tensors. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** A tensor; refused by name if the file lacks it. */
  public Values get(String name) throws IOException {
    Values values = tensors.get(name);
    if (values == null) {
      throw new IOException(path + " has no tensor " + name);
    }
    return values;
  }
}
