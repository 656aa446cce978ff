package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.tensorflow.Operand;
import org.tensorflow.proto.SignatureDef;

/**
 * A signature with its place in a graph.
 *
 * @param signature which one
 * @param inputs placeholders by name
 * @param outputs by name; every one has the batch as first dimension
 */
record BoundSignature(
    ServingSignature signature,
    ImmutableMap<String, Operand<?>> inputs,
    ImmutableMap<String, Operand<?>> outputs) {

  SignatureDef definition() {
    return Signatures.definition(inputs, outputs);
  }
}
