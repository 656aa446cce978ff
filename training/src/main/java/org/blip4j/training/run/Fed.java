package org.blip4j.training.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * What runs leave for the runs after them, where a batch is computed part after part: fed to these
 * beside the batch, and closed at the end of the step.
 */
final class Fed implements AutoCloseable {
  private final Map<Operand<?>, Tensor> tensors = new LinkedHashMap<>();

  /** Keeps a tensor for a placeholder in place of the one before. */
  void put(Operand<?> placeholder, Tensor tensor) {
    Tensor before = tensors.put(placeholder, tensor);
    if (before != null) {
      before.close();
    }
  }

  /** The tensor of a placeholder. */
  Tensor get(Operand<?> placeholder) {
    return tensors.get(placeholder);
  }

  /** Feeds all to a run. */
  void feed(Session.Runner runner) {
    tensors.forEach(runner::feed);
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
  }

  /** Adds the numbers of a tensor. */
  static void add(float[] total, TFloat32 tensor) {
    float[] more = new float[total.length];
    tensor.asRawTensor().data().asFloats().read(more);
    for (int i = 0; i < total.length; i++) {
      total[i] += more[i];
    }
  }

  /**
   * Tensors of equal shapes one after the other along their first axis; where each has rows of
   * several processes, all rows of a process together.
   */
  static Tensor joined(List<Tensor> parts, int processes) {
    Tensor first = parts.get(0);
    long[] shape = first.shape().asArray();
    shape[0] *= parts.size();
    Tensor whole = Tensor.of(Accumulation.type(first.dataType()), Shape.of(shape));
    ByteDataBuffer into = whole.asRawTensor().data();
    for (int i = 0; i < parts.size(); i++) {
      ByteDataBuffer from = parts.get(i).asRawTensor().data();
      long size = from.size() / processes;
      for (int process = 0; process < processes; process++) {
        long place = ((long) process * parts.size() + i) * size;
        from.slice(process * size, size).copyTo(into.offset(place), size);
      }
    }
    return whole;
  }
}
