package org.blip4j.tools.infer;

import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.Randomness;
import org.blip4j.savedmodel.serve.Caption;
import org.blip4j.savedmodel.serve.Predictor;

/**
 * Writes captions for batches of images.
 *
 * @param model the model
 * @param samples captions drawn for each image; 0 searches for one
 * @param seed of the drawing; a caption depends on it, the image's name and nothing else
 */
record Captioner(Predictor model, int samples, long seed) {

  /** The captions of each image: one if searched, {@code samples} if drawn. */
  List<List<Caption>> caption(List<LoadedImage> images) {
    List<byte[]> bytes = new ArrayList<>();
    ImmutableLongArray.Builder seeds = ImmutableLongArray.builder();
    for (LoadedImage image : images) {
      LoadedImage.Bytes content = (LoadedImage.Bytes) image.content();
      for (int i = 0; i < Math.max(1, samples); i++) {
        bytes.add(content.value());
        seeds.add(Randomness.stream(seed, image.name() + "#" + i));
      }
    }
    List<Caption> all = samples == 0 ? model.caption(bytes) : model.sample(bytes, seeds.build());
    List<List<Caption>> grouped = new ArrayList<>();
    for (int i = 0; i < all.size(); i += Math.max(1, samples)) {
      grouped.add(all.subList(i, i + Math.max(1, samples)));
    }
    return grouped;
  }
}
