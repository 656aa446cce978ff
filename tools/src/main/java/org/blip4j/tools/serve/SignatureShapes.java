package org.blip4j.tools.serve;

import com.google.common.collect.Sets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * What a signature says of the shapes of its inputs and outputs, and whether a call keeps to it.
 */
final class SignatureShapes {
  private SignatureShapes() {}

  /** Whether all inputs and outputs are lists of rows. */
  static boolean inRows(SignatureDef signature) {
    List<TensorInfo> all = new ArrayList<>(signature.getInputsMap().values());
    all.addAll(signature.getOutputsMap().values());
    return all.stream()
        .map(TensorInfo::getTensorShape)
        .allMatch(shape -> shape.getDimCount() > 0 && shape.getDim(0).getSize() < 0);
  }

  /** The outputs of a call without rows. */
  static Map<String, TensorData> nothing(SignatureDef signature) {
    Map<String, TensorData> outputs = new LinkedHashMap<>();
    signature
        .getOutputsMap()
        .forEach(
            (name, info) -> {
              long[] shape =
                  info.getTensorShape().getDimList().stream()
                      .mapToLong(dim -> Math.max(0, dim.getSize()))
                      .toArray();
              outputs.put(name, TensorData.empty(info.getDtype(), shape));
            });
    return outputs;
  }

  /** Refuses inputs that are not those of the signature. */
  static void requireNames(SignatureDef signature, Set<String> names) throws ServingException {
    if (!names.equals(signature.getInputsMap().keySet())) {
      TreeSet<String> sent = new TreeSet<>(names);
      TreeSet<String> wanted = new TreeSet<>(signature.getInputsMap().keySet());
      throw ServingException.invalid(
          "input size does not match signature: %d!=%d len({%s}) != len({%s}). Sent extra: {%s}. Missing but required: {%s}."
              .formatted(
                  sent.size(),
                  wanted.size(),
                  String.join(",", sent),
                  String.join(",", wanted),
                  String.join(",", Sets.difference(sent, wanted)),
                  String.join(",", Sets.difference(wanted, sent))));
    }
  }

  /** Refuses an input of another type. */
  static void requireType(String name, DataType dtype, TensorInfo info) throws ServingException {
    if (dtype != info.getDtype()) {
      throw ServingException.invalid(
          "input %s is of type %s; the signature wants %s".formatted(name, dtype, info.getDtype()));
    }
  }

  /** The inputs in the shapes of the signature; what does not fit is refused here, in words. */
  static Map<String, TensorData> fitting(
      SignatureDef signature, Map<String, TensorData> inputs, boolean inRows)
      throws ServingException {
    requireNames(signature, inputs.keySet());
    Map<String, TensorData> fitting = new LinkedHashMap<>();
    for (String name : new TreeMap<>(inputs).keySet()) {
      fitting.put(name, fitting(name, inputs.get(name), signature.getInputsOrThrow(name)));
    }
    if (!inRows) {
      return fitting;
    }
    long rows = fitting.values().stream().mapToLong(TensorData::rows).max().orElse(0);
    for (Map.Entry<String, TensorData> input : fitting.entrySet()) {
      TensorData tensor = input.getValue();
      if (tensor.rows() == 1 && tensor.rank() == 1 && tensor.strings() == null && rows > 1) {
        input.setValue(TensorData.concat(Collections.nCopies((int) rows, tensor)));
      } else if (tensor.rows() != rows) {
        throw ServingException.invalid(
            "input %s has %d rows and another one %d; give all inputs the same number of rows"
                .formatted(input.getKey(), tensor.rows(), rows));
      }
    }
    return fitting;
  }

  private static TensorData fitting(String name, TensorData tensor, TensorInfo info)
      throws ServingException {
    TensorShapeProto wanted = info.getTensorShape();
    requireType(name, tensor.dtype(), info);
    if (wanted.getUnknownRank()) {
      return tensor;
    }
    long[] shape = tensor.shape();
    int rank = wanted.getDimCount();
    if (shape.length > rank && tensor.strings() == null) { // [[7], [8]] are two numbers
      long[] first = Arrays.copyOf(shape, rank);
      shape = TensorData.size(first) == TensorData.size(shape) ? first : shape;
    }
    boolean fits = shape.length == rank;
    for (int i = 0; fits && i < rank; i++) {
      long size = wanted.getDim(i).getSize();
      fits = size < 0 || size == shape[i];
    }
    if (!fits) {
      throw ServingException.invalid(
          "input %s has shape %s; the signature wants %s"
              .formatted(
                  name,
                  Arrays.toString(tensor.shape()),
                  wanted.getDimList().stream()
                      .map(dim -> dim.getSize() < 0 ? "any" : Long.toString(dim.getSize()))
                      .toList()));
    }
    return tensor.reshaped(shape);
  }
}
