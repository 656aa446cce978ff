package org.blip4j.data.pipeline;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pipeline holds does not grow with the number of shards. */
final class PipelineMemoryTest {
  private static final int RECORDS = 20;

  @TempDir Path folder;

  @Test
  void tenTimesTheShardsTakeNoMoreMemory() throws IOException {
    ByteString image =
        TestImages.image("jpg", 200, 200).concat(ByteString.copyFrom(new byte[20000]));
    int[] records = new int[20];
    Arrays.fill(records, RECORDS);
    ShardSet all = TestShards.write(folder, image, records);
    long few = heldAfterEpoch(ShardSet.of(all.paths().subList(0, 2)));
    long many = heldAfterEpoch(all);
    long allowed = few + (1L << 20);
    assertTrue(many <= allowed, many + " bytes held over 20 shards, " + few + " over 2");
  }

  private static long heldAfterEpoch(ShardSet shards) throws IOException {
    SamplePipeline.Options options = SamplePipeline.Options.of(1, 4).withMixed(20);
    SamplePipeline<Sample.ImageText> pipeline =
        TestShards.pipeline(shards, SourceOptions.strict(), options);
    Runtime runtime = Runtime.getRuntime();
    try (SamplePipeline<Sample.ImageText>.Batches batches =
        pipeline.stream(SamplePipeline.Cursor.START)) {
      long count = pipeline.batchesPerEpoch();
      for (int i = 0; i < count / 2; i++) {
        batches.next();
      }
      System.gc();
      return runtime.totalMemory() - runtime.freeMemory();
    }
  }
}
