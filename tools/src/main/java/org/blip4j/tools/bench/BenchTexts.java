package org.blip4j.tools.bench;

import java.util.Random;
import org.blip4j.graph.config.TextConfig;

/** Texts of random tokens, as long as captions are. */
final class BenchTexts {
  /** The lengths of COCO's captions, [CLS] and [SEP] counted: 32 quantiles of 1,999 captions. */
  private static final int[] COCO = {
    10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13,
    14, 14, 14, 14, 15, 16, 17, 19
  };

  private BenchTexts() {}

  static int[] lengths(int count) {
    int[] lengths = new int[count];
    for (int i = 0; i < count; i++) {
      lengths[i] = COCO[i * 13 % COCO.length]; // long and short by turns
    }
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
