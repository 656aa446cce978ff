package org.blip4j.tools.bench;

import java.util.Arrays;
import java.util.Random;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;

/**
 * What a piece of work costs at least: floating-point operations of its matrix products, two for a
 * multiplication with its addition, and bytes of weights, keys and values that have to come from
 * memory. All else is counted as nothing.
 */
public final class Operations {
  private Operations() {}

  /** The vision transformer on one image. */
  public static double vision(VitConfig vision) {
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
  public static double match(BlipConfig config, int[] lengths) {
    return match(config, 1, lengths);
  }

  /** The same of a video of so many frames, whose states are behind each other. */
  public static double match(BlipConfig config, int frames, int[] lengths) {
    TextConfig text = config.text();
    double width = text.width();
    double image = frames * config.vision().tokens();
    double total = 4 * image * config.vision().width() * width * text.layers();
    double token = 2 * width * (6 * width + 2 * text.feedForward()) + 4 * image * width;
    for (int length : lengths) {
      double attention = 4.0 * length * length * width;
      total += (text.layers() - 1) * (length * token + attention);
      total += length * 4 * width * width + token; // the last layer goes on with one token
    }
    return total;
  }

  /** The features of texts: the tokens that are not padding, by the unimodal encoder. */
  public static double embedTexts(BlipConfig config, int[] lengths) {
    TextConfig text = config.text();
    double width = text.width();
    double token = 2 * width * (4 * width + 2 * text.feedForward());
    double total = 0;
    for (int length : lengths) {
      total += text.layers() * (length * token + 4.0 * length * length * width);
    }
    return total;
  }

  /**
   * CapFilt's step on one image: a sampled caption; vision and two texts of 20 ids by the filter.
   */
  static double capFilt(BlipConfig config, int steps) {
    return caption(config, 1, steps) + vision(config.vision()) + match(config, Texts.equal(2));
  }

  /**
   * A step of pre-training. The backward pass has twice the products of the forward pass; momentum
   * encoders have none. Keys and values of an image are made once, for its own text, two negatives
   * and the decoder. Padding is not counted.
   *
   * @param lengths tokens of the texts, one an image
   * @param queue entries of each feature queue
   */
  static double pretrain(BlipConfig config, int[] lengths, long queue) {
    TextConfig text = config.text();
    double width = text.width();
    double image = config.vision().tokens();
    double keysValues = 4 * image * config.vision().width() * width * text.layers();
    double alone = 2 * width * (4 * width + 2 * text.feedForward());
    double grounded = alone + 4 * width * width + 4 * image * width;
    double total = 0;
    for (int length : lengths) {
      double attention = 4.0 * length * length * width;
      double encoded = text.layers() * (length * alone + attention);
      double matched = text.layers() * (length * grounded + attention);
      double head = (length - 1) * 2 * width * (width + text.vocabularySize());
      double similarities = 2 * 2 * config.embedDim() * (double) (queue + lengths.length);
      double once = vision(config.vision()) + encoded + similarities;
      total += 3 * (once + keysValues + 4 * matched + head) + once;
    }
    return total;
  }

  /**
   * Numbers that a step of pre-training reads and writes in memory: each weight by the forward and
   * the backward pass, its gradient written and read for its norm; by AdamW gradient, weight and
   * two moments read and three written; the momentum encoder's own written, read twice, and the
   * weight for it.
   */
  static double stepNumbers(long weights) {
    return 15.0 * weights;
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

  /** Texts of random tokens, as long as captions are. */
  static final class Texts {
    /** The lengths of COCO's captions, [CLS] and [SEP] counted: 32 quantiles of 1,999 captions. */
    private static final int[] COCO = {
      10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 13, 13, 13, 13,
      13, 14, 14, 14, 14, 15, 16, 17, 19
    };

    private static final int TWENTY = 20;

    private Texts() {}

    static int[] lengths(int count) {
      int[] lengths = new int[count];
      for (int i = 0; i < count; i++) {
        lengths[i] = COCO[i * 13 % COCO.length]; // long and short by turns
      }
      return lengths;
    }

    /** Texts of 20 tokens, as CapFilt's peers have them. */
    static int[] equal(int count) {
      int[] lengths = new int[count];
      Arrays.fill(lengths, TWENTY);
      return lengths;
    }

    /** Texts that begin with [ENC]. */
    static long[][] ids(TextConfig config, int[] lengths) {
      Random random = new Random(1);
      long[][] ids = new long[lengths.length][];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = random.longs(lengths[i], 0, config.vocabularySize()).toArray();
        ids[i][0] = config.tokens().enc();
      }
      return ids;
    }
  }
}
