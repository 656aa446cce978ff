package org.blip4j.tools.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench}: measures speed against the machine's matrix-product rate. */
@Command(
    name = "bench",
    description = {
      "Measure speed on a model of full size with random weights.",
      "Prints the rate, the raw 2048 matrix-product rate of the same process and the share of it"
          + " that was reached; and the memory rate with the share of the bound operations / matrix"
          + " rate + bytes / memory rate."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip bench caption --size base --batch-size 4 --threads 2")
public final class BenchCommand implements Callable<Integer> {
  @Parameters(paramLabel = "WORK", description = "${COMPLETION-CANDIDATES}.")
  private BenchPlan.Work work;

  @Option(names = "--size", paramLabel = "SIZE", description = "${COMPLETION-CANDIDATES} (base).")
  private BenchPlan.Size size = BenchPlan.Size.base;

  @Option(
      names = "--data",
      paramLabel = "SHARD",
      arity = "1..*",
      description =
          "input: shards of images with texts to read (made ones: JPEG of 640 x 480 pixels, or"
              + " scenes for the small models).")
  private List<String> data;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      description =
          "Batches computed at once (as the command of that name does: caption and capfilt 2).")
  private Integer atOnce;

  @Option(names = "--repeat", paramLabel = "N", description = "Measured runs (3).")
  private int repeat = 3;

  @Option(
      names = "--profile",
      description =
          "Also print where a step of pretrain spends its time, by kind of operation, or what share"
              + " of its bound each stage of capfilt reaches.")
  private boolean profile;

  @Option(
      names = "--share-vision",
      description = "capfilt: captioner and filter have one image encoder, and it runs once.")
  private boolean shareVision;

  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    PredictorOptions options = quantize.change(common.inference());
    BenchPlan plan =
        new BenchPlan(
            work,
            size,
            batch.size(work.defaultBatch()),
            atOnce == null ? work.defaultAtOnce() : atOnce,
            repeat,
            options.session(),
            work.trains() ? training(options) : options.kernels(),
            profile,
            shareVision);
    if (work == BenchPlan.Work.input) {
      return input(console, plan);
    }
    if (data != null) {
      throw new IllegalArgumentException("--data is read by bench input alone; leave it out");
    }
    BenchResult result;
    try (Progress progress = console.progress("runs", repeat)) {
      result = Benchmark.run(plan, progress::advance);
    }
    console.result(result, text(result));
    return ExitCodes.OK;
  }

  private int input(Console console, BenchPlan plan) throws IOException {
    Optional<ShardSet> shards = data == null ? Optional.empty() : Optional.of(ShardSet.find(data));
    BenchInput.Rate rate;
    try (Progress progress = console.progress("runs", repeat)) {
      rate = BenchInput.measure(plan, shards, progress::advance);
    }
    console.result(
        rate,
        String.format(
            Locale.ROOT,
            "input %s, batch %d: %.1f images/s, %.1f times the %.2f images/s of a step; %d threads,"
                + " %s",
            rate.size(),
            rate.batch(),
            rate.imagesPerSecond(),
            rate.stepRatio(),
            rate.stepImagesPerSecond(),
            rate.threads(),
            rate.processor()));
    return ExitCodes.OK;
  }

  private Kernels training(PredictorOptions options) {
    if (options.kernels() == Kernels.INT8) {
      throw new IllegalArgumentException("--quantize int8 has no gradients; leave it out to train");
    }
    return Kernels.forTraining(common.precision(), Kernels.mayUseGpu(options.session()));
  }

  private static String text(BenchResult result) {
    String machine =
        String.format(
            Locale.ROOT,
            "raw matrix product %.0f GFLOP/s, share %.2f; memory %.1f GB/s%s; %d threads, %s",
            result.matmulGflops(),
            result.share(),
            result.memoryGbytes(),
            result.boundShare() == null
                ? ""
                : String.format(Locale.ROOT, ", %.2f of the bound of both", result.boundShare()),
            result.threads(),
            result.processor());
    String seconds =
        String.format(
            Locale.ROOT,
            "%.3f s (median %.3f, longest %.3f)",
            result.secondsMin(),
            result.secondsMedian(),
            result.secondsMax());
    if (result.batch() == null) {
      return seconds + "; " + machine;
    }
    boolean pairs = result.pairsPerSecond() != null;
    return String.format(
        Locale.ROOT,
        "%s %s, batch %d, %d at once: %.3f %s/s, %s%n%s%s",
        result.work(),
        result.size(),
        result.batch(),
        result.atOnce(),
        pairs ? result.pairsPerSecond() : result.imagesPerSecond(),
        pairs ? "pairs" : "images",
        seconds,
        machine,
        result.profile() == null ? stages(result) : table(result.profile()));
  }

  private static String stages(BenchResult result) {
    StringBuilder lines = new StringBuilder();
    for (BenchResult.Stage stage :
        result.stages() == null ? List.<BenchResult.Stage>of() : result.stages()) {
      lines.append(
          String.format(
              Locale.ROOT,
              "%n%7.3f s a batch, %.2f of its bound: %s",
              stage.seconds(),
              stage.boundShare(),
              stage.stage()));
    }
    return lines.toString();
  }

  /** A line for each kind that takes a hundredth of the time or more. */
  private static String table(List<BenchResult.Kind> kinds) {
    double all = kinds.stream().mapToDouble(BenchResult.Kind::seconds).sum();
    StringBuilder lines = new StringBuilder();
    for (BenchResult.Kind kind : kinds) {
      if (kind.seconds() >= all / 100) {
        lines.append(
            String.format(
                Locale.ROOT,
                "%n%7.1f ms %5.1f %% %6d x %s",
                kind.seconds() * 1e3,
                100 * kind.seconds() / all,
                kind.count(),
                kind.kind()));
      }
    }
    return lines.toString();
  }
}
