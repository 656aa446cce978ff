package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.DeviceSpec;
import org.tensorflow.ExecutionEnvironment;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.op.Scope;

/**
 * Gives operations of one graph their names, in time linear in the number of operations.
 *
 * <p>The stock scope looks through the whole graph whenever a sub-scope is opened and renames a
 * scope that is opened twice; this one keeps a counter for each name and lets a scope be
 * re-entered.
 */
final class GraphNames implements ExecutionEnvironment {
  private final Graph graph;
  private final Map<String, Integer> used = new HashMap<>();
  private final Scope root = new NamedScope(this, "", null, null, List.of(), false);

  GraphNames(Graph graph) {
    this.graph = graph;
  }

  String unique(String name) {
    int count = used.merge(name, 1, Integer::sum) - 1;
    return count == 0 ? name : unique(name + "_" + count);
  }

  @Override
  public OperationBuilder opBuilder(String type, String name, Scope scope) {
    return graph.opBuilder(type, name, scope);
  }

  @Override
  public void attachFunction(ConcreteFunction function) {
    graph.attachFunction(function);
  }

  @Override
  public void checkInput(Operation input) {
    graph.checkInput(input);
  }

  @Override
  public Types environmentType() {
    return Types.GRAPH;
  }

  @Override
  public Scope baseScope() {
    return root;
  }

  @Override
  public boolean isInitializer(Operation operation) {
    return graph.isInitializer(operation);
  }

  private record NamedScope(
      GraphNames names,
      String prefix,
      String opName,
      String device,
      List<Operation> control,
      boolean init)
      implements Scope {

    @Override
    public ExecutionEnvironment env() {
      return names;
    }

    @Override
    public Scope withSubScope(String child) {
      return new NamedScope(names, join(child), null, device, control, init);
    }

    @Override
    public Scope withName(String name) {
      return new NamedScope(names, prefix, name, device, control, init);
    }

    @Override
    public Scope withNameAsSubScope(String defaultName) {
      return withSubScope(opName == null ? defaultName : opName);
    }

    @Override
    public Scope withDevice(DeviceSpec spec) {
      return new NamedScope(names, prefix, opName, spec.toString(), control, init);
    }

    @Override
    public Scope withInitScope() {
      return new NamedScope(names, prefix, opName, device, List.of(), true);
    }

    @Override
    public Scope withControlDependencyOps(Iterable<Operation> operations) {
      List<Operation> list = new ArrayList<>();
      operations.forEach(list::add);
      return new NamedScope(names, prefix, opName, device, List.copyOf(list), init);
    }

    @Override
    public String makeOpName(String defaultName) {
      return names.unique(join(opName == null ? defaultName : opName));
    }

    @Override
    public String makeUnique(String id) {
      return names.unique(join(id));
    }

    @Override
    public void refreshNames() {
      // Nothing is cached that the graph could contradict.
    }

    @Override
    public OperationBuilder apply(OperationBuilder builder) {
      OperationBuilder result = builder;
      if (device != null) {
        result = result.setDevice(device);
      }
      for (Operation operation : control) {
        result = result.addControlInput(operation);
      }
      return result;
    }

    @Override
    public String getDeviceString() {
      return device;
    }

    @Override
    public boolean isInit() {
      return init;
    }

    private String join(String name) {
      return prefix.isEmpty() ? name : prefix + "/" + name;
    }
  }
}
