package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a Hugging Face folder prepares images: its {@code preprocessor_config.json}, or what a {@code
 * processor_config.json}, as transformers 5 writes it, holds under {@code image_processor}. BLIP
 * does it in one way: resized to a square, bicubic, scaled to 1, normalised by CLIP's constants
 * (blip-spec 2.1).
 */
public final class ImagePreparation {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] DEVIATION = {0.26862954, 0.26130258, 0.27577711};
  private static final double SCALE = 0.00392156862745098;
  private static final int BICUBIC = 3;
  private static final double TOLERANCE = 1e-6;

  /** The file's name. */
  public static final String FILE = "preprocessor_config.json";

  /** The name of the file that has it in transformers 5. */
  public static final String NEWER_FILE = "processor_config.json";

  private ImagePreparation() {}

  /** The file's content for square images of a size. */
  public static ObjectNode toJson(int imageSize) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("image_processor_type", "BlipImageProcessor");
    node.put("processor_class", "BlipProcessor");
    node.put("do_convert_rgb", true);
    node.put("do_normalize", true);
    node.put("do_rescale", true);
    node.put("do_resize", true);
    put(node.putArray("image_mean"), MEAN);
    put(node.putArray("image_std"), DEVIATION);
    node.put("resample", BICUBIC);
    node.put("rescale_factor", SCALE);
    node.putObject("size").put("height", imageSize).put("width", imageSize);
    return node;
  }

  private static void put(ArrayNode array, double[] values) {
    for (double value : values) {
      array.add(value);
    }
  }

  /**
   * Checks that a folder does not ask for another way; a folder without the file asks for nothing.
   *
   * @throws IOException naming the value that is another
   */
  public static void require(Path folder, int imageSize) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.isRegularFile(file)) {
      require(file, HuggingFaceFolder.VocabularyFiles.json(file), imageSize);
      return;
    }
    Path newer = folder.resolve(NEWER_FILE);
    if (Files.isRegularFile(newer)) {
      require(
          newer, HuggingFaceFolder.VocabularyFiles.json(newer).path("image_processor"), imageSize);
    }
  }

  private static void require(Path file, JsonNode node, int imageSize) throws IOException {
    for (String step : new String[] {"do_resize", "do_rescale", "do_normalize"}) {
      if (!node.path(step).asBoolean(true)) {
        throw other(file, step, node.path(step), "true");
      }
    }
    requireNumbers(file, node, "image_mean", MEAN);
    requireNumbers(file, node, "image_std", DEVIATION);
    requireNumber(file, "resample", node.path("resample"), BICUBIC);
    requireNumber(file, "rescale_factor", node.path("rescale_factor"), SCALE);
    JsonNode size = node.path("size");
    requireNumber(file, "size.height", size.isNumber() ? size : size.path("height"), imageSize);
    requireNumber(file, "size.width", size.isNumber() ? size : size.path("width"), imageSize);
  }

  private static void requireNumbers(Path file, JsonNode node, String key, double[] expected)
      throws IOException {
    for (int i = 0; i < expected.length; i++) {
      requireNumber(file, key + "[" + i + "]", node.path(key).path(i), expected[i]);
    }
  }

  private static void requireNumber(Path file, String key, JsonNode value, double expected)
      throws IOException {
    if (value.isNumber() && Math.abs(value.doubleValue() - expected) > TOLERANCE) {
      throw other(file, key, value, Double.toString(expected));
    }
  }

  private static IOException other(Path file, String key, JsonNode value, String expected) {
    return new IOException(
        "%s: %s is %s; this program prepares images with %s".formatted(file, key, value, expected));
  }
}
