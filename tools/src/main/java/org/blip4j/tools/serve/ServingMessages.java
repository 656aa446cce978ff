package org.blip4j.tools.serve;

import com.google.common.base.Splitter;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Int64Value;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorProto;

/**
 * Messages of TensorFlow Serving, for which there are no Java classes: requests, answers, logs for
 * warming up, and the configuration of models. Names and numbers are those of {@code
 * predict.proto}, {@code get_model_metadata.proto}, {@code get_model_status.proto}, {@code
 * prediction_log.proto} and {@code model_server_config.proto}; a map is written as what it is on
 * the wire, a list of entries.
 */
final class ServingMessages {
  /** One message or enum a line: fields as {@code name=number type}, * is repeated; constants. */
  private static final String MESSAGES =
      """
      ModelSpec: name=1 string, version=2 .google.protobuf.Int64Value, signature_name=3 string, version_label=4 string
      TensorEntry: key=1 string, value=2 .tensorflow.TensorProto
      PredictRequest: model_spec=1 ModelSpec, inputs=2 *TensorEntry, output_filter=3 *string
      PredictResponse: outputs=1 *TensorEntry, model_spec=2 ModelSpec
      GetModelMetadataRequest: model_spec=1 ModelSpec, metadata_field=2 *string
      AnyEntry: key=1 string, value=2 .google.protobuf.Any
      GetModelMetadataResponse: model_spec=1 ModelSpec, metadata=2 *AnyEntry
      SignatureEntry: key=1 string, value=2 .tensorflow.SignatureDef
      SignatureDefMap: signature_def=1 *SignatureEntry
      GetModelStatusRequest: model_spec=1 ModelSpec
      StatusProto: error_code=1 int32, error_message=2 string
      ModelVersionStatus: version=1 int64, state=2 int32, status=3 StatusProto
      GetModelStatusResponse: model_version_status=1 *ModelVersionStatus
      PredictLog: request=1 PredictRequest
      PredictionLog: predict_log=6 PredictLog
      ModelServerConfig: model_config_list=1 ModelConfigList
      ModelConfigList: config=1 *ModelConfig
      ModelConfig: name=1 string, base_path=2 string, model_type=3 ModelType, model_platform=4 string, logging_config=6 LoggingConfig, model_version_policy=7 VersionPolicy, version_labels=8 *LabelEntry
      ModelType: MODEL_TYPE_UNSPECIFIED=0, TENSORFLOW=1, OTHER=2
      LabelEntry: key=1 string, value=2 int64
      VersionPolicy: latest=100 Latest, all=101 All, specific=102 Specific
      Latest: num_versions=1 uint32
      All:
      Specific: versions=1 *int64
      LoggingConfig: log_collector_config=1 LogCollectorConfig, sampling_config=2 SamplingConfig
      LogCollectorConfig: type=1 string, filename_prefix=2 string
      SamplingConfig: sampling_rate=1 double, attributes=2 int32
      """;

  /** What can be told of a model. */
  static final String SIGNATURES = "signature_def";

  private static final FileDescriptor FILE = describe();

  private ServingMessages() {}

