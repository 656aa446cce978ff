package org.blip4j.tools.bench;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;

/**
 * What a piece of work costs at least: floating-point operations of its matrix products, two for a
 * multiplication with its addition, and bytes of weights, keys and values that have to come from
 * memory. All else is counted as nothing.
 */
final class Operations {
  private Operations() {}

  /** The vision transformer on one image. */
  static double vision(VitConfig vision) {
    double tokens = vision.tokens();
    double width = vision.width();
    double patch = 3.0 * vision.patchSize() * vision.patchSize();
    double block =
        2 * tokens * width * (4 * width + 2 * vision.mlpWidth()) + 4 * tokens * tokens * width;
    return 2 * (tokens - 1) * patch * width + vision.layers() * block;
  }

  /** Captioning one image: vision, keys and values of the image, and the steps of all beams. */
  static double caption(BlipConfig config, int beams, int steps) {
    TextConfig text = config.text();
    double width = text.width();
    double image = config.vision().tokens();
    double keysValues = 4 * image * config.vision().width() * width * text.layers();
    double layer = 2 * width * (6 * width + 2 * text.feedForward()) + 4 * image * width;
    double head = 2 * width * (width + text.vocabularySize());
    double rows = 1 + (double) beams * (steps - 1); // the prompt is read once for all beams
    return vision(config.vision()) + keysValues + rows * (text.layers() * layer + head);
  }

  /** Matching one encoded image with texts: its keys and values, and the tokens of the texts. */
  static double match(BlipConfig config, int[] lengths) {
    TextConfig text = config.text();
    double width = text.width();
    double image = config.vision().tokens();
    double total = 4 * image * config.vision().width() * width * text.layers();
    double token = 2 * width * (6 * width + 2 * text.feedForward()) + 4 * image * width;
    for (int length : lengths) {
      double attention = 4.0 * length * length * width;
      total += (text.layers() - 1) * (length * token + attention);
      total += length * 4 * width * width + token; // the last layer goes on with one token
    }
    return total;
  }

  /** Weights of the vision transformer, each read once for a batch. */
  static double visionWeights(VitConfig vision) {
    double width = vision.width();
    double patch = 3.0 * vision.patchSize() * vision.patchSize();
    return patch * width + vision.layers() * width * (4 * width + 2.0 * vision.mlpWidth());
  }

  /**
   * Numbers read from memory to caption a batch: the weights of vision, of the image's keys and
   * values, and, in each step, all weights of the decoder and the keys and values of every image.
   */
  static double captionNumbers(BlipConfig config, int batch, int steps) {
    TextConfig text = config.text();
    double width = text.width();
    double keysValues = 2 * width * text.layers();
    double layer = width * (6 * width + 2.0 * text.feedForward());
    double head = width * (width + text.vocabularySize());
    double step = text.layers() * layer + head + batch * keysValues * config.vision().tokens();
    return visionWeights(config.vision()) + keysValues * config.vision().width() + steps * step;
  }

  /** Numbers read to match texts with an encoded image: all weights of the text encoder once. */
  static double matchNumbers(BlipConfig config) {
    TextConfig text = config.text();
    double width = text.width();
    double layer = width * (6 * width + 2.0 * text.feedForward());
    return text.layers() * (layer + 2 * width * config.vision().width());
  }
}
