package org.blip4j.tools.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntConsumer;
import javax.imageio.ImageIO;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.tools.console.Processor;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.input.RecordBatches;

/**
 * Batches as training reads them: records in their seeded order, images decoded and augmented,
 * texts tokenised. Without shards of the user's, records are made: pictures of the size of
 * photographs for the models that see such, scenes for the others.
 */
final class BenchInput implements AutoCloseable {
  /** Images of a run at least, so that a run does not consist of what was read ahead. */
  private static final int LEAST_IMAGES = 64;

  private static final int PICTURES = 64;
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;
  private static final int SHAPES = 60;
  private static final int GRAIN = 24;
  private static final String CAPTION = "a brown dog runs over the wet sand of a long beach";

  private final int batches;
  private final RecordBatches<?> source;

  /**
   * What was measured, of the shortest runs.
   *
   * @param size of the model
   * @param batch of both
   * @param repeat runs of the input and steps
   * @param imagesPerSecond images that are read, decoded and augmented a second
   * @param stepImagesPerSecond images that a step of pre-training takes a second
   * @param stepRatio the first over the second
   * @param threads of TensorFlow
   * @param processor its name
   */
  public record Rate(
      String size,
      int batch,
      int repeat,
      @JsonProperty("images_per_second") double imagesPerSecond,
      @JsonProperty("step_images_per_second") double stepImagesPerSecond,
      @JsonProperty("step_ratio") double stepRatio,
      int threads,
      String processor) {}

  /** Shards, and the folder that is to be removed after their use. */
  private record Records(ShardSet shards, Optional<Path> made) implements AutoCloseable {
    /** Given ones, or ones that are made for the size of the model. */
    static Records of(BenchPlan plan, Optional<ShardSet> given) throws IOException {
      if (given.isPresent()) {
        return new Records(given.get(), Optional.empty());
      }
      Path folder = Files.createTempDirectory("blip-bench");
      try {
        return new Records(make(plan, folder), Optional.of(folder));
      } catch (IOException | RuntimeException | Error e) {
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        throw e;
      }
    }

    private static ShardSet make(BenchPlan plan, Path folder) throws IOException {
      int count = Math.max(PICTURES, plan.batch());
      if (!plan.size().augmented()) {
        SceneData scenes = SceneData.write(folder, new SceneData.Plan(1, count, 2, 1, count));
        return ShardSet.of(scenes.shards(SceneData.Split.HUMAN));
      }
      Path shard = folder.resolve("pictures.tfrecord");
      try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
          Sample.ImageText sample =
              Sample.ImageText.of("picture-" + i, picture(random), List.of(CAPTION));
          writer.write(ExampleCodec.standard().encode(sample));
        }
        writer.commit();
      }
      return ShardSet.of(List.of(shard));
    }

    @Override
    public void close() throws IOException {
      if (made.isPresent()) {
        MoreFiles.deleteRecursively(made.get(), RecursiveDeleteOption.ALLOW_INSECURE);
      }
    }
  }

  /** Shapes in colours that run into each other, with grain: as large as a photograph's file. */
  private static byte[] picture(Random random) throws IOException {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    for (int i = 0; i < SHAPES; i++) {
      int x = i == 0 ? 0 : random.nextInt(WIDTH);
      int y = i == 0 ? 0 : random.nextInt(HEIGHT);
      int width = i == 0 ? WIDTH : 10 + random.nextInt(WIDTH / 3);
      int height = i == 0 ? HEIGHT : 10 + random.nextInt(HEIGHT / 3);
      Color from = new Color(random.nextInt(1 << 24));
      graphics.setPaint(new GradientPaint(x, y, from, x + width, y + height, from.darker()));
      if (i % 2 == 0) {
        graphics.fillRect(x, y, width, height);
      } else {
        graphics.fillOval(x, y, width, height);
      }
    }
    graphics.dispose();
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        Color colour = new Color(image.getRGB(x, y));
        int grain = random.nextInt(GRAIN) - GRAIN / 2;
        image.setRGB(
            x,
            y,
            clip(colour.getRed() + grain) << 16
                | clip(colour.getGreen() + grain) << 8
                | clip(colour.getBlue() + grain));
      }
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", jpeg);
    return jpeg.toByteArray();
  }

  private static int clip(int value) {
    return Math.min(255, Math.max(0, value));
  }

  private BenchInput(RunPlan run) throws IOException {
    int batch = run.config().duration().batch();
    this.batches = (LEAST_IMAGES + batch - 1) / batch;
    Path none = Path.of("no-index"); // where there is none, it is made in memory
    this.source =
        RecordBatches.Data.open(run, none, problem -> {}).batches(run, SamplePipeline.Cursor.START);
  }

  /**
   * Measures both by turns: while one runs, the other does not.
   *
   * @param progress is told after each run, with 1
   */
  static Rate measure(BenchPlan plan, Optional<ShardSet> data, IntConsumer progress)
      throws IOException {
    try (Records records = Records.of(plan, data);
        BenchTraining training = new BenchTraining(plan, records.shards());
        BenchInput input = new BenchInput(training.plan())) {
      List<Double> runs = new ArrayList<>();
      List<Double> steps = new ArrayList<>();
      input.run();
      training.step();
      for (int i = 0; i < plan.repeat(); i++) {
        runs.add(Benchmark.Seconds.of(input::run) / input.batches);
        steps.add(Benchmark.Seconds.of(training::step));
        progress.accept(1);
      }
      double images = plan.batch() / new Benchmark.Seconds(runs).shortest();
      double taken = plan.batch() / new Benchmark.Seconds(steps).shortest();
      return new Rate(
          plan.size().name(),
          plan.batch(),
          plan.repeat(),
          images,
          taken,
          images / taken,
          Benchmark.threads(plan.session()),
          Processor.ofMachine().name());
    }
  }

  private void run() {
    try {
      for (int i = 0; i < batches; i++) {
        source.next().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    source.close();
  }
}
