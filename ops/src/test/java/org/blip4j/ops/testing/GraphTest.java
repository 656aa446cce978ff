package org.blip4j.ops.testing;

import java.util.Map;
import java.util.Random;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.junit.jupiter.api.AfterEach;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * A fresh graph for each test, with variables, feeding and fetching; everything is closed after.
 */
public abstract class GraphTest {
  private final Graph graph = new Graph();
  private Session session;

  /** The root context, in inference mode. */
  protected final GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, Mode.INFER));

  /** The root of the variables. */
  protected final VariableScope vars = VariableScope.root(ctx, 1);

  /** The session; the first call runs the initialisers of the variables created before it. */
  protected final Session session() {
    if (session == null) {
      Operation initialize = vars.initializeAll();
      session = new Session(graph);
      session.runner().addTarget(initialize).run().close();
    }
    return session;
  }

  /** A constant of the graph. */
  protected final Operand<TFloat32> floats(Shape shape, float... values) {
    return ctx.tf().constant(shape, DataBuffers.of(values, true, false));
  }

  /** A constant of the graph. */
  protected final Operand<TInt64> longs(Shape shape, long... values) {
    return ctx.tf().constant(shape, DataBuffers.of(values, true, false));
  }

  /** Repeatable values in [-1, 1). */
  protected static float[] values(Shape shape, long seed) {
    Random random = new Random(seed);
    float[] result = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < result.length; i++) {
      result[i] = random.nextFloat() * 2 - 1;
    }
    return result;
  }

  /** The values of a float operand. */
  protected final float[] run(Operand<TFloat32> operand) {
    return run(operand, Map.of());
  }

  /** The values of a float operand with fed inputs. */
  protected final float[] run(Operand<TFloat32> operand, Map<Operand<?>, Tensor> feeds) {
    try (Result result = fetch(operand, feeds)) {
      TFloat32 tensor = (TFloat32) result.get(0);
      float[] values = new float[Math.toIntExact(tensor.size())];
      tensor.asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  /** The values of an integer operand. */
  protected final long[] runInts(Operand<? extends TType> operand) {
    try (Result result = fetch(operand, Map.of())) {
      Tensor tensor = result.get(0);
      long[] values = new long[Math.toIntExact(tensor.shape().size())];
      if (tensor instanceof TInt64 wide) {
        wide.asRawTensor().data().asLongs().read(values);
      } else {
        int[] narrow = new int[values.length];
        ((TInt32) tensor).asRawTensor().data().asInts().read(narrow);
        for (int i = 0; i < narrow.length; i++) {
          values[i] = narrow[i];
        }
      }
      return values;
    }
  }

  private Result fetch(Operand<?> operand, Map<Operand<?>, Tensor> feeds) {
    Session.Runner runner = session().runner().fetch(operand);
    feeds.forEach((placeholder, tensor) -> runner.feed(placeholder.asOutput(), tensor));
    return runner.run();
  }

  @AfterEach
  final void closeGraph() {
    if (session != null) {
      session.close();
    }
    graph.close();
  }
}
