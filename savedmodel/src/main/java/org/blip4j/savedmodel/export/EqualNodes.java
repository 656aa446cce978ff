package org.blip4j.savedmodel.export;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Leaves one of all nodes of a graph that compute the same: the same operation of the same inputs
 * with the same attributes. Signatures that share a part of their work are built one by one, and
 * every size is a constant of its own; a loader spends its time by the number of nodes.
 */
final class EqualNodes {
  /** Names nodes on whose device a node has to be. */
  private static final String PLACE = "_class";

  private final Set<String> kept;
  private final Predicate<String> stateless;
  private final Map<String, String> same = new HashMap<>();

  private EqualNodes(Set<String> kept, Predicate<String> stateless) {
    this.kept = kept;
    this.stateless = stateless;
  }

  /**
   * The graph without repetitions; its functions stay as they are.
   *
   * @param targets names of nodes that stay
   * @param stateless whether an operation gives the same whenever its inputs are the same
   */
  static GraphDef merge(GraphDef graph, Set<String> targets, Predicate<String> stateless) {
    Set<String> kept = new HashSet<>(targets);
    for (NodeDef node : graph.getNodeList()) {
      AttrValue places = node.getAttrOrDefault(PLACE, AttrValue.getDefaultInstance());
      places
          .getList()
          .getSList()
          .forEach(place -> kept.add(place.toStringUtf8().replaceFirst("^loc:@", "")));
    }
    EqualNodes equal = new EqualNodes(kept, stateless);
    List<NodeDef> nodes = graph.getNodeList();
    List<NodeDef> left = equal.pass(nodes);
    while (left.size() < nodes.size()) { // nodes may stand before what they read
      nodes = left;
      left = equal.pass(nodes);
    }
    return graph.toBuilder().clearNode().addAllNode(left).build();
  }

  private List<NodeDef> pass(List<NodeDef> nodes) {
    Map<NodeDef, String> first = new HashMap<>();
    List<NodeDef> left = new ArrayList<>();
    for (NodeDef node : nodes) {
      NodeDef.Builder own = node.toBuilder().clearInput();
      node.getInputList().forEach(input -> own.addInput(renamed(input)));
      boolean merges =
          !kept.contains(node.getName())
              && !node.getOp().startsWith("Placeholder")
              && !node.containsAttr(PLACE)
              && stateless.test(node.getOp());
      String other =
          merges ? first.putIfAbsent(own.clone().clearName().build(), node.getName()) : null;
      if (other == null) {
        left.add(own.build());
      } else {
        same.put(node.getName(), other);
      }
    }
    return left;
  }

  private String renamed(String input) {
    String name = GraphPruner.nodeOf(input);
    String now = same.get(name);
    if (now == null) {
      return input;
    }
    int at = input.startsWith("^") ? 1 : 0;
    return input.substring(0, at) + now + input.substring(at + name.length());
  }
}
