package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Initializer;
import org.tensorflow.ndarray.Shape;

/**
 * What the names and shapes of a weight file say about its model.
 *
 * <p>Widths, layers, patch, image size, feed-forward, vocabulary, positions, contrastive width and
 * queue are in the file. Heads and special tokens are not ({@link Given}), nor are epsilons and
 * dropout: these are the published ones.
 *
 * @param form whose names the file has
 * @param task which of the published models it is
 * @param config the architecture
 * @param queueSize entries of the feature queues, if the file has them
 */
public record PublishedModel(
    PublishedForm form, PublishedTask task, BlipConfig config, OptionalInt queueSize) {
  private static final int PUBLISHED_EMBED_DIM = 256;
  private static final int HEAD_WIDTH = 64;
  private static final VitConfig LARGE = VitConfig.large(384);
  private static final WeightNames OFFICIAL = WeightNames.of(PublishedForm.OFFICIAL, false);

  /**
   * What no tensor tells.
   *
   * @param visionHeads heads of the image encoder; where not given, one for each 64 units of width,
   *     as in all published models
   * @param textHeads heads of the text transformer; the same
   * @param tokens the special tokens; where not given, those of BERT, and [DEC] and [ENC] as the
   *     last two words
   */
  public record Given(
      OptionalInt visionHeads, OptionalInt textHeads, Optional<TextConfig.SpecialTokens> tokens) {
    /** Nothing. */
    public static Given nothing() {
      return new Given(OptionalInt.empty(), OptionalInt.empty(), Optional.empty());
    }

    /** The heads of both. */
    public static Given heads(int vision, int text) {
      return new Given(OptionalInt.of(vision), OptionalInt.of(text), Optional.empty());
    }

    /** The same with the special tokens of a vocabulary. */
    public Given withTokens(TextConfig.SpecialTokens other) {
      return new Given(visionHeads, textHeads, Optional.of(other));
    }
  }

  /**
   * Reads the architecture.
   *
   * @throws WeightFileException if the file holds another kind of model, lacks a tensor that tells
   *     a size, or its heads can't be told
   */
  public static PublishedModel read(WeightFile file, Given given) throws WeightFileException {
    try {
      return read(Maps.transformValues(file.tensors(), StoredTensor::shape), given);
    } catch (IllegalArgumentException e) {
      throw new WeightFileException(file.path(), e.getMessage());
    }
  }

  /**
   * Reads the architecture from published names and shapes.
   *
   * @throws IllegalArgumentException as above
   */
  public static PublishedModel read(Map<String, Shape> published, Given given) {
    PublishedForm form = PublishedForm.of(published.keySet());
    PublishedTask task = PublishedTask.of(published.keySet());
    Reader reader = new Reader(published, WeightNames.of(form, false), given);
    BlipConfig config =
        new BlipConfig(
            reader.vision(),
            reader.text(),
            reader.size("vision_proj/kernel", 1).orElse(PUBLISHED_EMBED_DIM),
            Initializer.Scheme.PUBLISHED);
    return new PublishedModel(form, task, config, reader.size("image_queue", 0));
  }

  /**
   * The image encoder alone, from names with {@code visual_encoder.} before them.
   *
   * @throws IllegalArgumentException as above
   */
  static VitConfig vision(Map<String, Shape> published) {
    return new Reader(published, OFFICIAL, Given.nothing()).vision();
  }

  /**
   * The text transformer alone, from names with {@code text_encoder.} before them.
   *
   * @param vocabulary whose special tokens it knows
   * @throws IllegalArgumentException as above
   */
  static TextConfig text(Map<String, Shape> published, Vocabulary vocabulary) {
    TextConfig.SpecialTokens tokens = TextConfig.SpecialTokens.of(vocabulary);
    return new Reader(published, OFFICIAL, Given.nothing().withTokens(tokens)).text();
  }

  /** The shapes under our names. */
  private static final class Reader {
    private final WeightNames names;
    private final Given given;
    private final ImmutableMap<String, Shape> shapes;

    private Reader(Map<String, Shape> published, WeightNames names, Given given) {
      this.names = names;
      this.given = given;
      ImmutableMap.Builder<String, Shape> ours = ImmutableMap.builder();
      published.forEach(
          (name, shape) ->
              names
                  .target(name)
                  .filter(target -> !target.tied())
                  .ifPresent(target -> ours.put(target.variable(), target.layout().toOurs(shape))));
      this.shapes = ours.buildOrThrow();
    }

    private VitConfig vision() {
      Shape patch = required("visual_encoder/patch_embed/proj/kernel", 4);
      Shape positions = required("visual_encoder/pos_embed", 3);
      int width = (int) patch.get(3);
      int patchSize = (int) patch.get(0);
      int grid = (int) Math.round(Math.sqrt((double) (positions.get(1) - 1)));
      long hidden = required("visual_encoder/blocks/0/mlp/fc1/kernel", 2).get(1);
      if ((long) grid * grid != positions.get(1) - 1) {
        throw new IllegalArgumentException(
            "image encoder of width %d with %d positions, not a square and one: not a BLIP model"
                .formatted(width, positions.get(1)));
      }
      VitConfig config =
          new VitConfig(
              grid * patchSize,
              patchSize,
              width,
              layers("visual_encoder/blocks/%d/norm1/weight"),
              heads(given.visionHeads(), "vision", width),
              VitConfig.mlpRatio(width, hidden),
              LARGE.layerNormEpsilon(),
              0);
      boolean large =
          patchSize == LARGE.patchSize()
              && config.equals(LARGE.withImageSize(config.imageSize()).withDropPath(0));
      return large ? config.withDropPath(LARGE.dropPath()) : config;
    }

    private TextConfig text() {
      String stack =
          shapes.containsKey("text_encoder/embeddings/word_embeddings/weight")
              ? "text_encoder"
              : "text_decoder/bert";
      Shape words = required(stack + "/embeddings/word_embeddings/weight", 2);
      int vocabulary = (int) words.get(0);
      int width = (int) words.get(1);
      TextConfig published = TextConfig.base();
      return new TextConfig(
          vocabulary,
          width,
          layers(stack + "/encoder/layer/%d/attention/output/LayerNorm/weight"),
          heads(given.textHeads(), "text", width),
          (int) required(stack + "/encoder/layer/0/intermediate/dense/kernel", 2).get(1),
          (int) required(stack + "/embeddings/position_embeddings/weight", 2).get(0),
          published.layerNormEpsilon(),
          published.dropout(),
          given.tokens().orElseGet(() -> lastTwo(vocabulary)));
    }

    private static TextConfig.SpecialTokens lastTwo(int vocabulary) {
      TextConfig.SpecialTokens bert = TextConfig.SpecialTokens.BERT;
      return new TextConfig.SpecialTokens(
          bert.pad(),
          bert.unk(),
          bert.cls(),
          bert.sep(),
          bert.mask(),
          vocabulary - 2,
          vocabulary - 1);
    }

    private static int heads(OptionalInt given, String part, int width) {
      if (given.isEmpty() && width % HEAD_WIDTH != 0) {
        throw new IllegalArgumentException(
            "the %s heads can't be told from width %d, which is not a multiple of 64; give them in a"
                    .formatted(part, width)
                + " configuration");
      }
      return given.orElse(width / HEAD_WIDTH);
    }

    private int layers(String pattern) {
      int layers = 0;
      while (shapes.containsKey(pattern.formatted(layers))) {
        layers++;
      }
      return layers;
    }

    private OptionalInt size(String variable, int axis) {
      Optional<Shape> shape = Optional.ofNullable(shapes.get(variable));
      return shape.isEmpty() ? OptionalInt.empty() : OptionalInt.of((int) shape.get().get(axis));
    }

    private Shape required(String variable, int rank) {
      Shape shape = shapes.get(variable);
      if (shape == null || shape.numDimensions() != rank) {
        throw new IllegalArgumentException(
            "the size of the model can't be told: tensor %s %s"
                .formatted(
                    names.published(variable).get(0).name(),
                    shape == null ? "is missing" : "has shape " + shape));
      }
      return shape;
    }
  }
}
