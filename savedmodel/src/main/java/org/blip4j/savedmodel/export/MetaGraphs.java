package org.blip4j.savedmodel.export;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.OpList;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.VariableDef;

/** Makes the MetaGraphDef that loaders of SavedModels read. */
final class MetaGraphs {
  private MetaGraphs() {}

  /**
   * The definition of a model: pruned graph, signatures, saver, and the collection by which Python
   * gives each loaded model variables of its own.
   */
  static MetaGraphDef of(ServingGraph.Exportable model) {
    SaverDef saver = model.saver().definition();
    OpRegistry registry = new OpRegistry();
    Set<String> targets = targets(model, saver);
    GraphDef whole = GraphPruner.prune(model.graph().toGraphDef(), targets);
    GraphDef graph = EqualNodes.merge(whole, targets, registry::isStateless);
    CollectionDef.Builder trainable = CollectionDef.newBuilder();
    CollectionDef.Builder variables = CollectionDef.newBuilder();
    model
        .saver()
        .assigns()
        .forEach(
            (variable, assign) -> {
              VariableDef definition = variable(variable, assign.name());
              variables.getBytesListBuilder().addValue(definition.toByteString());
              if (definition.getTrainable()) {
                trainable.getBytesListBuilder().addValue(definition.toByteString());
              }
            });
    return MetaGraphDef.newBuilder()
        .setMetaInfoDef(
            MetaGraphDef.MetaInfoDef.newBuilder()
                .addTags("serve")
                .setStrippedDefaultAttrs(true)
                .setTensorflowVersion(TensorFlow.version())
                .setStrippedOpList(registry.used(graph)))
        .setGraphDef(registry.withoutDefaults(graph))
        .setSaverDef(saver)
        .putCollectionDef("variables", variables.build())
        .putCollectionDef("trainable_variables", trainable.build())
        .putAllSignatureDef(model.signatures())
        .build();
  }

  private static Set<String> targets(ServingGraph.Exportable model, SaverDef saver) {
    Set<String> names = new TreeSet<>();
    names.add(saver.getRestoreOpName());
    names.add(GraphPruner.nodeOf(saver.getSaveTensorName()));
    for (SignatureDef signature : model.signatures().values()) {
      for (TensorInfo info : signature.getInputsMap().values()) {
        names.add(GraphPruner.nodeOf(info.getName()));
      }
      for (TensorInfo info : signature.getOutputsMap().values()) {
        names.add(GraphPruner.nodeOf(info.getName()));
      }
    }
    return names;
  }

  private static VariableDef variable(Variable<?> variable, String restoreOp) {
    return VariableDef.newBuilder()
        .setVariableName(variable.name() + ":0")
        .setInitializerName(restoreOp)
        .setSnapshotName(variable.value().op().name() + ":0")
        .setIsResource(true)
        .setTrainable(variable.spec().trainable())
        .build();
  }

  /**
   * The definitions of TensorFlow's own operations: what an attribute is when nothing is said, and
   * which operations a graph uses.
   */
  static final class OpRegistry {
    private final Map<String, OpDef> definitions = new HashMap<>();

    /** The operations of this process's TensorFlow. */
    OpRegistry() {
      TensorFlow.registeredOpList().getOpList().forEach(op -> definitions.put(op.getName(), op));
    }

    /** Whether an operation is known to give the same whenever its inputs are the same. */
    boolean isStateless(String op) {
      OpDef definition = definitions.get(op);
      return definition != null && !definition.getIsStateful();
    }

    /** The graph without attributes that have their default, so that older runtimes accept it. */
    GraphDef withoutDefaults(GraphDef graph) {
      GraphDef.Builder result = graph.toBuilder();
      result.getNodeBuilderList().forEach(this::strip);
      for (FunctionDef.Builder function : result.getLibraryBuilder().getFunctionBuilderList()) {
        function.getNodeDefBuilderList().forEach(this::strip);
      }
      return result.build();
    }

    /**
     * The definitions of all operations that a graph and its functions use, without their texts.
     */
    OpList used(GraphDef graph) {
      TreeSet<String> names = new TreeSet<>();
      graph.getNodeList().forEach(node -> names.add(node.getOp()));
      for (FunctionDef function : graph.getLibrary().getFunctionList()) {
        function.getNodeDefList().forEach(node -> names.add(node.getOp()));
      }
      OpList.Builder result = OpList.newBuilder();
      for (String name : names) {
        OpDef definition = definitions.get(name);
        if (definition != null) {
          result.addOp(withoutTexts(definition));
        }
      }
      return result.build();
    }

    private void strip(NodeDef.Builder node) {
      OpDef definition = definitions.get(node.getOp());
      if (definition == null) {
        return;
      }
      for (OpDef.AttrDef attribute : definition.getAttrList()) {
        AttrValue value = node.getAttrMap().get(attribute.getName());
        if (attribute.hasDefaultValue() && attribute.getDefaultValue().equals(value)) {
          node.removeAttr(attribute.getName());
        }
      }
    }

    private static OpDef withoutTexts(OpDef definition) {
      OpDef.Builder result = definition.toBuilder().clearSummary().clearDescription();
      result.getInputArgBuilderList().forEach(OpDef.ArgDef.Builder::clearDescription);
      result.getOutputArgBuilderList().forEach(OpDef.ArgDef.Builder::clearDescription);
      result.getAttrBuilderList().forEach(OpDef.AttrDef.Builder::clearDescription);
      return result.build();
    }
  }
}
