package org.blip4j.savedmodel.export;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.OpList;

/**
 * The definitions of TensorFlow's own operations: what an attribute is when nothing is said, and
 * which operations a graph uses.
 */
final class OpRegistry {
  private final Map<String, OpDef> definitions = new HashMap<>();

  /** The operations of this process's TensorFlow. */
  OpRegistry() {
    TensorFlow.registeredOpList().getOpList().forEach(op -> definitions.put(op.getName(), op));
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

  /** The definitions of all operations that a graph and its functions use, without their texts. */
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
