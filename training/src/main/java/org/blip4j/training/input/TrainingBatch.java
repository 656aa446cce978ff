package org.blip4j.training.input;

import org.blip4j.data.pipeline.Cursor;
import org.blip4j.data.text.TokenBatch;
import org.tensorflow.types.TFloat32;

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
    PreparedPixels.Prepared images, TokenBatch tokens, long[] identities, Cursor end)
    implements AutoCloseable {

  /** The pixels, valid until this batch is closed. */
  public TFloat32 pixels() {
    return images.pixels();
  }

  @Override
  public void close() {
    images.close();
  }
}
