package org.blip4j.savedmodel.export;

import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ListMultimap;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Leaves of a graph what the given nodes need: initialisers and unused branches go. */
final class GraphPruner {
  private GraphPruner() {}

  /**
   * The part of a graph that leads to some nodes, with the functions it calls.
   *
   * @param targets names of nodes
   */
  static GraphDef prune(GraphDef graph, Collection<String> targets) {
    Map<String, NodeDef> nodes = new HashMap<>();
    graph.getNodeList().forEach(node -> nodes.put(node.getName(), node));
    Set<String> kept = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(targets);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (kept.add(name)) {
        NodeDef node = nodes.get(name);
        if (node == null) {
          throw new IllegalStateException("the graph has no node " + name);
        }
        node.getInputList().forEach(input -> open.push(nodeOf(input)));
      }
    }
    GraphDef.Builder result = graph.toBuilder().clearNode();
    graph.getNodeList().stream().filter(n -> kept.contains(n.getName())).forEach(result::addNode);
    return result.setLibrary(called(graph.getLibrary(), result.getNodeList())).build();
  }

  /** The name of the node that a node's input names. */
  static String nodeOf(String input) {
    String name = input.startsWith("^") ? input.substring(1) : input;
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private static FunctionDefLibrary called(FunctionDefLibrary library, List<NodeDef> nodes) {
    Map<String, FunctionDef> functions = new HashMap<>();
    library.getFunctionList().forEach(f -> functions.put(f.getSignature().getName(), f));
    Set<String> kept = new LinkedHashSet<>();
    Deque<NodeDef> open = new ArrayDeque<>(nodes);
    while (!open.isEmpty()) {
      NodeDef node = open.pop();
      Set<String> named = new LinkedHashSet<>();
      named.add(node.getOp());
      node.getAttrMap().values().forEach(value -> functionNames(value, named));
      for (String name : named) {
        if (functions.containsKey(name) && kept.add(name)) {
          open.addAll(functions.get(name).getNodeDefList());
        }
      }
    }
    FunctionDefLibrary.Builder result = FunctionDefLibrary.newBuilder();
    library.getFunctionList().stream()
        .filter(f -> kept.contains(f.getSignature().getName()))
        .sorted(Comparator.comparing(function -> function.getSignature().getName()))
        .forEach(function -> result.addFunction(ordered(function)));
    return result.build();
  }

  /**
   * The function with each node after those that it reads, of several the first by name: TensorFlow
   * writes them in an order that differs from run to run.
   */
  private static FunctionDef ordered(FunctionDef function) {
    Map<String, NodeDef> nodes = new HashMap<>();
    function.getNodeDefList().forEach(node -> nodes.put(node.getName(), node));
    Map<String, Integer> awaited = new HashMap<>();
    ListMultimap<String, String> readers = ArrayListMultimap.create();
    TreeSet<String> ready = new TreeSet<>();
    for (NodeDef node : nodes.values()) {
      int inputs = 0;
      for (String input : node.getInputList()) {
        if (nodes.containsKey(nodeOf(input))) {
          readers.put(nodeOf(input), node.getName());
          inputs++;
        }
      }
      awaited.put(node.getName(), inputs);
      if (inputs == 0) {
        ready.add(node.getName());
      }
    }
    FunctionDef.Builder result = function.toBuilder().clearNodeDef();
    for (String name = ready.pollFirst(); name != null; name = ready.pollFirst()) {
      result.addNodeDef(nodes.get(name));
      for (String reader : readers.get(name)) {
        if (awaited.merge(reader, -1, Integer::sum) == 0) {
          ready.add(reader);
        }
      }
    }
    return result.build();
  }

  private static void functionNames(AttrValue value, Set<String> names) {
    if (value.hasFunc()) {
      names.add(value.getFunc().getName());
    }
    value.getList().getFuncList().forEach(function -> names.add(function.getName()));
  }
}
