package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Calls signatures of a session by their definitions, whichever way the session came about. */
final class SignatureRunner {
  private final Session session;
  private final Map<String, SignatureDef> signatures;

  SignatureRunner(Session session, Map<String, SignatureDef> signatures) {
    this.session = session;
    this.signatures = signatures;
  }

  boolean has(ServingSignature signature) {
    return signatures.containsKey(signature.key());
  }

  /** Runs a signature and closes its inputs. */
  Outputs run(ServingSignature signature, ImmutableMap<String, ? extends Tensor> inputs) {
    SignatureDef definition = signatures.get(signature.key());
    if (definition == null) {
      inputs.values().forEach(Tensor::close);
      throw new IllegalArgumentException(
          "this model has no signature %s, only %s; use a model that was trained for it"
              .formatted(signature.key(), String.join(", ", signatures.keySet())));
    }
    try {
      Session.Runner runner = session.runner();
      inputs.forEach(
          (name, tensor) -> runner.feed(definition.getInputsOrThrow(name).getName(), tensor));
      ImmutableList<String> names = ImmutableList.sortedCopyOf(definition.getOutputsMap().keySet());
      names.forEach(name -> runner.fetch(definition.getOutputsOrThrow(name).getName()));
      return new Outputs(runner.run(), names);
    } finally {
      inputs.values().forEach(Tensor::close);
    }
  }

  static TString files(List<byte[]> files) {
    return TString.tensorOfBytes(NdArrays.vectorOfObjects(files.toArray(new byte[0][])));
  }

  static TString texts(List<String> texts) {
    return TString.vectorOf(texts.toArray(new String[0]));
  }

  static TInt64 numbers(long... numbers) {
    return TInt64.tensorOf(Shape.of(numbers.length), DataBuffers.of(numbers, true, false));
  }
}
