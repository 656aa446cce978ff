package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.Cluster;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.validate.Validation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;

/** Runs that are stopped and go on, over one data set and over a mixture. */
final class InterruptedRunTest {
  private static final int STEPS = 40;
  private static final TrainingListener SILENT = report -> {};

  /** A GIF of one pixel. */
  private static final byte[] PIXEL =
      Base64.getDecoder().decode("R0lGODdhAQABAIAAAP///////ywAAAAAAQABAAACAkQBADs=");

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
    TrainingListener listener = TinyRun.noting(notes);

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
  void aRunThatFailsAtAnyStepLeavesNothingBehind() throws IOException {
    RunConfig config = tiny.config(Task.PRETRAIN);
    RunPlan plan = RunPlan.resolve(config, tiny.inputs());
    Graph graph = new Graph();
    assertThrows(
        RuntimeException.class,
        () ->
            TrainingSession.open(
                new RunPlan(plan.config(), plan.vocabulary(), plan.inputs(), null), graph));
    assertThrows(IllegalStateException.class, () -> graph.operation("input/pixels"));

    Path broken = folder.resolve("broken.tfrecord");
    Files.write(broken, new byte[5]);
    RunInputs unreadable =
        RunInputs.of(ShardSet.of(List.of(folder.resolve("data.tfrecord"), broken)));
    assertFails(unreadable, folder.resolve("unreadable"), SILENT);
    Path occupied = folder.resolve("occupied");
    Files.createDirectories(occupied.resolve("metrics.jsonl/x"));
    Files.writeString(occupied.resolve("config.json"), "{}");
    assertFails(tiny.inputs(), occupied, SILENT);
    for (int failing = 0; failing < 3; failing++) {
      assertFails(tiny.inputs(), folder.resolve("listener" + failing), failingAt(failing));
    }
  }

  private void assertFails(RunInputs inputs, Path run, TrainingListener listener) {
    RunConfig strict = TinyRun.changed(tiny.config(Task.PRETRAIN), "images.damaged", "\"FAIL\"");
    assertThrows(IOException.class, () -> Trainer.of(strict, inputs).run(run, listener));
    List<String> left =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("blip-"))
            .toList();
    assertEquals(List.of(), left, "threads after " + run.getFileName());
  }

  /** A listener that fails when the run starts, at its first log line, or at its end. */
  private static TrainingListener failingAt(int place) {
    return new TrainingListener() {
      private void reach(int now) throws IOException {
        if (now == place) {
          throw new IOException("here");
        }
      }

      @Override
      public void started(Start start) throws IOException {
        reach(0);
      }

      @Override
      public void logged(StepReport report) throws IOException {
        reach(1);
      }

      @Override
      public void finished() throws IOException {
        reach(2);
      }
    };
  }

  @Test
  void anImageThatCannotBeDecodedIsReplacedAndCounted() throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    Path damaged = folder.resolve("one.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(damaged, TfRecordWriter.Options.plain())) {
      writer.write(codec.encode(Sample.ImageText.of("bad", damagedPhoto(), List.of("a"))));
      writer.commit();
    }
    RunInputs inputs = RunInputs.of(ShardSet.of(List.of(folder.resolve("data.tfrecord"), damaged)));
    RunConfig twice =
        tiny.config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofEpochs(TinyRun.BATCH, 2), new RunConfig.Keeping(3, 5, 2));
    List<StepReport> reports = new ArrayList<>();
    Path run = folder.resolve("replaced");
    int[] asked = {0};
    Trainer.of(twice, inputs).stoppingWhen(() -> asked[0]++ >= 4).run(run, reports::add);
    Trainer.of(twice, inputs).run(run, reports::add);

    double replaced = reports.stream().mapToDouble(r -> r.means().get(StepReport.REPLACED)).sum();
    assertTrue(replaced >= 1 && replaced <= 2, replaced + " in two epochs of 24 of 25 pairs");
    String metrics = Files.readString(run.resolve("metrics.jsonl"));
    assertTrue(metrics.contains("\"images_replaced\":1.0"), metrics);
  }

  /** A photo that only its decoder finds damaged: a table of codes that cannot be. */
  static byte[] damagedPhoto() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(20, 12, BufferedImage.TYPE_INT_RGB), "jpg", out);
    byte[] photo = out.toByteArray();
    for (int i = 2; i < photo.length - 200; i++) {
      if (photo[i] == (byte) 0xff && photo[i + 1] == (byte) 0xc4) {
        photo[i + 5] = (byte) 0xff;
      }
    }
    return photo;
  }

  @Test
  void theBestModelIsKeptByItsFigureAlsoWhereTheRunWasStopped() throws IOException {
    RunConfig config =
        tiny.config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofEpochs(TinyRun.BATCH, 3), new RunConfig.Keeping(6, 5, 2));
    Map<Long, Double> worth = Map.of(6L, 0.2, 12L, 0.7, 18L, 0.5);
    List<Long> measured = new ArrayList<>();
    Validation validation =
        model -> {
          long step = model.readConfig().provenance().step();
          measured.add(step);
          return new Validation.Findings(
              ImmutableMap.of("cider", worth.get(step), "length", (double) step),
              ImmutableList.of(Sample.ImageText.of("captions/one", PIXEL, List.of("at " + step))));
        };
    Path run = folder.resolve("validated");
    int[] asked = {0};
    Trainer.of(config, tiny.inputs())
        .validatingWith(validation)
        .stoppingWhen(() -> asked[0]++ >= 13)
        .run(run, SILENT);
    Trainer.Outcome outcome =
        Trainer.of(config, tiny.inputs()).validatingWith(validation).run(run, SILENT);

    assertEquals(List.of(6L, 12L, 18L), measured);
    assertEquals(18, outcome.model().readConfig().provenance().step());
    ModelFolder best = new ModelFolder(run.resolve("best"));
    assertEquals(12, best.readConfig().provenance().step());
    assertTrue(Files.exists(Path.of(best.variables() + ".index")));
    assertEquals(0.7, new RunFolder(run).bestResult().orElseThrow().figures().get("cider"));
    assertFalse(Files.exists(run.resolve(".best.writing")));
    try (TfRecordReader examples = TfRecordReader.open(run.resolve("examples.tfrecord"))) {
      Sample.ImageText last =
          ExampleCodec.standard().imageText(examples.next().orElseThrow(), "no key");
      assertEquals("captions/one", last.key());
      assertEquals(List.of("at 18"), last.texts());
      assertTrue(examples.next().isEmpty());
    }
    String metrics = Files.readString(run.resolve("metrics.jsonl"));
    assertTrue(metrics.contains("{\"step\":12,\"validation/cider\":0.7,"), metrics);
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
        plain.precision(),
        plain.version(),
        plain.commit(),
        Cluster.ALONE);
  }
}
