package org.blip4j.tools.bench;

import org.blip4j.tools.infer.CaptionCommand;

/** What can be measured. */
public enum BenchWork {
  /** One product of two 2048 x 2048 matrices, the measure of all others. */
  matmul,
  /** The vision transformer on a batch of images. */
  vit,
  /** Captions of a batch of images: beam 3, exactly 20 ids, vision included. */
  caption,
  /**
   * Match logits of one image with many texts, as long as COCO's captions; the image is encoded.
   */
  match;

  /** What a run with {@code --batch-size N} has N of. */
  public int defaultBatch() {
    return this == match ? 32 : 1;
  }

  /** Batches that are computed at once: as many as the command of that name does. */
  public int defaultAtOnce() {
    return this == caption ? CaptionCommand.AT_ONCE : 1;
  }
}
