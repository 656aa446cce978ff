package org.blip4j.ops.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.blip4j.ops.layer.Dropout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** What a section is, and that its copy gives the same. */
final class SectionTest {
  private final Graph graph = new Graph();
  private final GraphContext root = GraphContext.create(graph, Mode.TRAIN_RECOMPUTING);
  private final GraphContext ctx = root.with(new Randomness(1, root.tf().constant(3L)));
  private final Variable<TFloat32> weight =
      VariableScope.root(ctx, 1).create("weight", Shape.of(4), Initializer.ones());
  private final Operand<TFloat32> pixels = ctx.tf().withName("pixels").placeholder(TFloat32.class);

  @AfterEach
  void close() {
    graph.close();
  }

  @Test
  void nothingIsMarkedWhereNothingIsComputedAgain() {
    assertSame(pixels, Section.keep(ctx.as(Mode.TRAIN), pixels));
    assertSame(pixels, Section.keep(ctx.as(Mode.INFER), pixels));
    Operand<TFloat32> kept = Section.keep(ctx.in("block"), pixels);
    assertTrue(Section.kept(kept.asOutput()));
    assertFalse(Section.kept(ctx.tf().stopGradient(pixels).asOutput()));
    assertEquals(pixels.asOutput(), Section.resultBehind(kept.asOutput()));
  }

  @Test
  void aSectionEndsAtWhatIsHeldAnyway() {
    Operand<TFloat32> states = Section.keep(ctx, ctx.tf().math.square(pixels));
    Operand<TFloat32> slow = ctx.tf().stopGradient(ctx.tf().math.exp(pixels));
    Operand<TFloat32> result = ctx.add(ctx.mul(states, ctx.read(weight)), slow);
    Section section = Section.before(List.of(result.asOutput()));
    assertEquals(Set.of(states.asOutput(), slow.asOutput()), section.inputs());
    assertEquals(Set.of(weight.handle()), section.handles());
    assertEquals(4, section.operations().size(), "sum, product, handle and its one read");
  }

  /** Random operations, lists of inputs, several outputs of one operation. */
  @Test
  void theCopyGivesTheSameAndIsComputedByItself() {
    Operand<TFloat32> states = Section.keep(ctx, ctx.mul(pixels, 2));
    Operand<TFloat32> scaled = ctx.mul(states, ctx.read(weight));
    Operand<TFloat32> dropped = new Dropout(0.5, "layer").apply(ctx, scaled);
    List<Output<TFloat32>> rows = ctx.tf().<TFloat32>unstack(dropped, 2L).output();
    Operand<TFloat32> result = ctx.concat(0, rows.get(1), rows.get(0));
    Section section = Section.before(List.of(result.asOutput()));
    Map<Output<?>, Output<?>> copies = section.again(ctx.in("again"), List.of(result));
    Output<?> copy = copies.get(result.asOutput());
    assertNotEquals(result.asOutput(), copy);
    assertTrue(copy.op().name().startsWith("again/"), copy.op().name());
    float[] values = new float[8];
    float[] again = new float[8];
    try (Session session = new Session(graph);
        TFloat32 fed =
            TFloat32.tensorOf(Shape.of(2, 4), x -> x.scalars().forEach(s -> s.setFloat(1)))) {
      session
          .runner()
          .addTarget(weight.assign(ctx, ctx.fill(ctx.tf().constant(new int[] {4}), 3f)))
          .run()
          .close();
      try (Result found = session.runner().feed(pixels, fed).fetch(result).fetch(copy).run()) {
        ((TFloat32) found.get(0)).asRawTensor().data().asFloats().read(values);
        ((TFloat32) found.get(1)).asRawTensor().data().asFloats().read(again);
      }
    }
    assertArrayEquals(values, again);
    float sum = 0;
    for (float value : values) {
      assertTrue(value == 0 || value == 12, "1 x 2 x 3, dropped or doubled: " + value);
      sum += value;
    }
    assertTrue(sum > 0 && sum < 96, "some are dropped, some are not");
  }
}
