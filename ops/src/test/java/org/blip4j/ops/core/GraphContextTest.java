package org.blip4j.ops.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operation;
import org.tensorflow.op.Op;
import org.tensorflow.proto.NodeDef;

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
