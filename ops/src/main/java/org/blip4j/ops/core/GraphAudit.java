package org.blip4j.ops.core;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Looks a finished graph over: operations that nothing uses, operations that a stock TensorFlow
 * does not have, trainable variables that the loss does not reach, operations that would draw a
 * variable to their device.
 *
 * @param dead names of operations that no target depends on
 * @param foreign types of operations outside TensorFlow's own list, function bodies included
 * @param unreached names of trainable variables on which the loss does not depend
 * @param pinned names of operations on a variable that are bound to a device; TensorFlow places a
 *     variable and all that reads and writes it together, so one of them decides for all
 */
public record GraphAudit(
    ImmutableList<String> dead,
    ImmutableList<String> foreign,
    ImmutableList<String> unreached,
    ImmutableList<String> pinned) {

  /**
   * Audits a graph.
   *
   * @param targets all that is ever run or fetched
   * @param loss one of the targets
   * @param trainables the variables that a step must update
   */
  public static GraphAudit of(
      Graph graph,
      Collection<? extends Operation> targets,
      Operation loss,
      Collection<? extends Variable<?>> trainables) {
    GraphDef def = graph.toGraphDef();
    Set<String> used = reached(def, targets);
    Set<String> inLoss = reached(def, List.of(loss));
    ImmutableList<String> dead =
        def.getNodeList().stream()
            .map(NodeDef::getName)
            .filter(name -> !used.contains(name))
            .collect(ImmutableList.toImmutableList());
    ImmutableList<String> unreached =
        trainables.stream()
            .map(Variable::name)
            .filter(name -> !inLoss.contains(name))
            .collect(ImmutableList.toImmutableList());
    return new GraphAudit(dead, foreign(def), unreached, pinned(def));
  }

  private static ImmutableList<String> pinned(GraphDef def) {
    Set<String> handles =
        def.getNodeList().stream()
            .filter(node -> node.getOp().equals("VarHandleOp"))
            .map(NodeDef::getName)
            .collect(ImmutableSet.toImmutableSet());
    return def.getNodeList().stream()
        .filter(node -> !node.getDevice().isEmpty())
        .filter(
            node ->
                node.getInputList().stream().map(GraphAudit::producer).anyMatch(handles::contains))
        .map(NodeDef::getName)
        .collect(ImmutableList.toImmutableList());
  }

  private static Set<String> reached(GraphDef def, Collection<? extends Operation> targets) {
    Map<String, NodeDef> nodes = new HashMap<>();
    for (NodeDef node : def.getNodeList()) {
      nodes.put(node.getName(), node);
    }
    Set<String> used = new HashSet<>();
    Deque<String> open = new ArrayDeque<>();
    targets.forEach(target -> open.add(target.name()));
    while (!open.isEmpty()) {
      String name = open.remove();
      if (used.add(name)) {
        for (String input : nodes.get(name).getInputList()) {
          open.add(producer(input));
        }
      }
    }
    return used;
  }

  /** {@code ^name} is a control input, {@code name:1} an output. */
  private static String producer(String input) {
    String name = input.startsWith("^") ? input.substring(1) : input;
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private static ImmutableList<String> foreign(GraphDef def) {
    Set<String> own = new HashSet<>();
    for (OpDef op : TensorFlow.registeredOpList().getOpList()) {
      own.add(op.getName());
    }
    for (FunctionDef function : def.getLibrary().getFunctionList()) {
      own.add(function.getSignature().getName());
    }
    ImmutableSet.Builder<String> types = ImmutableSet.builder();
    def.getNodeList().forEach(node -> types.add(node.getOp()));
    for (FunctionDef function : def.getLibrary().getFunctionList()) {
      List<NodeDef> body = function.getNodeDefList();
      body.forEach(node -> types.add(node.getOp()));
    }
    return types.build().stream()
        .filter(type -> type.startsWith("_") || !own.contains(type))
        .sorted()
        .collect(ImmutableList.toImmutableList());
  }
}
