package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are stopped and go on, over one data set and over a mixture. */
final class InterruptedRunTest {
  private static final int STEPS = 40;
  private static final TrainingListener SILENT = report -> {};

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void makeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  @Test
  @Tag("slow")
  void aRunStoppedAtTenRandomMomentsEndsAsAnUnbrokenOne() throws IOException {
    assertStoppedRunEndsAlike(tiny.inputs(), 10);
  }

  @Test
  @Tag("slow")
  void aMixtureStoppedAtRandomMomentsEndsAsAnUnbrokenOne() throws IOException {
    assertStoppedRunEndsAlike(mixture("all=0.7:", "same=0.3:"), 3);
  }

  private void assertStoppedRunEndsAlike(RunInputs inputs, int stops) throws IOException {
    RunConfig config =
        tiny.config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, STEPS),
                new RunConfig.Keeping(5, 1000, 2));
    Path whole = folder.resolve("whole");
    Trainer.of(config, inputs).run(whole, SILENT);
    Path broken = folder.resolve("broken");
    List<Integer> moments = new ArrayList<>();
    new Random(4).ints(stops, 1, 2 * STEPS / stops).forEach(moments::add);
    for (int steps : moments) {
      int[] asked = {0};
      Trainer.of(config, inputs).stoppingWhen(() -> asked[0]++ >= steps).run(broken, SILENT);
    }
    Trainer.of(config, inputs).run(broken, SILENT);
    for (String file : List.of("metrics.jsonl", "model/variables.data-00000-of-00001")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), file);
    }
  }

  @Test
  void otherDataOfEqualCountCannotContinueARun() throws IOException {
    RunConfig config = tiny.config(Task.PRETRAIN);
    Path run = folder.resolve("run");
    int[] asked = {0};
    Trainer.of(config, tiny.inputs()).stoppingWhen(() -> asked[0]++ >= 1).run(run, SILENT);
    Path renamed = folder.resolve("other.tfrecord");
    Files.copy(folder.resolve("data.tfrecord"), renamed);
    RunInputs other = RunInputs.of(ShardSet.of(List.of(renamed)));

    String message =
        assertThrows(
                IllegalArgumentException.class, () -> Trainer.of(config, other).run(run, SILENT))
            .getMessage();

    assertTrue(message.contains("was started with other data"), message);
    assertTrue(message.contains("other.tfrecord, was "), message);
    assertTrue(
        Trainer.of(config, tiny.inputs()).stoppingWhen(() -> true).run(run, SILENT).step() == 1,
        "the run is as it was");
  }

  @Test
  void aRunWhoseImagesAreMostlyUnusableEnds() throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    Path damaged = folder.resolve("damaged.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(damaged, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 12; i++) {
        writer.write(codec.encode(Sample.ImageText.of("bad" + i, new byte[] {1}, List.of("a"))));
      }
      writer.commit();
    }
    Path good = folder.resolve("data.tfrecord");
    RunInputs inputs = RunInputs.of(ShardSet.of(List.of(good, damaged)));
    List<String> notes = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void logged(StepReport report) {}

          @Override
          public void note(String text) {
            notes.add(text);
          }
        };

    String message =
        assertThrows(
                IOException.class,
                () ->
                    Trainer.of(tiny.config(Task.PRETRAIN), inputs)
                        .run(folder.resolve("mostly"), listener))
            .getMessage();

    assertTrue(message.startsWith("12 of 36 images could not be used"), message);
    assertEquals(12, notes.size());
    assertTrue(notes.get(0).contains("damaged.tfrecord: record at byte "), notes.get(0));
    assertTrue(notes.get(0).contains("sample \"bad"), notes.get(0));
  }

  @Test
  void aMixtureIsDescribedInTheRunFolder() throws IOException {
    Path run = folder.resolve("mixed");
    Trainer.of(tiny.config(Task.PRETRAIN), mixture("all=0.7:", "same=0.3:"))
        .stoppingWhen(() -> true)
        .run(run, SILENT);
    String described = Files.readString(run.resolve("config.json"));
    assertTrue(described.contains("all=0.7:" + folder.resolve("data.tfrecord")), described);
    assertEquals(true, Files.size(run.resolve("data.index")) > 0);
  }

  private RunInputs mixture(String... sets) throws IOException {
    List<String> patterns = new ArrayList<>();
    for (String set : sets) {
      patterns.add(set + folder.resolve("data.tfrecord"));
    }
    RunInputs plain = tiny.inputs();
    return new RunInputs(
        Mixture.find(patterns),
        plain.codec(),
        plain.init(),
        plain.session(),
        plain.version(),
        plain.commit());
  }
}