  private static FileDescriptor describe() {
    List<FileDescriptor> used =
        List.of(
            TensorProto.getDescriptor().getFile(),
            SignatureDef.getDescriptor().getFile(),
            Any.getDescriptor().getFile(),
            Int64Value.getDescriptor().getFile());
    FileDescriptorProto.Builder file =
        FileDescriptorProto.newBuilder()
            .setName("serving.proto")
            .setPackage("tensorflow.serving")
            .setSyntax("proto3");
    used.forEach(one -> file.addDependency(one.getName()));
    MESSAGES.lines().forEach(line -> add(line, file));
    try {
      return FileDescriptor.buildFrom(file.build(), used.toArray(new FileDescriptor[0]));
    } catch (DescriptorValidationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void add(String line, FileDescriptorProto.Builder file) {
    int colon = line.indexOf(':');
    String name = line.substring(0, colon);
    List<List<String>> parts =
        Splitter.on(',')
            .trimResults()
            .omitEmptyStrings()
            .splitToStream(line.substring(colon + 1))
            .map(Splitter.onPattern("[= ]")::splitToList)
            .toList();
    if (!parts.isEmpty() && parts.get(0).size() == 2) {
      EnumDescriptorProto.Builder constants = file.addEnumTypeBuilder().setName(name);
      parts.forEach(
          part ->
              constants
                  .addValueBuilder()
                  .setName(part.get(0))
                  .setNumber(Integer.parseInt(part.get(1))));
      return;
    }
    DescriptorProto.Builder message = file.addMessageTypeBuilder().setName(name);
    parts.forEach(part -> add(part.get(0), Integer.parseInt(part.get(1)), part.get(2), message));
  }

  private static void add(String name, int number, String given, DescriptorProto.Builder message) {
    String type = given.replace("*", "");
    FieldDescriptorProto.Builder field =
        message
            .addFieldBuilder()
            .setName(name)
            .setNumber(number)
            .setLabel(
                given.startsWith("*")
                    ? FieldDescriptorProto.Label.LABEL_REPEATED
                    : FieldDescriptorProto.Label.LABEL_OPTIONAL);
    if (Character.isLowerCase(type.charAt(0))) {
      field.setType(FieldDescriptorProto.Type.valueOf("TYPE_" + type.toUpperCase(Locale.ROOT)));
    } else {
      field.setTypeName(type.startsWith(".") ? type : ".tensorflow.serving." + type);
    }
  }

  static Descriptor type(String message) {
    return FILE.findMessageTypeByName(message);
  }

  static DynamicMessage.Builder builder(String message) {
    return DynamicMessage.newBuilder(type(message));
  }

  static DynamicMessage parse(String message, ByteString bytes)
      throws InvalidProtocolBufferException {
    return DynamicMessage.parseFrom(type(message), bytes);
  }

  static Object get(Message message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  static boolean has(Message message, String field) {
    return message.hasField(message.getDescriptorForType().findFieldByName(field));
  }

  static Message part(Message message, String field) {
    return (Message) get(message, field);
  }

  static List<Message> parts(Message message, String field) {
    List<Message> parts = new ArrayList<>();
    ((List<?>) get(message, field)).forEach(part -> parts.add((Message) part));
    return parts;
  }

  static String text(Message message, String field) {
    return (String) get(message, field);
  }

  static DynamicMessage.Builder set(DynamicMessage.Builder message, String field, Object value) {
    FieldDescriptor described = message.getDescriptorForType().findFieldByName(field);
    if (described.isRepeated()) {
      return message.addRepeatedField(described, value);
    }
    return message.setField(described, value);
  }

  /** The version that a {@code ModelSpec} names. */
  static Optional<Long> version(Message spec) {
    return has(spec, "version")
        ? Optional.of((Long) get(part(spec, "version"), "value"))
        : Optional.empty();
  }

  static Message modelSpec(String name, String signature, long version) {
    DynamicMessage.Builder spec = set(builder("ModelSpec"), "name", name);
    set(spec, "signature_name", signature);
    return set(spec, "version", Int64Value.of(version)).build();
  }

  /**
   * An answer with some outputs.
   *
   * @param wanted names; all if there are none
   */
  static Message response(Map<String, TensorData> outputs, Set<String> wanted, Message spec) {
    DynamicMessage.Builder response = builder("PredictResponse");
    outputs.forEach(
        (name, tensor) -> {
          if (wanted.isEmpty() || wanted.contains(name)) {
            DynamicMessage.Builder entry = builder("TensorEntry");
            set(set(entry, "key", name), "value", tensor.toProto());
            set(response, "outputs", entry.build());
          }
        });
    return set(response, "model_spec", spec).build();
  }

  /** Signatures as an entry of what is told of a model. */
  static Message signatures(Map<String, SignatureDef> signatures) {
    DynamicMessage.Builder map = builder("SignatureDefMap");
    new TreeMap<>(signatures)
        .forEach(
            (key, signature) -> {
              DynamicMessage.Builder entry = builder("SignatureEntry");
              set(set(entry, "key", key), "value", signature);
              set(map, SIGNATURES, entry.build());
            });
    Any packed =
        Any.newBuilder()
            .setTypeUrl("type.googleapis.com/tensorflow.serving.SignatureDefMap")
            .setValue(map.build().toByteString())
            .build();
    return set(set(builder("AnyEntry"), "key", SIGNATURES), "value", packed).build();
  }

  /**
   * The tensors of a request, which have to be those of a signature; no others are read.
   *
   * @throws ServingException if one is not, or cannot be read
   */
  static Map<String, TensorData> inputs(Message request, SignatureDef signature)
      throws ServingException {
    Map<String, Message> sent = new LinkedHashMap<>();
    parts(request, "inputs").forEach(entry -> sent.put(text(entry, "key"), part(entry, "value")));
    SignatureShapes.requireNames(signature, sent.keySet());
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Map.Entry<String, Message> entry : sent.entrySet()) {
      String name = entry.getKey();
      try {
        TensorProto tensor = TensorProto.parseFrom(entry.getValue().toByteString());
        SignatureShapes.requireType(name, tensor.getDtype(), signature.getInputsOrThrow(name));
        inputs.put(name, TensorData.of(tensor));
      } catch (InvalidProtocolBufferException e) {
        throw ServingException.invalid("input %s is no tensor: %s".formatted(name, e.getMessage()));
      }
    }
    return inputs;
  }
}
