package org.blip4j.tools.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.tools.console.Processor;
import org.tensorflow.proto.ConfigProto;

/**
 * Runs one benchmark: the work and the raw matrix product by turns, so that both meet the same
 * machine.
 */
public final class Benchmark {
  private static final int PRODUCTS = 5;
  private static final double GIGA = 1e-9;

  private Benchmark() {}

  /**
   * Measures.
   *
   * @param progress is told after each run, with 1
   * @throws IOException if a training session cannot be opened
   * @throws IllegalArgumentException if the work is that of {@link BenchInput}
   */
  public static BenchResult run(BenchPlan plan, IntConsumer progress) throws IOException {
    if (plan.work() == BenchPlan.Work.input) {
      throw new IllegalArgumentException("input is measured beside a step, not a matrix product");
    }
    // The first session of a process decides how many threads share an operation.
    try (BenchTraining training =
            plan.work() == BenchPlan.Work.pretrain
                ? new BenchTraining(plan, ShardSet.of(List.of(Path.of("random")))) // never read
                : null;
        BenchModel model = new BenchModel(plan)) {
      Runnable work = training == null ? () -> model.runWork(plan.atOnce()) : training::step;
      int inARun = training == null ? plan.atOnce() : 1;
      int products =
          training == null ? 1 : threads(plan.session()) / training.threadsOfAnOperation();
      Measured measured =
          new Measured(
              new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
      model.runProducts(products);
      model.runReading();
      work.run();
      model.stages().forEach(stage -> model.runStage(stage, 1));
      for (int i = 0; i < plan.repeat(); i++) {
        for (int j = 0; j < PRODUCTS; j++) {
          measured.products.add(Seconds.of(() -> model.runProducts(products)) / products);
          measured.readings.add(Seconds.of(model::runReading));
        }
        measured.work.add(Seconds.of(work) / inARun);
        for (BenchModel.Stage stage : model.stages()) {
          measured.stages.merge(
              stage, Seconds.of(() -> model.runStage(stage, inARun)) / inARun, Math::min);
        }
        progress.accept(1);
      }
      return training == null
          ? result(plan, measured, operations(plan), bytes(plan), null)
          : result(
              plan,
              measured,
              training.operations(),
              training.numbers() * Float.BYTES,
              plan.profile() ? training.profile() : null);
    }
  }

  private record Measured(
      List<Double> work,
      List<Double> products,
      List<Double> readings,
      Map<BenchModel.Stage, Double> stages) {
    /**
     * Each stage with its share of what the rates measured beside it allow; null if there is none.
     */
    List<BenchResult.Stage> stages(double operationsPerSecond, double numbersPerSecond) {
      return stages.isEmpty()
          ? null
          : stages.entrySet().stream()
              .map(
                  entry ->
                      new BenchResult.Stage(
                          entry.getKey().name(),
                          entry.getValue(),
                          (entry.getKey().operations() / operationsPerSecond
                                  + entry.getKey().numbers() / numbersPerSecond)
                              / entry.getValue()))
              .toList();
    }
  }

  /** Threads that share one operation of a session. */
  static int threads(ConfigProto session) {
    int threads = session.getIntraOpParallelismThreads();
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private static BenchResult result(
      BenchPlan plan,
      Measured measured,
      double operations,
      double bytes,
      List<BenchResult.Kind> profile) {
    Seconds work = new Seconds(measured.work);
    Seconds products = new Seconds(measured.products);
    Seconds readings = new Seconds(measured.readings);
    boolean model = plan.work() != BenchPlan.Work.matmul;
    boolean pairs = plan.work() == BenchPlan.Work.match;
    double raw = BenchModel.productOperations() / products.shortest() * GIGA;
    double bytesPerSecond = BenchModel.readingBytes() / readings.shortest();
    double rate = operations / work.shortest() * GIGA;
    double bound = operations / (raw / GIGA) + bytes / bytesPerSecond;
    return new BenchResult(
        plan.work().name(),
        model ? plan.size().name() : null,
        model ? plan.batch() : null,
        model ? plan.atOnce() : null,
        plan.repeat(),
        work.shortest(),
        work.median(),
        work.longest(),
        model && !pairs ? plan.batch() / work.shortest() : null,
        pairs ? plan.batch() / work.shortest() : null,
        rate,
        raw,
        rate / raw,
        bytesPerSecond * GIGA,
        model && plan.kernels() != Kernels.INT8 ? bound / work.shortest() : null,
        peakBytes(),
        threads(plan.session()),
        Processor.ofMachine().name(),
        profile,
        plan.kernels() == Kernels.INT8
            ? null
            : measured.stages(raw / GIGA, bytesPerSecond / bytesOfNumber(plan)));
  }

  private static int bytesOfNumber(BenchPlan plan) {
    return plan.kernels() == Kernels.PACKED_BFLOAT16 ? 2 : Float.BYTES;
  }

  private static double operations(BenchPlan plan) {
    return switch (plan.work()) {
      case matmul -> BenchModel.productOperations();
      case pretrain, input -> 0; // BenchTraining's
      case vit -> plan.batch() * Operations.vision(plan.architecture().vision());
      case match -> Operations.match(plan.architecture(), Operations.Texts.lengths(plan.batch()));
      case caption -> plan.batch() * Operations.caption(plan.architecture(), 3, 19);
      case capfilt ->
          plan.batch()
              * (Operations.capFilt(plan.architecture(), 19)
                  - (plan.shareVision() ? Operations.vision(plan.architecture().vision()) : 0));
    };
  }

  /** What has to come from memory for one batch. */
  private static double bytes(BenchPlan plan) {
    BlipConfig config = plan.architecture();
    double numbers =
        switch (plan.work()) {
          case matmul, pretrain, input -> 0;
          case vit -> Operations.visionWeights(config.vision());
          case match -> Operations.matchNumbers(config);
          case caption -> Operations.captionNumbers(config, plan.batch(), 19);
          case capfilt ->
              Operations.captionNumbers(config, plan.batch(), 19)
                  + (plan.shareVision() ? 0 : Operations.visionWeights(config.vision()))
                  + Operations.matchNumbers(config);
        };
    return numbers * bytesOfNumber(plan);
  }

  private static long peakBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return 0; // not Linux
    }
    return 0;
  }

  /**
   * How long each of several equal runs took.
   *
   * @param runs sorted, shortest first
   */
  record Seconds(List<Double> runs) {
    Seconds {
      runs = runs.stream().sorted().toList();
      if (runs.isEmpty()) {
        throw new IllegalArgumentException("no run was measured");
      }
    }

    static double of(Runnable work) {
      long start = System.nanoTime();
      work.run();
      return (System.nanoTime() - start) * 1e-9;
    }

    double shortest() {
      return runs.get(0);
    }

    double median() {
      int middle = runs.size() / 2;
      return runs.size() % 2 == 1
          ? runs.get(middle)
          : (runs.get(middle - 1) + runs.get(middle)) / 2;
    }

    double longest() {
      return runs.get(runs.size() - 1);
    }
  }
}
