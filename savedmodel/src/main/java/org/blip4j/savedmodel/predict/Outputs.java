package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * What a call of a signature gave.
 *
 * @param result the tensors
 * @param names their names, in the same order
 */
record Outputs(Result result, ImmutableList<String> names) implements AutoCloseable {

  List<String> strings(String name) {
    List<String> values = new ArrayList<>();
    ((TString) tensor(name)).scalars().forEach(scalar -> values.add(scalar.getObject()));
    return values;
  }

  float[] floats(String name) {
    Tensor tensor = tensor(name);
    float[] values = new float[Math.toIntExact(tensor.shape().size())];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  long[] longs(String name) {
    Tensor tensor = tensor(name);
    long[] values = new long[Math.toIntExact(tensor.shape().size())];
    ((TInt64) tensor).asRawTensor().data().asLongs().read(values);
    return values;
  }

  private Tensor tensor(String name) {
    return result.get(names.indexOf(name));
  }

  @Override
  public void close() {
    result.close();
  }
}
