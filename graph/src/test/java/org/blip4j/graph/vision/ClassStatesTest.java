package org.blip4j.graph.vision;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** The class tokens alone are what they are among all tokens. */
final class ClassStatesTest extends GraphTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void lastBlockOfOneTokenGivesTheSame(int layers) {
    VisionTransformer vision =
        VisionTransformer.create(vars, new VitConfig(32, 16, 24, layers, 3, 2, 1e-6, 0));
    Shape shape = Shape.of(2, 32, 32, 3);
    Operand<TFloat32> pixels = floats(shape, values(shape, 4));
    VisionTransformer.Encoded trace = vision.encode(ctx, pixels);
    float[] alone = run(vision.classStates(ctx, trace));
    assertEquals(2 * 24, alone.length);
    assertClose(run(trace.states().classState(ctx)), alone, 1e-5);
    if (Kernels.packedAvailable()) {
      GraphContext packed = Kernels.PACKED.on(ctx);
      assertClose(alone, run(vision.apply(packed, pixels).classState(packed)), 1e-4);
    }
  }

  /** Dropped paths need the number of rows of a sample, which is one here. */
  @Test
  void theyAreComputedOfPixelsInTrainingToo() {
    VisionTransformer vision =
        VisionTransformer.create(vars, new VitConfig(32, 16, 24, 2, 3, 2, 1e-6, 0.5));
    Shape shape = Shape.of(2, 32, 32, 3);
    Operand<TFloat32> pixels = floats(shape, values(shape, 4));
    assertArrayEquals(
        run(vision.classStates(ctx, vision.encode(ctx, pixels))),
        run(vision.classStates(ctx, pixels)));
    GraphContext train = ctx.as(Mode.TRAIN).with(new Randomness(3, ctx.tf().constant(0L)));
    assertArrayEquals(
        run(vision.classStates(train, vision.encode(train, pixels))),
        run(vision.classStates(train, pixels)));
  }
}
