package org.blip4j.savedmodel.testing;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;

/** A model folder of random weights that are large enough to make captions differ. */
public final class TinyModel {
  private static final List<String> WORDS =
      List.of(
          "a", "picture", "of", "red", "blue", "green", "circle", "square", "small", "large", "##s",
          "and", "the", ",", "dog", "cat");

  private TinyModel() {}

  /** 118 word pieces, [DEC] and [ENC]. */
  public static Vocabulary vocabulary() {
    List<String> tokens = new ArrayList<>();
    for (int id = 0; id < 120; id++) {
      tokens.add(
          switch (id) {
            case 0 -> "[PAD]";
            case 100 -> "[UNK]";
            case 101 -> "[CLS]";
            case 102 -> "[SEP]";
            case 103 -> "[MASK]";
            case 118 -> "[DEC]";
            case 119 -> "[ENC]";
            default -> id <= WORDS.size() ? WORDS.get(id - 1) : "word" + id;
          });
    }
    return Vocabulary.of(tokens);
  }

  private static ModelConfig config(Task task) {
    return ModelConfig.of(
        task,
        BlipConfig.tiny(),
        task.answers()
            ? TextSettings.published(task)
            : new TextSettings("a picture of ", 30, 35, 5, 20),
        new ModelConfig.Provenance("test", "test", "unknown", 0));
  }

  /** Writes a model folder. */
  public static ModelSource.Folder write(Path path, Task task) throws IOException {
    return write(path, task, 5);
  }

  /** Writes a model folder with weights drawn from a seed. */
  public static ModelSource.Folder write(Path path, Task task, long seed) throws IOException {
    return write(path, task, seed, 1);
  }

  /**
   * Writes a model folder with weights drawn from a seed.
   *
   * @param width of the weights as a share of the usual one; narrow ones round less, so that
   *     numbers that are computed in another order differ as little as those of a trained model
   */
  public static ModelSource.Folder write(Path path, Task task, long seed, float width)
      throws IOException {
    Files.createDirectories(path);
    ModelFolder folder = new ModelFolder(path);
    ModelConfig config = config(task);
    ConfigJson.write(folder.configFile(), config);
    vocabulary().write(folder.vocabularyFile());
    ServingModel model = new ServingModel(config, vocabulary());
    Random random = new Random(seed);
    try (ServingGraph graph = ServingGraph.build(model, ServingSettings.of(config.textSettings()));
        TensorBundleWriter writer = TensorBundleWriter.create(folder.variables())) {
      for (Variable<?> variable : graph.variables()) {
        float[] values = new float[Math.toIntExact(variable.shape().size())];
        for (int i = 0; i < values.length; i++) {
          values[i] =
              start(variable.name())
                  + (float) random.nextGaussian() * spread(variable.name()) * width;
        }
        writer.add(variable.name(), variable.shape(), values);
      }
      writer.finish();
    }
    return new ModelSource.Folder(folder);
  }

  private static float start(String name) {
    return name.matches(".*(LayerNorm|norm[12]?)/weight") ? 1f : 0f;
  }

  /** Wide enough for images and positions to matter more than the token before. */
  private static float spread(String name) {
    return name.endsWith("kernel") ? 0.8f : name.contains("word_embeddings") ? 0.3f : 0.5f;
  }

  /** A picture with a coloured block, as a JPEG or PNG file. */
  public static byte[] image(int seed, String format) {
    BufferedImage image = new BufferedImage(48, 40, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(seed);
    int back = random.nextInt(1 << 24);
    int front = random.nextInt(1 << 24);
    for (int y = 0; y < 40; y++) {
      for (int x = 0; x < 48; x++) {
        image.setRGB(x, y, x > 10 && x < 20 + seed % 20 && y > 8 && y < 30 ? front : back);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, format, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
