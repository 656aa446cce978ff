package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.task.Encoded;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.NlvrModel;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.graph.task.VqaModel;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.training.optimize.AdamW;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/** One training graph for all tasks, and what lies between its two phases. */
final class TaskGraphTest {
  private static final BlipConfig TINY = BlipConfig.tiny().withoutDropout();
  private static final TaskBatch.Sizes PAIR = new TaskBatch.Sizes(2, 32, 4);
  private static final float[] PIXELS = pixels(2 * 32 * 32 * 3);
  private static final long[] TEXTS = {101, 7, 8, 102, 101, 9, 102, 0};
  private static final long[] MASK = {1, 1, 1, 1, 1, 1, 1, 0};

  private final Graph graph = new Graph();
  private final GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, Mode.TRAIN));
  private final VariableScope vars = VariableScope.root(ctx, 1, TINY.initialization());
  private final Map<String, Tensor> data = new HashMap<>();

  @AfterEach
  void close() {
    data.values().forEach(Tensor::close);
    graph.close();
  }

  @Test
  void questionsTrain() {
    texts();
    data.put("pixels", TFloat32.tensorOf(Shape.of(2, 32, 32, 3), DataBuffers.of(PIXELS)));
    Shape answers = Shape.of(3, 3);
    long[] ids = {101, 11, 102, 101, 13, 102, 101, 12, 102};
    data.put("answer_ids", TInt64.tensorOf(answers, DataBuffers.of(ids)));
    data.put(
        "answer_mask",
        TInt64.tensorOf(answers, DataBuffers.of(new long[] {1, 1, 1, 1, 1, 1, 1, 1, 1})));
    data.put("rows", TInt32.vectorOf(0, 0, 1));
    data.put("weights", TFloat32.vectorOf(0.7f, 0.3f, 1f));
    data.put("answers_before", TInt32.scalarOf(0));

    learns(VqaModel.create(vars, TINY, 0.1));
  }

  @Test
  void statementsAboutTwoImagesTrain() {
    texts();
    data.put("first", TFloat32.tensorOf(Shape.of(2, 32, 32, 3), DataBuffers.of(PIXELS)));
    data.put("second", TFloat32.tensorOf(Shape.of(2, 32, 32, 3), DataBuffers.of(pixels(6144))));
    data.put("labels", TInt64.vectorOf(1, 0));

    learns(NlvrModel.create(vars, TINY));
  }

  private <B extends TaskBatch<B>> void learns(TaskModel<B> model) {
    TrainingGraph<B> training =
        TrainingGraph.build(
            ctx, vars, model, new TrainingGraph.Settings(PAIR, AdamW.Settings.published(), 1));
    try (Session session = new Session(graph)) {
      session.runner().addTarget(training.initialize()).run().close();
      float first = 0;
      float last = 0;
      for (long step = 0; step < 12; step++) {
        last = step(session, training, step);
        first = step == 0 ? last : first;
      }
      assertTrue(last < 0.7f * first, first + " to " + last);
    }
  }

  private float step(Session session, TrainingGraph<?> training, long taken) {
    try (TFloat32 rate = TFloat32.scalarOf(3e-3f);
        TInt64 step = TInt64.scalarOf(taken)) {
      Session.Runner runner = session.runner().addTarget(training.update());
      training.batch().feeds().forEach((name, operand) -> runner.feed(operand, data.get(name)));
      runner.feed(training.learningRate(), rate).feed(training.taken(), step);
      try (Result result = runner.fetch(training.step().loss()).run()) {
        return ((TFloat32) result.get(0)).getFloat();
      }
    }
  }

  @Test
  void theQueuesTakeTheRowsOfAllDevicesAndNoOthers() {
    ObjectiveConfig objective = new ObjectiveConfig(8, 0.99, 0.4, 0.07, 0.1, false, 1);
    PretrainModel model = PretrainModel.create(vars, TINY, objective);
    GraphContext step = random();
    ImageTextBatch batch = model.feeds(ctx, PAIR);
    Encoded encoded = model.encode(step, batch);
    Map<String, Operand<?>> gathered = new HashMap<>();
    encoded.rows().forEach((name, rows) -> gathered.put(name, twice(rows)));
    BatchPart second =
        new BatchPart(ctx.tf().constant(2), ctx.tf().constant(2), ctx.tf().constant(4));
    TrainingStep losses =
        encoded.losses().apply(step, new Encoded.Gathered(gathered, Optional.of(second)));
    GraphContext after = ctx.after(List.of(losses.loss()));
    var write = ctx.after(losses.updates().apply(after)).tf().noOp();

    try (Session session = new Session(graph)) {
      session.runner().addTarget(vars.initializeAll()).run().close();
      texts();
      data.put("pixels", TFloat32.tensorOf(Shape.of(2, 32, 32, 3), DataBuffers.of(PIXELS)));
      data.put("alpha", TFloat32.scalarOf(0.4f));
      Session.Runner runner = session.runner().addTarget(write);
      batch.feeds().forEach((name, operand) -> runner.feed(operand, data.get(name)));
      runner.run().close();
      try (Result queue =
          session.runner().fetch("image_queue/read").fetch("queue_ptr/read").run()) {
        TFloat32 rows = (TFloat32) queue.get(0);
        assertEquals(4, ((TInt64) queue.get(1)).getLong(0), "two rows of two devices");
        for (long i = 0; i < 16; i++) {
          assertEquals(rows.getFloat(0, i), rows.getFloat(2, i));
          assertEquals(rows.getFloat(1, i), rows.getFloat(3, i));
        }
      }
    }
  }

  @Test
  void withoutHardnessNegativesAreDrawnEvenly() {
    assertArrayEquals(new float[] {0, 0.5001f, 0.5001f, 0}, weights(0), 1e-6f);
    float[] published = weights(1);
    assertTrue(Math.abs(published[1] - 0.5001f) > 1e-3f, published[1] + " is even");
  }

  private float[] weights(double hardness) {
    try (Graph own = new Graph()) {
      GraphContext root = Kernels.PORTABLE.on(GraphContext.create(own, Mode.TRAIN));
      VariableScope scope = VariableScope.root(root, 1, TINY.initialization());
      ObjectiveConfig objective = new ObjectiveConfig(8, 0.99, 0.4, 0.07, 0.1, false, hardness);
      PretrainModel model = PretrainModel.create(scope, TINY, objective);
      ImageTextBatch batch = model.feeds(root, PAIR);
      Trace trace = new Trace();
      model.step(root.with(new Randomness(1, root.tf().constant(0L))).with(trace), batch);
      try (Session session = new Session(own);
          TFloat32 pixels = TFloat32.tensorOf(Shape.of(2, 32, 32, 3), DataBuffers.of(PIXELS));
          TInt64 ids = TInt64.tensorOf(Shape.of(2, 4), DataBuffers.of(TEXTS));
          TInt64 mask = TInt64.tensorOf(Shape.of(2, 4), DataBuffers.of(MASK))) {
        session.runner().addTarget(scope.initializeAll()).run().close();
        try (Result result =
            session
                .runner()
                .feed(batch.pixels(), pixels)
                .feed(batch.tokens().ids(), ids)
                .feed(batch.tokens().mask(), mask)
                .fetch(trace.floats("negatives/image_weights"))
                .run()) {
          float[] values = new float[4];
          ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(values);
          return values;
        }
      }
    }
  }

  private GraphContext random() {
    return ctx.with(new Randomness(1, ctx.tf().constant(0L)));
  }

  private <T extends TType> Operand<T> twice(Operand<T> rows) {
    return ctx.concat(0, rows, rows);
  }

  private void texts() {
    data.put("ids", TInt64.tensorOf(Shape.of(2, 4), DataBuffers.of(TEXTS)));
    data.put("mask", TInt64.tensorOf(Shape.of(2, 4), DataBuffers.of(MASK)));
  }

  private static float[] pixels(int count) {
    float[] values = new float[count];
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
