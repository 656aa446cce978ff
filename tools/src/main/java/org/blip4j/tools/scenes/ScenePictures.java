package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.Optional;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.tfrecord.ShardSet;

/** The pictures of a set by key, in the order of the records. */
public final class ScenePictures {
  private ScenePictures() {}

  public static ImmutableMap<String, byte[]> read(SceneData data, SceneSet set) throws IOException {
    ImmutableMap.Builder<String, byte[]> pictures = ImmutableMap.builder();
    try (SampleSource source =
        SampleSource.open(ShardSet.of(data.shards(set)), SourceOptions.strict())) {
      Optional<SampleSource.Located> next = source.next();
      while (next.isPresent()) {
        pictures.put(next.get().sample().key(), next.get().sample().image().toByteArray());
        next = source.next();
      }
    }
    return pictures.buildOrThrow();
  }
}
