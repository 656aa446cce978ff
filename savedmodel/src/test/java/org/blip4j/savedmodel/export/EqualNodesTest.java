package org.blip4j.savedmodel.export;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Which nodes of a graph are left when those that compute the same are one. */
class EqualNodesTest {
  private static NodeDef.Builder node(String name, String op, String... inputs) {
    return NodeDef.newBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  private static NodeDef constant(String name, long value) {
    return node(name, "Const").putAttr("value", AttrValue.newBuilder().setI(value).build()).build();
  }

  private static List<String> merged(Set<String> targets, NodeDef... nodes) {
    GraphDef graph = GraphDef.newBuilder().addAllNode(List.of(nodes)).build();
    return EqualNodes.merge(graph, targets, op -> !op.startsWith("Stateful")).getNodeList().stream()
        .map(node -> node.getName() + node.getInputList())
        .toList();
  }

  @Test
  void equalConstantsAndWhatIsMadeOfThemAreOne() {
    assertEquals(
        List.of("a[]", "c[]", "sum[a, c:1]", "out[sum, sum:1, ^a]"),
        merged(
            Set.of("out"),
            constant("a", 1),
            constant("b", 1),
            constant("c", 2),
            node("sum", "Add", "a", "c:1").build(),
            node("again", "Add", "b", "c:1").build(),
            node("out", "Pack", "sum", "again:1", "^b").build()));
  }

  @Test
  void whatStandsBeforeItsInputsIsFoundToo() {
    assertEquals(
        List.of("first[a]", "a[]", "out[first, first]"),
        merged(
            Set.of("out"),
            node("first", "Neg", "a").build(),
            node("second", "Neg", "b").build(),
            constant("a", 1),
            constant("b", 1),
            node("out", "Pack", "first", "second").build()));
  }

  @Test
  void targetsInputsAndStatesStay() {
    AttrValue place =
        AttrValue.newBuilder()
            .setList(AttrValue.ListValue.newBuilder().addS(ByteString.copyFromUtf8("loc:@d")))
            .build();
    NodeDef[] nodes = {
      constant("a", 1),
      constant("b", 1),
      node("x", "Placeholder").build(),
      node("y", "Placeholder").build(),
      node("v", "StatefulHandle").build(),
      node("w", "StatefulHandle").build(),
      constant("d", 1),
      node("e", "Neg", "a").build(),
      node("f", "Neg", "a").putAttr("_class", place).build()
    };
    assertEquals(nodes.length, merged(Set.of("a", "b"), nodes).size());
  }
}
