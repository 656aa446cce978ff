package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.tools.serve.ModelRepository.Available;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/** Answers as JSON in the forms of TensorFlow Serving. */
final class AnswerJson {
  private AnswerJson() {}

  /** The outputs of a call, by rows or by columns. */
  static byte[] predictions(Map<String, TensorData> outputs, boolean byRows)
      throws ServingException {
    JsonWriter writer = new JsonWriter(4, false).startObject();
    boolean objects = outputs.size() > 1;
    if (!byRows) {
      writer.key("outputs");
      if (objects) {
        writer.startObject();
      }
      for (Map.Entry<String, TensorData> output : outputs.entrySet()) {
        if (objects) {
          writer.key(output.getKey());
        }
        new Values(writer, output).write(0);
      }
      if (objects) {
        writer.endObject();
      }
      return writer.endObject().bytes();
    }
    long rows = rows(outputs);
    List<Values> values = outputs.entrySet().stream().map(out -> new Values(writer, out)).toList();
    writer.key("predictions").startArray();
    for (long row = 0; row < rows; row++) {
      if (objects) {
        writer.startObject();
      }
      writer.arraysOnOneLine(true);
      for (Values output : values) {
        if (objects) {
          writer.key(output.name);
        }
        output.write(1);
      }
      writer.arraysOnOneLine(false);
      if (objects) {
        writer.endObject();
      }
    }
    return writer.endArray().endObject().bytes();
  }

  private static long rows(Map<String, TensorData> outputs) throws ServingException {
    long rows = -1;
    for (Map.Entry<String, TensorData> output : outputs.entrySet()) {
      if (output.getValue().rank() == 0) {
        throw ServingException.invalid(
            "Tensor name: " + output.getKey() + " has no shape information ");
      }
      long own = output.getValue().rows();
      if (rows >= 0 && own != rows) {
        throw ServingException.invalid(
            "Tensor name: %s has inconsistent batch size: %d expecting: %d"
                .formatted(output.getKey(), own, rows));
      }
      rows = own;
    }
    return rows;
  }

  /** The elements of an output, written one after the other. */
  private static final class Values {
    private final JsonWriter writer;
    private final String name;
    private final TensorData tensor;
    private int next;

    Values(JsonWriter writer, Map.Entry<String, TensorData> output) {
      this.writer = writer;
      this.name = output.getKey();
      this.tensor = output.getValue();
    }

    void write(int dimension) {
      if (dimension >= tensor.rank()) {
        element();
        return;
      }
      writer.startArray();
      for (long i = 0; i < tensor.shape()[dimension]; i++) {
        write(dimension + 1);
      }
      writer.endArray();
    }

    private void element() {
      int index = next++;
      if (tensor.strings() == null) {
        Number number = tensor.number(index);
        switch (tensor.dtype()) {
          case DT_FLOAT, DT_DOUBLE -> writer.decimal(number);
          case DT_BOOL -> writer.raw(number.intValue() == 1 ? "true" : "false");
          default -> writer.raw(number.toString());
        }
      } else if (name.endsWith("_bytes")) {
        String text = new String(Base64.getEncoder().encode(tensor.strings()[index]), ISO_8859_1);
        writer.startObject().key("b64").string(text.getBytes(UTF_8)).endObject();
      } else {
        writer.string(tensor.strings()[index]);
      }
    }
  }

  /** The versions of a model. */
  static byte[] status(List<ModelRepository.Status> versions) {
    JsonWriter writer = new JsonWriter(1, false);
    writer.startObject().key("model_version_status").startArray();
    for (ModelRepository.Status version : versions) {
      writer.startObject();
      writer.key("version").string(Long.toString(version.version()));
      writer.key("state").string(version.state().name());
      writer.key("status").startObject();
      writer.key("error_code").string(version.code().name());
      writer.key("error_message").string(version.message());
      writer.endObject().endObject();
    }
    return writer.endArray().endObject().bytes();
  }

  /** The signatures of a version. */
  static byte[] metadata(Available<ServedModel> model) {
    JsonWriter writer = new JsonWriter(1, false).startObject();
    writer.key("model_spec").startObject();
    writer.key("name").string(model.name());
    writer.key("signature_name").string("");
    writer.key("version").string(Long.toString(model.version())).endObject();
    writer.key("metadata").startObject().key("signature_def").startObject();
    writer.key("signature_def").startObject();
    model
        .model()
        .signatures()
        .forEach(
            (key, signature) -> {
              writer.key(key).startObject();
              tensors(writer.key("inputs"), signature.getInputsMap());
              tensors(writer.key("outputs"), signature.getOutputsMap());
              writer.key("method_name").string(signature.getMethodName());
              writer.key("defaults").startObject().endObject().endObject();
            });
    return writer.endObject().endObject().endObject().endObject().bytes();
  }

  private static void tensors(JsonWriter writer, Map<String, TensorInfo> tensors) {
    writer.startObject();
    new TreeMap<>(tensors)
        .forEach(
            (name, info) -> {
              TensorShapeProto shape = info.getTensorShape();
              writer.key(name).startObject();
              writer.key("dtype").string(info.getDtype().name());
              writer.key("tensor_shape").startObject().key("dim").startArray();
              for (TensorShapeProto.Dim dim : shape.getDimList()) {
                writer.startObject().key("size").string(Long.toString(dim.getSize()));
                writer.key("name").string(dim.getName()).endObject();
              }
              writer.endArray().key("unknown_rank").raw(Boolean.toString(shape.getUnknownRank()));
              writer.endObject().key("name").string(info.getName()).endObject();
            });
    writer.endObject();
  }
}
