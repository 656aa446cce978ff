package org.blip4j.savedmodel.export;

import java.util.Set;
import java.util.TreeSet;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.signature.ModelGraph;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
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
  static MetaGraphDef of(ModelGraph model) {
    SaverDef saver = model.saver().definition();
    GraphDef graph = GraphPruner.prune(model.graph().toGraphDef(), targets(model, saver));
    OpRegistry registry = new OpRegistry();
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

  private static Set<String> targets(ModelGraph model, SaverDef saver) {
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
}
