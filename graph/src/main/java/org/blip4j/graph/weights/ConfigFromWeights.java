package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.InitializerScheme;
import org.tensorflow.ndarray.Shape;

/**
 * Reads the architecture of a published model from the shapes of its tensors.
 *
 * <p>Widths, layers, patch, image size, feed-forward, vocabulary, positions, contrastive width and
 * queue are in the file. Heads are not ({@link HeadCounts}), nor are epsilons and dropout: these
 * are the published ones. [DEC] and [ENC] are taken to be the last two words, the other special
 * tokens those of BERT.
 */
public final class ConfigFromWeights {
  private static final int PUBLISHED_EMBED_DIM = 256;
  private static final VitConfig LARGE = VitConfig.large(384);

  private final WeightNames names;
  private final ImmutableMap<String, Shape> shapes;

  private ConfigFromWeights(Map<String, Shape> published, WeightNames names) {
    this.names = names;
    ImmutableMap.Builder<String, Shape> ours = ImmutableMap.builder();
    published.forEach(
        (name, shape) ->
            names
                .target(name)
                .filter(target -> !target.tied())
                .ifPresent(target -> ours.put(target.variable(), target.layout().toOurs(shape))));
    this.shapes = ours.buildOrThrow();
  }

  /**
   * Reads the architecture.
   *
   * @throws WeightFileException if the file holds another kind of model, lacks a tensor that tells
   *     a size, or its heads can't be told
   */
  public static PublishedModel read(WeightFile file, HeadCounts heads) throws WeightFileException {
    try {
      return read(Maps.transformValues(file.tensors(), StoredTensor::shape), heads);
    } catch (IllegalArgumentException e) {
      throw new WeightFileException(file.path(), e.getMessage());
    }
  }

  /**
   * Reads the architecture from published names and shapes.
   *
   * @throws IllegalArgumentException as above
   */
  public static PublishedModel read(Map<String, Shape> published, HeadCounts heads) {
    PublishedForm form = PublishedForm.of(published.keySet());
    PublishedTask task = PublishedTask.of(published.keySet());
    ConfigFromWeights reader = new ConfigFromWeights(published, WeightNames.of(form, false));
    BlipConfig config =
        new BlipConfig(
            reader.vision(heads.vision()),
            reader.text(heads.text()),
            reader.size("vision_proj/kernel", 1).orElse(PUBLISHED_EMBED_DIM),
            InitializerScheme.PUBLISHED);
    return new PublishedModel(form, task, config, reader.size("image_queue", 0));
  }

  private VitConfig vision(OptionalInt heads) {
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
            HeadCounts.orPublished(heads, "vision", width),
            VitConfig.mlpRatio(width, hidden),
            LARGE.layerNormEpsilon(),
            0);
    boolean large =
        patchSize == LARGE.patchSize()
            && config.equals(LARGE.withImageSize(config.imageSize()).withDropPath(0));
    return large ? config.withDropPath(LARGE.dropPath()) : config;
  }

  private TextConfig text(OptionalInt heads) {
    String stack =
        shapes.containsKey("text_encoder/embeddings/word_embeddings/weight")
            ? "text_encoder"
            : "text_decoder/bert";
    Shape words = required(stack + "/embeddings/word_embeddings/weight", 2);
    int vocabulary = (int) words.get(0);
    int width = (int) words.get(1);
    TextConfig published = TextConfig.base();
    SpecialTokens bert = published.tokens();
    return new TextConfig(
        vocabulary,
        width,
        layers(stack + "/encoder/layer/%d/attention/output/LayerNorm/weight"),
        HeadCounts.orPublished(heads, "text", width),
        (int) required(stack + "/encoder/layer/0/intermediate/dense/kernel", 2).get(1),
        (int) required(stack + "/embeddings/position_embeddings/weight", 2).get(0),
        published.layerNormEpsilon(),
        published.dropout(),
        new SpecialTokens(
            bert.pad(),
            bert.unk(),
            bert.cls(),
            bert.sep(),
            bert.mask(),
            vocabulary - 2,
            vocabulary - 1));
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
