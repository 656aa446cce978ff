package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A part of a Hugging Face configuration, where a value that is left out means the default of the
 * library's class.
 *
 * @param node the object; missing if the whole part is left out
 * @param place its name, for messages
 */
record HuggingFaceFields(JsonNode node, String place) {
  HuggingFaceFields {
    if (!node.isObject() && !node.isMissingNode() && !node.isNull()) {
      throw new IllegalArgumentException(place + " is " + node + ", expected an object");
    }
  }

  HuggingFaceFields part(String key) {
    return new HuggingFaceFields(node.path(key), key);
  }

  int integer(String key, int otherwise) {
    JsonNode value = node.path(key);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(key, value, "a whole number");
    }
    return value.intValue();
  }

  double number(String key, double otherwise) {
    JsonNode value = node.path(key);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isNumber()) {
      throw wrong(key, value, "a number");
    }
    return value.doubleValue();
  }

  /** Fails unless a value is the only one that our model has, or is left out. */
  void require(String key, String only) {
    JsonNode value = node.path(key);
    if (!value.isMissingNode() && !value.asText().equals(only)) {
      throw wrong(key, value, only + "; no other is supported");
    }
  }

  IllegalArgumentException wrong(String key, JsonNode value, String expected) {
    return new IllegalArgumentException(
        "%s is %s, expected %s".formatted(name(key), value, expected));
  }

  private String name(String key) {
    return place.isEmpty() ? key : place + "." + key;
  }
}
