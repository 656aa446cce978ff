package org.blip4j.training.input;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import org.blip4j.data.pipeline.SamplePipeline;
import org.tensorflow.Tensor;

/**
 * One batch, ready to be fed; whoever takes it closes it after the step.
 *
 * @param images pixels of the rows of this process, under the names of {@link
 *     org.blip4j.graph.task.TaskBatch#feeds}
 * @param others all else that is fed, likewise
 * @param keys of the records of the whole batch
 * @param replaced how many of the rows of this process stand in for ones whose images could not be
 *     decoded
 * @param end where the data go on after it
 */
public record TrainingBatch(
    ImmutableMap<String, PreparedPixels.Prepared> images,
    ImmutableMap<String, Tensor> others,
    ImmutableList<String> keys,
    int replaced,
    SamplePipeline.Cursor end)
    implements AutoCloseable {

  /**
   * The tensor of a name, valid until this batch is closed.
   *
   * @throws IllegalArgumentException if the data have no such thing
   */
  public Tensor get(String name) {
    PreparedPixels.Prepared image = images.get(name);
    Tensor tensor = image == null ? others.get(name) : image.pixels();
    if (tensor == null) {
      throw new IllegalArgumentException("the data have no " + name + " for this task");
    }
    return tensor;
  }

  /** B. */
  public int rows() {
    return keys.size();
  }

  @Override
  public void close() {
    others.values().forEach(Tensor::close);
    images.values().forEach(PreparedPixels.Prepared::close);
  }
}
