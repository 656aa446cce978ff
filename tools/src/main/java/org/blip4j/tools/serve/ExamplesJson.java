package org.blip4j.tools.serve;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import org.blip4j.tools.serve.ServingException.Code;
import org.tensorflow.proto.SignatureDef;

/**
 * Requests of {@code :classify} and {@code :regress}. No signature of this project takes serialised
 * examples, so that these are checked and refused, in the order and the words of TensorFlow
 * Serving.
 */
final class ExamplesJson {
  private ExamplesJson() {}

  /** What the values of a feature are. */
  private enum Kind {
    BYTES("bytes"),
    FLOAT("float"),
    INT64("int64");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /**
   * Checks a request.
   *
   * @return the name of the signature that is asked for
   */
  static String read(byte[] body) throws ServingException {
    JsonValue document = RequestJson.document(body);
    String signature = RequestJson.signatureName(document);
    Optional<JsonValue> context = document.member("context");
    if (context.isPresent()) {
      example(context.get());
    }
    Optional<JsonValue> examples = document.member("examples");
    if (examples.isEmpty()) {
      throw RequestJson.wrong(
          document, "When method is classify, key 'examples' is expected and was not found");
    }
    if (!examples.get().isArray()) {
      throw RequestJson.wrong(document, "Expecting 'examples' value to be an list/array");
    }
    if (examples.get().items().isEmpty()) {
      throw RequestJson.wrong(document, "'examples' value is an empty array");
    }
    for (JsonValue example : examples.get().items()) {
      example(example);
    }
    return signature;
  }

  /** Says why a signature cannot be called so. */
  static ServingException refuse(String verb, String name, ServedModel model) {
    SignatureDef signature = model.signatures().get(name.isEmpty() ? "serving_default" : name);
    if (signature == null) {
      return ServingException.invalid(
          "No signature was found with the name: " + (name.isEmpty() ? "serving_default" : name));
    }
    boolean classify = verb.equals("classify");
    int outputs = signature.getOutputsCount();
    if (signature.getInputsCount() != 1) {
      return ServingException.invalid("Expected one input Tensor.");
    }
    if (classify && outputs != 1 && outputs != 2) {
      return ServingException.invalid(
          "Expected one or two output Tensors, found %d".formatted(outputs));
    }
    if (!classify && outputs != 1) {
      return ServingException.invalid("Expected one output Tensor.");
    }
    if (!signature.containsInputs("inputs")) {
      return ServingException.invalid(
          "No %s inputs found in SignatureDef: %s"
              .formatted(classify ? "classification" : "regression", signature));
    }
    return new ServingException(
        Code.UNIMPLEMENTED, "serialised examples are not taken; call :predict instead");
  }

  private static void example(JsonValue value) throws ServingException {
    if (!value.isObject()) {
      throw ServingException.invalid("Example must be JSON object but got JSON " + value.type());
    }
    for (JsonValue.Member member : value.members()) {
      boolean list = member.value().isArray();
      Kind kind = null;
      for (JsonValue item : list ? member.value().items() : List.of(member.value())) {
        Kind found = kindOf(item, member.nameText());
        if (kind != null && kind != found) {
          throw ServingException.invalid(
              "Unexpected element type in feature: %s expecting type: %s"
                  .formatted(member.nameText(), kind.text));
        }
        kind = found;
      }
    }
  }

  private static Kind kindOf(JsonValue item, String feature) throws ServingException {
    switch (item.type()) {
      case True, False -> {
        return Kind.INT64;
      }
      case String -> {
        return Kind.BYTES;
      }
      case Object -> {
        if (item.isBase64()) {
          byte[] unused = TensorElements.base64(item);
          return Kind.BYTES;
        }
      }
      case Number -> {
        if (item.number() instanceof BigInteger) {
          throw ServingException.invalid(
              "Feature: " + feature + " has uint64 element. Only int64 is supported.");
        }
        return item.number() instanceof Double ? Kind.FLOAT : Kind.INT64;
      }
      default -> {}
    }
    throw ServingException.invalid(
        "Feature: %s has element with unexpected JSON type: %s".formatted(feature, item.type()));
  }
}
