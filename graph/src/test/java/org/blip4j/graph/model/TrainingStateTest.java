package org.blip4j.graph.model;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Queues, temperature and momentum twin: what a training step writes besides the weights. */
final class TrainingStateTest extends GraphTest {
  private static final BlipConfig CONFIG = BlipConfig.tiny();
  private static final int WIDTH = CONFIG.embedDim();

  private static ObjectiveConfig objective(double temperature) {
    return new ObjectiveConfig(4, 0.75, 0.4, temperature, 0.1, false, 1);
  }

  private void run(List<Op> writes) {
    Operation all = ctx.after(writes).op("NoOp", "write").build();
    session().runner().addTarget(all).run().close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theQueueIsARingThatForgetsTheOldestBatch(boolean withIdentities) {
    ContrastiveState state =
        withIdentities
            ? ContrastiveState.createWithIdentities(vars, CONFIG, objective(0.07))
            : ContrastiveState.create(vars, CONFIG, objective(0.07));
    float[] drawn = run(state.queue(ctx).image());
    for (int i = 0; i < 4; i++) {
      double square = 0;
      for (int w = 0; w < WIDTH; w++) {
        square += drawn[i * WIDTH + w] * drawn[i * WIDTH + w];
      }
      assertEquals(1, square, 1e-5, "entries begin as vectors of length 1");
    }
    for (int batch = 1; batch <= 3; batch++) {
      ItcLoss.Features features = new ItcLoss.Features(constant(batch), constant(-batch));
      Optional<Operand<TInt64>> identities =
          withIdentities ? Optional.of(longs(Shape.of(2), batch, batch + 10L)) : Optional.empty();
      run(state.enqueue(ctx, features, identities));
    }

    float[] expected = new float[4 * WIDTH]; // the third batch lies where the first one did
    for (int i = 0; i < expected.length; i++) {
      expected[i] = i < 2 * WIDTH ? 3 : 2;
    }
    assertClose(expected, run(state.queue(ctx).image()), 0);
    for (int i = 0; i < expected.length; i++) {
      expected[i] = -expected[i];
    }
    assertClose(expected, run(state.queue(ctx).text()), 0);
    if (withIdentities) {
      assertArrayEquals(new long[] {3, 13, 2, 12}, runInts(state.queuedIdentities(ctx)));
    }
  }

  private Operand<TFloat32> constant(float value) {
    return ctx.fill(ctx.tf().constant(new int[] {2, WIDTH}), value);
  }

  @ParameterizedTest
  @CsvSource({"0.07, 0.07", "0.0005, 0.001", "0.7, 0.5"})
  void theTemperatureIsClampedInPlace(double start, float expected) {
    ContrastiveState state = ContrastiveState.create(vars, CONFIG, objective(start));
    assertClose(new float[] {expected}, run(state.clampedTemperature(ctx)), 1e-7);
    assertClose(new float[] {expected}, run(ctx.read(vars.get("temp"))), 1e-7);
  }

  @Test
  void theTwinFollowsTheOnlineEncoders() {
    DualEncoder online = DualEncoder.create(vars, CONFIG);
    MomentumTwin twin = MomentumTwin.create(vars, CONFIG, online, 0.75);
    int last = online.variables().size() - 2; // a kernel
    Variable<TFloat32> leader = online.variables().get(last);
    Variable<TFloat32> follower = twin.encoder().variables().get(last);
    assertEquals(leader.name().replace("text_proj", "text_proj_m"), follower.name(), "same order");
    float[] ahead = run(ctx.read(leader));
    float[] behind = run(ctx.read(follower));

    Map<Variable<?>, Operand<?>> updated = twin.updated(ctx);
    Operand<TFloat32> seen = ctx.withValues(updated).read(follower);
    float[] expected = new float[ahead.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = 0.75f * behind[i] + 0.25f * ahead[i];
    }
    assertClose(expected, run(seen), 1e-7);
    assertClose(behind, run(ctx.read(follower)), 0);
    run(twin.store(ctx));
    assertClose(expected, run(ctx.read(follower)), 1e-7);
    assertClose(ahead, run(ctx.read(leader)), 0);
    run(twin.copyFromOnline(ctx));
    assertClose(ahead, run(ctx.read(follower)), 0);
  }
}
