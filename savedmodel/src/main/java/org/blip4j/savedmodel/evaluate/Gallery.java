package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Tensor;

/**
 * Images, or videos as some frames each, and the texts that belong to them.
 *
 * @param images the pictures, which are read when they are needed
 * @param frames how many pictures make an image: 1, or those of a video (blip-spec 7.7), whose
 *     feature is made of the mean of theirs before it gets length 1, and whose states are theirs
 *     behind each other
 * @param texts all of them, image by image
 * @param textsOfImage the numbers of each image's texts; may be none
 */
public record Gallery(
    Images images,
    int frames,
    ImmutableList<String> texts,
    ImmutableList<ImmutableIntArray> textsOfImage) {
  /** Images that are asked for twice, in order. */
  public interface Images {
    /** Gives all images from one on, some at a time. */
    void from(int first, Block block) throws IOException;
  }

  /** Takes the pixels {@code [B*F, S, S, 3]} of some adjacent images, F frames each. */
  public interface Block {
    void pixels(int first, Tensor pixels) throws IOException;
  }

  /** A gallery of single images. */
  public Gallery(
      Images images, ImmutableList<String> texts, ImmutableList<ImmutableIntArray> textsOfImage) {
    this(images, 1, texts, textsOfImage);
  }

  /** Checks that there is something to find. */
  public Gallery {
    if (textsOfImage.isEmpty() || texts.isEmpty()) {
      throw new IllegalArgumentException(
          "%d images and %d texts; retrieval needs at least one of each"
              .formatted(textsOfImage.size(), texts.size()));
    }
  }

  /** The features of images {@code [B][E]}, not of length 1, from those of their frames. */
  float[][] means(float[][] ofFrames) {
    float[][] means = new float[ofFrames.length / frames][ofFrames[0].length];
    for (int i = 0; i < ofFrames.length; i++) {
      for (int e = 0; e < ofFrames[i].length; e++) {
        means[i / frames][e] += ofFrames[i][e] / frames;
      }
    }
    return means;
  }

  /** How many images there are. */
  public int size() {
    return textsOfImage.size();
  }

  /** The image of each text. */
  ImmutableList<ImmutableIntArray> imagesOfText() {
    ImmutableIntArray[] all = new ImmutableIntArray[texts.size()];
    Arrays.fill(all, ImmutableIntArray.of());
    for (int image = 0; image < size(); image++) {
      ImmutableIntArray own = ImmutableIntArray.of(image);
      textsOfImage.get(image).forEach(text -> all[text] = own);
    }
    return ImmutableList.copyOf(all);
  }

  /** Some of the texts. */
  List<String> texts(int[] numbers) {
    return IntStream.of(numbers).mapToObj(texts::get).toList();
  }

  /** Tokens of each text as a model reads it, [CLS] and [SEP] counted. */
  public int[] lengths(ServingModel model) {
    TextSettings settings = model.config().textSettings();
    WordPieceTokenizer tokenizer = new WordPieceTokenizer(model.vocabulary());
    return texts.stream()
        .map(text -> CaptionText.cleanCaption(text, settings.maxWords()))
        .mapToInt(text -> tokenizer.encode(text, settings.matchTokens()).length)
        .toArray();
  }

  /** Numbers in the order of a length that each has. */
  static int[] byLength(int[] numbers, int[] lengths) {
    return IntStream.of(numbers)
        .boxed()
        .sorted(Comparator.comparingInt(number -> lengths[number]))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
