package org.blip4j.tools.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;

/** Requests of {@code :predict} as JSON, with TensorFlow Serving's error texts. */
final class RequestJson {
  /**
   * A request.
   *
   * @param inByRows whether it has {@code instances} rather than {@code inputs}
   */
  record Request(SignatureDef signature, Map<String, TensorData> inputs, boolean inByRows) {}

  /** Finds a signature by the name in a request, which may be empty. */
  interface Signatures {
    SignatureDef find(String name) throws ServingException;
  }

  private RequestJson() {}

  /** Reads a document that has to be an object. */
  static JsonValue document(byte[] body) throws ServingException {
    JsonValue document = JsonValue.parse(body);
    if (!document.isObject()) {
      throw wrong(document, "Is not object");
    }
    return document;
  }

  /** The name of the signature; empty if the document has none. */
  static String signatureName(JsonValue document) throws ServingException {
    Optional<JsonValue> name = document.member("signature_name");
    if (name.isPresent() && name.get().type() != JsonValue.Type.String) {
      throw wrong(
          document, "not formatted correctly. 'signature_name' key must be a string value.");
    }
    return name.map(JsonValue::string).orElse("");
  }

  static ServingException wrong(JsonValue value, String what) {
    return ServingException.invalid("JSON Value: " + JsonWriter.shown(value) + " " + what);
  }

  /** Reads a request. */
  static Request read(byte[] body, Signatures signatures) throws ServingException {
    JsonValue document = document(body);
    SignatureDef signature = signatures.find(signatureName(document));
    TreeMap<String, DataType> types = new TreeMap<>();
    signature.getInputsMap().forEach((name, info) -> types.put(name, info.getDtype()));
    Optional<JsonValue> instances = document.member("instances");
    Optional<JsonValue> inputs = document.member("inputs");
    if (instances.isPresent() && inputs.isPresent()) {
      throw wrong(
          document,
          "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ");
    }
    if (instances.isPresent()) {
      if (!instances.get().isArray()) {
        throw wrong(document, "Expecting 'instances' to be an list/array");
      }
      if (instances.get().items().isEmpty()) {
        throw wrong(document, "No values in 'instances' array");
      }
      return new Request(signature, rows(instances.get().items(), types), true);
    }
    if (inputs.isPresent()) {
      return new Request(signature, columns(inputs.get(), types), false);
    }
    throw ServingException.invalid("Missing 'inputs' or 'instances' key");
  }

  private static boolean named(JsonValue value) {
    return value.isObject() && !value.isBase64();
  }

  private static Map<String, TensorData> rows(
      List<JsonValue> rows, NavigableMap<String, DataType> types) throws ServingException {
    if (!rows.get(0).isObject() && types.size() > 1) {
      throw ServingException.invalid(
          "instances is a plain list, but expecting list of objects as multiple input tensors"
              + " required as per tensorinfo_map");
    }
    boolean objects = named(rows.get(0));
    Map<String, TensorElements> tensors = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      JsonValue row = rows.get(i);
      if (named(row) != objects) {
        throw ServingException.invalid(
            objects
                ? "Expecting object but got list at item " + i + " of input list"
                : "Expecting value/list but got object at item " + i + " of input list");
      }
      if (objects) {
        object(i, row, types, tensors);
      } else {
        String name = types.lastKey();
        long[] shape = shape(name, row, 1);
        try {
          add(name, row, shape, types, tensors);
        } catch (ServingException e) {
          throw ServingException.invalid(
              "Failed to process element: %d of 'instances' list. Error: %s"
                  .formatted(i, e.full()));
        }
      }
    }
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Map.Entry<String, TensorElements> entry : tensors.entrySet()) {
      long[] one = entry.getValue().shape();
      long[] all = new long[one.length + 1];
      all[0] = rows.size();
      System.arraycopy(one, 0, all, 1, one.length);
      inputs.put(entry.getKey(), entry.getValue().tensor(all));
    }
    return inputs;
  }

  private static void object(
      int i,
      JsonValue row,
      NavigableMap<String, DataType> types,
      Map<String, TensorElements> tensors)
      throws ServingException {
    TreeSet<String> keys = new TreeSet<>();
    for (JsonValue.Member member : row.members()) {
      String name = member.nameText();
      long[] shape = shape(name, member.value(), 1);
      try {
        if (keys.add(name)) { // the first of several counts
          add(name, member.value(), shape, types, tensors);
        }
      } catch (ServingException e) {
        throw ServingException.invalid(
            "Failed to process element: %d key: %s of 'instances' list. Error: %s"
                .formatted(i, name, e.full()));
      }
    }
    if (!keys.equals(types.keySet())) {
      throw ServingException.invalid(
          "Failed to process element: %d of 'instances' list. JSON object: %s keys must be equal to: %s"
              .formatted(i, JsonWriter.shown(row), String.join(",", types.keySet())));
    }
  }

  /** Adds the value of one row to a tensor; all rows have the same shape. */
  private static void add(
      String name,
      JsonValue value,
      long[] shape,
      Map<String, DataType> types,
      Map<String, TensorElements> tensors)
      throws ServingException {
    DataType dtype = types.get(name);
    if (dtype == null) {
      throw ServingException.invalid("JSON object: does not have named input: " + name);
    }
    TensorElements elements = tensors.computeIfAbsent(name, key -> new TensorElements(dtype));
    int before = elements.size();
    elements.fill(value, 0, shape);
    int added = elements.size() - before;
    if (elements.shape() == null) {
      elements.shape(shape);
    } else if (TensorData.size(elements.shape()) != added) {
      throw ServingException.invalid(
          "Expecting tensor size: %d but got: %d"
              .formatted(TensorData.size(elements.shape()), added));
    } else if (!Arrays.equals(elements.shape(), shape)) {
      throw ServingException.invalid(
          "Expecting shape %s but got: %s".formatted(text(elements.shape()), text(shape)));
    }
  }

  private static String text(long... shape) {
    return Arrays.toString(shape).replace(" ", "");
  }

  private static Map<String, TensorData> columns(
      JsonValue value, NavigableMap<String, DataType> types) throws ServingException {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    if (!named(value)) {
      if (types.size() > 1) {
        throw ServingException.invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors"
                + " required as per tensorinfo_map");
      }
      inputs.put(types.firstKey(), column(types.firstKey(), value, types));
      return inputs;
    }
    for (String name : types.keySet()) {
      JsonValue column =
          value
              .member(name)
              .orElseThrow(
                  () ->
                      ServingException.invalid(
                          "Missing named input: " + name + " in 'inputs' object."));
      inputs.put(name, column(name, column, types));
    }
    return inputs;
  }

  private static TensorData column(String name, JsonValue value, Map<String, DataType> types)
      throws ServingException {
    TensorElements elements = new TensorElements(types.get(name));
    long[] shape = shape(name, value, 0);
    elements.fill(value, 0, shape);
    return elements.tensor(shape);
  }

  /**
   * The shape that the first elements have.
   *
   * @param outer dimensions that come before
   */
  private static long[] shape(String name, JsonValue value, int outer) throws ServingException {
    List<Long> shape = new ArrayList<>();
    JsonValue at = value;
    while (at.isArray()) {
      shape.add((long) at.items().size());
      if (at.items().isEmpty()) {
        break;
      }
      at = at.items().get(0);
    }
    if (shape.size() + outer > TensorData.MOST_RANK) {
      throw ServingException.invalid("tensor parsing error: " + name);
    }
    return shape.stream().mapToLong(size -> size).toArray();
  }
}
