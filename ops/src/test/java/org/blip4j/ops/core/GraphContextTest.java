package org.blip4j.ops.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

final class GraphContextTest extends GraphTest {

  @Test
  void whatComesAfterManyDependsOnOne() {
    List<Op> many =
        IntStream.range(0, 5).<Op>mapToObj(i -> ctx.tf().withName("part" + i).noOp()).toList();
    GraphContext later = ctx.after(many);
    NodeDef next = node(later.op("NoOp", "next").build());
    assertEquals(List.of("^all_done"), next.getInputList());
    assertEquals(5, node("all_done").getInputCount());
  }

  @Test
  void afterAddsToWhatTheContextComesAfterAlready() {
    Op first = ctx.tf().withName("first").noOp();
    Op second = ctx.tf().withName("second").noOp();
    Operation last = ctx.after(List.of(first)).after(List.of(second)).op("NoOp", "last").build();
    assertEquals(List.of("^all_done_1"), node(last).getInputList());
    assertEquals(
        List.of("^all_done", "^second"),
        node("all_done_1").getInputList().stream().sorted().toList());
    assertSame(ctx, ctx.after(List.of()));
  }

  @Test
  void numbersTakeTheTypeOfTheOperandBesideThem() {
    assertArrayEquals(new float[] {3.5f, 5.5f}, run(ctx.add(floats(Shape.of(2), 3, 5), 0.5)), 0f);
    assertArrayEquals(
        new long[] {Long.MIN_VALUE + 3}, runInts(ctx.add(longs(Shape.of(1), 3), Long.MIN_VALUE)));
    assertArrayEquals(new long[] {0, 1, 2}, runInts(ctx.range(ctx.tf().constant(3))));
    assertThrows(
        ArithmeticException.class, () -> ctx.mul(ctx.tf().constant(3), 1L << 40)); // no int
    var text = ctx.tf().constant("words");
    var error = assertThrows(IllegalArgumentException.class, () -> ctx.number(text, 1));
    assertTrue(error.getMessage().contains("DT_STRING"), error.getMessage());
  }

  @Test
  void axesAndSizesAreNumbers() {
    Operand<TFloat32> x = floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    assertArrayEquals(new float[] {2, 5}, run(ctx.mean(x, -1)), 0f);
    assertEquals(Shape.of(2, 1), ctx.sumKept(x, -1).shape());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, run(ctx.flat(ctx.transpose(x, 1, 0))), 0f);
    assertArrayEquals(new float[] {2, 3, 5, 6}, run(ctx.slice(x, 1, 1, -1)), 0f);
    assertArrayEquals(new float[] {1, 4}, run(ctx.slice(x, 1, 0, ctx.tf().constant(1))), 0f);
    assertArrayEquals(new float[] {3, 6}, run(ctx.at(x, 2, -1)), 0f);
    assertArrayEquals(
        new float[] {3, 4},
        run(ctx.flat(ctx.gatherInRows(x, ctx.tf().constant(new int[][] {{2}, {0}})))),
        0f);
    assertEquals(Shape.of(2, 6), ctx.concat(1, x, x).shape());
    assertEquals(Shape.of(2, 1, 3), ctx.expandDims(x, 1).shape());
    assertEquals(Shape.of(4, 3), ctx.tile(x, 2, 1).shape());
  }

  @Test
  void whatIsNamedIsRecordedOnlyWhereItIsAskedFor() {
    Trace trace = new Trace();
    Operand<TFloat32> x = floats(Shape.of(1), 1);
    assertSame(x, ctx.in("a").trace("x", x));
    GraphContext traced = ctx.in("root").with(trace);
    for (int i = 0; i < 2; i++) {
      traced.in("stack").trace("layer" + i, x);
    }
    traced.in("stack").trace("layer0", ctx.add(x, 1));
    assertEquals(
        List.of("stack/layer0", "stack/layer1", "stack/layer0#2"),
        List.copyOf(trace.all().keySet()));
    assertEquals(2, trace.series("stack/layer").size());
    var error = assertThrows(IllegalArgumentException.class, () -> trace.floats("layer0"));
    assertEquals(
        "nothing is recorded as layer0; there is stack/layer0, stack/layer1, stack/layer0#2",
        error.getMessage());
    assertThrows(IllegalArgumentException.class, () -> trace.get("stack/layer0", TInt32.class));
  }

  private NodeDef node(Operation operation) {
    return node(operation.name());
  }

  private NodeDef node(String name) {
    return ctx.graph().toGraphDef().getNodeList().stream()
        .filter(node -> node.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
