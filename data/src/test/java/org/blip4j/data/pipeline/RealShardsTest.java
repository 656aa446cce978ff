package org.blip4j.data.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shards that img2dataset 1.47.0 and tensorflow-datasets 4.9.10 (its builder of coco_captions over
 * drawn pictures) wrote.
 */
class RealShardsTest {
  @TempDir private Path folder;

  private List<Sample.ImageText> read(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, Resources.toByteArray(Resources.getResource("shards/" + name)));
    List<Sample.ImageText> samples = new ArrayList<>();
    try (SampleSource source =
        SampleSource.open(ShardSet.of(List.of(file)), SourceOptions.strict())) {
      for (var next = source.next(); next.isPresent(); next = source.next()) {
        samples.add(next.get().sample());
      }
    }
    return samples;
  }

  private static String text(int number) {
    return "a picture number " + number + (number == 2 ? ", with \"quotes\" and ümlaut" : "");
  }

  @Test
  void ofImg2datasetEveryColumnIsRead() throws IOException {
    List<Sample.ImageText> samples = read("img2dataset.tfrecord");
    assertEquals(
        List.of("000001", "000000", "000003", "000002"),
        samples.stream().map(Sample.ImageText::key).toList(),
        "as its threads came");
    for (Sample.ImageText sample : samples) {
      int number = Integer.parseInt(sample.key());
      assertEquals(List.of(text(number)), sample.texts());
      ImageInfo info = ImageInfo.inspect(sample.image());
      assertEquals(List.of("" + info.width()), sample.columns().texts("width"));
      assertEquals(List.of("48"), sample.columns().texts("original_width"));
      assertEquals("success", sample.columns().text("status").orElseThrow());
      assertEquals("CC-BY", sample.columns().text("license").orElseThrow());
      assertEquals(64, sample.columns().text("sha256").orElseThrow().length());
      assertTrue(
          sample.columns().text("url").orElseThrow().endsWith("/" + number + ".jpg"),
          sample.columns().toString());
    }
  }

  @Test
  void ofTensorFlowDatasetsAllCaptionsAreRead() throws IOException {
    List<Sample.ImageText> samples = read("coco_captions-train.tfrecord-00000-of-00001");
    assertEquals(6, samples.size());
    for (Sample.ImageText sample : samples) {
      int number = Integer.parseInt(sample.key()) - 1000; // image/id
      assertEquals(
          IntStream.range(0, 5).mapToObj(said -> text(number) + ", said " + said).toList(),
          sample.texts());
      assertEquals(40 + 8 * number, ImageInfo.inspect(sample.image()).height());
      assertEquals(
          "COCO_%012d.jpg".formatted(number),
          sample.columns().text("image/filename").orElseThrow());
    }
  }
}
