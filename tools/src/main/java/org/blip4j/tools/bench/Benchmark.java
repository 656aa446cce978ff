package org.blip4j.tools.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.blip4j.tools.console.Processor;

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
   */
  public static BenchResult run(BenchPlan plan, IntConsumer progress) {
    List<Double> work = new ArrayList<>();
    List<Double> products = new ArrayList<>();
    try (BenchModel model = new BenchModel(plan)) {
      model.runProduct();
      model.runWork(1);
      for (int i = 0; i < plan.repeat(); i++) {
        for (int j = 0; j < PRODUCTS; j++) {
          products.add(Seconds.of(model::runProduct));
        }
        work.add(Seconds.of(() -> model.runWork(plan.atOnce())) / plan.atOnce());
        progress.accept(1);
      }
    }
    return result(plan, new Seconds(work), new Seconds(products));
  }

  private static BenchResult result(BenchPlan plan, Seconds work, Seconds products) {
    boolean model = plan.work() != BenchWork.matmul;
    boolean pairs = plan.work() == BenchWork.match;
    double raw = BenchModel.productOperations() / products.shortest() * GIGA;
    double rate = operations(plan) / work.shortest() * GIGA;
    int threads = plan.session().getIntraOpParallelismThreads();
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
        threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
        Processor.ofMachine().name());
  }

  private static double operations(BenchPlan plan) {
    return switch (plan.work()) {
      case matmul -> BenchModel.productOperations();
      case vit -> plan.batch() * Operations.vision(plan.size().config().vision());
      case match -> Operations.match(plan.size().config(), BenchTexts.lengths(plan.batch()));
      case caption -> plan.batch() * Operations.caption(plan.size().config(), 3, 19);
    };
  }
}
