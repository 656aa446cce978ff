package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Cuts a call into parts that are computed one after another, each within about so many bytes.
 *
 * <p>Rows with the same image are in one part as far as they fit, since a part encodes each of its
 * images once. Bytes are estimates from the sizes of the model: what encoding an image holds at its
 * widest, what a file of a format that the graph does not read holds while it is converted, and
 * what a row of texts reads of its image in the text layers.
 *
 * @param budget bytes of a part
 * @param config the model's sizes
 */
record CallParts(long budget, ModelConfig config) {
  private static final long FLOAT = 4;

  /** Copies of a state that are alive at once in a layer: input, queries, keys, values, hidden. */
  private static final long COPIES = 14;

  /** The rows of each part; one row at least, and together all rows. */
  List<int[]> of(ServingSignature signature, CallInputs inputs) {
    long image = imageBytes();
    long row = rowBytes(signature, inputs);
    int most = signature == ServingSignature.NLVR ? 2 : 1;
    if (inputs.rows() * (most * image + row) + inputs.convertedBytes() <= budget) {
      // even if all images are different
      return List.of(range(inputs.rows()));
    }
    int[][] images = inputs.images();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < inputs.rows(); i++) {
      order.add(i);
    }
    if (images[0].length > 0) {
      order.sort(Comparator.comparingInt(i -> images[i][0])); // stable
    }
    List<int[]> parts = new ArrayList<>();
    List<Integer> open = new ArrayList<>();
    Set<Integer> encoded = new HashSet<>();
    long bytes = 0;
    for (int i : order) {
      long more = row + bytes(inputs, i, images[i], encoded);
      if (!open.isEmpty() && bytes + more > budget) {
        parts.add(open.stream().mapToInt(Integer::intValue).toArray());
        open.clear();
        encoded.clear();
        bytes = 0;
        more = row + bytes(inputs, i, images[i], encoded);
      }
      open.add(i);
      bytes += more;
      Arrays.stream(images[i]).forEach(encoded::add);
    }
    parts.add(open.stream().mapToInt(Integer::intValue).toArray());
    return parts;
  }

  /** What the images of a row hold beside those that are encoded. */
  private long bytes(CallInputs inputs, int row, int[] images, Set<Integer> encoded) {
    long bytes = 0;
    for (int i = 0; i < images.length; i++) {
      if (!encoded.contains(images[i]) && (i == 0 || images[i] != images[0])) {
        bytes += imageBytes() + inputs.convertedBytes(row, i);
      }
    }
    return bytes;
  }

  private static int[] range(int rows) {
    int[] all = new int[rows];
    Arrays.setAll(all, i -> i);
    return all;
  }

  private long imageBytes() {
    VitConfig vision = config.architecture().vision();
    long states = (long) vision.tokens() * vision.width();
    long scores = 2L * vision.heads() * vision.tokens() * vision.tokens();
    long pixels = 6L * vision.imageSize() * vision.imageSize();
    return FLOAT * (pixels + COPIES * states + scores);
  }

  private long rowBytes(ServingSignature signature, CallInputs inputs) {
    BlipConfig sizes = config.architecture();
    TextConfig text = sizes.text();
    long attended = FLOAT * sizes.vision().tokens() * text.width();
    long tokens = config.textSettings().matchTokens();
    long layer =
        FLOAT * tokens * (COPIES * text.width() + 2L * text.heads() * sizes.vision().tokens());
    return switch (signature) {
      case IMAGE_EMBEDDING -> 0;
      case TEXT_EMBEDDING -> layer;
      case CAPTION, CAPTION_PROMPTED, CAPTION_SAMPLE -> attended * (1 + 2L * text.layers());
      case MATCH, NLVR, CAPFILT -> layer + 4 * attended;
      case ATTRIBUTION, DIALOGUE_RANK -> text.layers() * (layer + 4 * attended);
      case VQA -> layer + attended * 2 * text.layers();
      case VQA_RANK ->
          layer
              + attended * 2 * text.layers()
              + inputs.candidates() * FLOAT * 8 * (text.vocabularySize() + text.width());
    };
  }
}
