package org.blip4j.savedmodel.export;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Requests that TensorFlow Serving runs before it takes others: one of a single row for each
 * signature. Without them the first users wait for ten to fifty times as long as later ones.
 *
 * <p>The file holds {@code tensorflow.serving.PredictionLog} records. TensorFlow Java has no class
 * for them, so the few fields that are needed are described here, by the numbers that they have in
 * {@code prediction_log.proto}, {@code predict.proto} and {@code model.proto} of TensorFlow
 * Serving.
 */
final class WarmupRequests {
  /** Where servers look, in {@code assets.extra}. */
  static final String FILE = "tf_serving_warmup_requests";

  private static final int SIDE = 32;
  private static final ByteString TEXT = ByteString.copyFromUtf8("a");
  private static final FileDescriptor PROTO = describe();

  private WarmupRequests() {}

  /**
   * Writes the file; signatures with inputs that are no images, texts or whole numbers have none.
   */
  static void write(Path file, Map<String, SignatureDef> signatures) throws IOException {
    ByteString image = image();
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (Map.Entry<String, SignatureDef> signature : new TreeMap<>(signatures).entrySet()) {
        Optional<Message> request = request(signature.getKey(), signature.getValue(), image);
        if (request.isPresent()) {
          writer.write(request.get().toByteArray());
        }
      }
      writer.commit();
    }
  }

  private static Optional<Message> request(String key, SignatureDef signature, ByteString image) {
    DynamicMessage.Builder request = builder("PredictRequest");
    set(request, "model_spec", set(builder("ModelSpec"), "signature_name", key).build());
    for (String name : new TreeMap<>(signature.getInputsMap()).keySet()) {
      Optional<TensorProto> tensor = row(name, signature.getInputsOrThrow(name), image);
      if (tensor.isEmpty()) {
        return Optional.empty();
      }
      DynamicMessage.Builder input = builder("Input");
      set(set(input, "key", name), "value", tensor.get());
      request.addRepeatedField(
          request.getDescriptorForType().findFieldByName("inputs"), input.build());
    }
    DynamicMessage.Builder log = set(builder("PredictLog"), "request", request.build());
    return Optional.of(set(builder("PredictionLog"), "predict_log", log.build()).build());
  }

  /** One row of an input; of many equal numbers only the first is written. */
  private static Optional<TensorProto> row(String name, TensorInfo input, ByteString image) {
    TensorShapeProto shape = input.getTensorShape();
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDtype(input.getDtype())
            .setTensorShape(
                shape.toBuilder().setDim(0, TensorShapeProto.Dim.newBuilder().setSize(1)));
    switch (input.getDtype()) {
      case DT_STRING -> tensor.addStringVal(name.endsWith("_bytes") ? image : TEXT);
      case DT_INT64 -> tensor.addInt64Val(1);
      case DT_FLOAT -> tensor.addFloatVal(0);
      default -> {
        return Optional.empty();
      }
    }
    return Optional.of(tensor.build());
  }

  private static ByteString image() throws IOException {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    ByteString.Output out = ByteString.newOutput();
    if (!ImageIO.write(image, "png", out)) {
      throw new IOException("this Java cannot write a PNG for " + FILE);
    }
    return out.toByteString();
  }

  private static DynamicMessage.Builder builder(String message) {
    return DynamicMessage.newBuilder(PROTO.findMessageTypeByName(message));
  }

  private static DynamicMessage.Builder set(
      DynamicMessage.Builder message, String field, Object value) {
    Descriptor type = message.getDescriptorForType();
    return message.setField(type.findFieldByName(field), value);
  }

  private static FileDescriptor describe() {
    FileDescriptor tensors = TensorProto.getDescriptor().getFile();
    String own = ".tensorflow.serving.";
    FileDescriptorProto file =
        FileDescriptorProto.newBuilder()
            .setName("warmup.proto")
            .setPackage("tensorflow.serving")
            .setSyntax("proto3")
            .addDependency(tensors.getName())
            .addMessageType(
                message(
                    "ModelSpec",
                    field("signature_name", 3, FieldDescriptorProto.Type.TYPE_STRING).build()))
            .addMessageType(
                message(
                    "Input", // an entry of a map
                    field("key", 1, FieldDescriptorProto.Type.TYPE_STRING).build(),
                    part("value", 2, "." + TensorProto.getDescriptor().getFullName()).build()))
            .addMessageType(
                message(
                    "PredictRequest",
                    part("model_spec", 1, own + "ModelSpec").build(),
                    part("inputs", 2, own + "Input")
                        .setLabel(FieldDescriptorProto.Label.LABEL_REPEATED)
                        .build()))
            .addMessageType(
                message("PredictLog", part("request", 1, own + "PredictRequest").build()))
            .addMessageType(
                message("PredictionLog", part("predict_log", 6, own + "PredictLog").build()))
            .build();
    try {
      return FileDescriptor.buildFrom(file, new FileDescriptor[] {tensors});
    } catch (DescriptorValidationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DescriptorProto message(String name, FieldDescriptorProto... fields) {
    return DescriptorProto.newBuilder().setName(name).addAllField(List.of(fields)).build();
  }

  private static FieldDescriptorProto.Builder field(
      String name, int number, FieldDescriptorProto.Type type) {
    return FieldDescriptorProto.newBuilder()
        .setName(name)
        .setNumber(number)
        .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
        .setType(type);
  }

  private static FieldDescriptorProto.Builder part(String name, int number, String message) {
    return field(name, number, FieldDescriptorProto.Type.TYPE_MESSAGE).setTypeName(message);
  }
}
