package org.blip4j.graph.model;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Map;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Packed kernels change how fast a loop is, not what it gives. */
final class PackedLoopTest extends GraphTest {
  private Blip blip;

  @BeforeEach
  void needsThePlatform() {
    assumeTrue(Kernels.packedAvailable());
    blip = Blip.create(vars, BlipConfig.tiny(), Task.CAPTION);
  }

  @Test
  void captionsAreThoseOfStockKernels() {
    Operand<TFloat32> pixels =
        ctx.tf().placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 32, 32, 3)));
    for (int beams : new int[] {1, 3}) {
      Decoded stock = search(ctx, pixels, beams);
      Decoded packed = search(Kernels.PACKED.on(ctx), pixels, beams);
      for (int batch : new int[] {4, 1, 4}) { // kernels are laid out for the first size
        Shape shape = Shape.of(batch, 32, 32, 3);
        try (TFloat32 fed = TFloat32.tensorOf(shape, DataBuffers.of(values(shape, batch)))) {
          Map<Operand<?>, Tensor> feeds = Map.of(pixels, fed);
          assertClose(run(ids(stock), feeds), run(ids(packed), feeds), 0);
          assertClose(run(stock.logProbs(), feeds), run(packed.logProbs(), feeds), 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PACKED_BFLOAT16", "BFLOAT16", "FLOAT16"})
  void sixteenBitsStayNearFloat32(Kernels kernels) {
    Shape shape = Shape.of(2, 32, 32, 3);
    Operand<TFloat32> pixels = floats(shape, values(shape, 7));
    float[] exact = run(search(ctx, pixels, 1).logProbs());
    float[] half = run(search(kernels.on(ctx), pixels, 1).logProbs());
    assertClose(exact, half, 0.3);
    assertFalse(Arrays.equals(exact, half));
  }

  @Test
  void eightBitsStayNearFloat32() {
    Shape shape = Shape.of(2, 32, 32, 3);
    Operand<TFloat32> pixels = floats(shape, values(shape, 7));
    float[] exact = run(search(ctx, pixels, 1).logProbs());
    GraphContext eight = Kernels.INT8.on(ctx);
    Operand<TFloat32> reduced = search(eight, pixels, 1).logProbs();
    session().runner().addTarget(eight.kernels().preparation().orElseThrow().get()).run().close();
    float[] half = run(reduced);
    assertClose(exact, half, 0.5);
    assertFalse(Arrays.equals(exact, half));
  }

  private Operand<TFloat32> ids(Decoded decoded) {
    return ctx.tf().dtypes.cast(decoded.ids(), TFloat32.class);
  }

  private Decoded search(GraphContext context, Operand<TFloat32> pixels, int beams) {
    ImageStates images = blip.vision().apply(context, pixels);
    return CaptionGenerator.of(blip, 1)
        .search(
            context,
            images,
            Prompt.same(context, Shapes.dim(context, images.hidden(), 0), 118, 5, 6),
            DecodingSettings.Beams.captions()
                .withBeams(beams)
                .withLengths(new DecodingSettings.Lengths(12, 12)));
  }
}
