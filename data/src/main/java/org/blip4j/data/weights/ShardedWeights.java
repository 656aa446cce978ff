package org.blip4j.data.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.data.file.JsonFile;

/**
 * Weights in several files with an index, as Hugging Face writes them: {@code
 * model.safetensors.index.json} or {@code pytorch_model.bin.index.json} beside the shards.
 */
public final class ShardedWeights implements WeightFile {
  private static final long LARGEST = 100_000_000;

  private final Path index;
  private final Map<String, WeightFile> shards = new LinkedHashMap<>();
  private ImmutableMap<String, StoredTensor> tensors = ImmutableMap.of();

  private ShardedWeights(Path index) {
    this.index = index;
  }

  static ShardedWeights open(Path index) throws IOException {
    ShardedWeights weights = new ShardedWeights(index);
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
            index, "tensor " + entry.getKey() + " is not in " + shard + ", where the index has it");
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
