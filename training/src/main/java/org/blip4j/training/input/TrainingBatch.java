package org.blip4j.training.input;

import com.google.common.collect.ImmutableMap;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.text.TokenBatch;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One batch, ready to be fed; whoever takes it closes it after the step.
 *
 * @param images normalised pixels {@code [B, S, S, 3]}, in native memory
 * @param tokens {@code [B, T]}, beginning with [CLS]
 * @param identities one for each image, 0 or more; equal for the same image
 * @param end where the data go on after it
 */
@SuppressWarnings("ArrayRecordComponent") // fed to tensors as it is; equality is not used
public record TrainingBatch(
    PreparedPixels.Prepared images, TokenBatch tokens, long[] identities, SamplePipeline.Cursor end)
    implements AutoCloseable {
  private static final String PIXELS = "pixels";

  /** The pixels, valid until this batch is closed. */
  public TFloat32 pixels() {
    return images.pixels();
  }

  /**
   * Tensors under the names of {@link org.blip4j.graph.task.TaskBatch#feeds}.
   *
   * @param byName of which the pixels stay the batch's
   */
  public record Tensors(ImmutableMap<String, Tensor> byName) implements AutoCloseable {
    /**
     * The tensor of a name.
     *
     * @throws IllegalArgumentException if the data have no such thing
     */
    public Tensor get(String name) {
      Tensor tensor = byName.get(name);
      if (tensor == null) {
        throw new IllegalArgumentException("the data have no " + name + " for this task");
      }
      return tensor;
    }

    @Override
    public void close() {
      byName.forEach(
          (name, tensor) -> {
            if (!name.equals(PIXELS)) {
              tensor.close();
            }
          });
    }
  }

  /** What a step is fed. */
  public Tensors tensors() {
    Shape rows = Shape.of(tokens.rows(), tokens.columns());
    return new Tensors(
        ImmutableMap.of(
            PIXELS,
            pixels(),
            "ids",
            TInt64.tensorOf(rows, DataBuffers.of(tokens.ids())),
            "mask",
            TInt64.tensorOf(rows, DataBuffers.of(tokens.mask())),
            "identities",
            TInt64.vectorOf(identities)));
  }

  @Override
  public void close() {
    images.close();
  }
}
