package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.PublishedTask;

/** Writes all files of a Hugging Face folder but the weights. */
public final class HuggingFaceFolder {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final ImmutableMap<String, String> SPECIALS =
      ImmutableMap.of(
          "cls_token", "[CLS]",
          "mask_token", "[MASK]",
          "pad_token", "[PAD]",
          "sep_token", "[SEP]",
          "unk_token", "[UNK]");
  private static final int LONGEST = 512;

  private HuggingFaceFolder() {}

  /**
   * The class of transformers for a task.
   *
   * @throws IllegalArgumentException if there is none
   */
  private static HuggingFaceClass requireClass(Task task) {
    return find(task)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Hugging Face has no class for a %s model; give one of the tasks %s"
                        .formatted(
                            word(task),
                            Arrays.stream(Task.values())
                                .filter(other -> find(other).isPresent())
                                .map(HuggingFaceFolder::word)
                                .toList())));
  }

  private static Optional<HuggingFaceClass> find(Task task) {
    return Arrays.stream(PublishedTask.values())
        .filter(published -> published.task().filter(own -> own == task).isPresent())
        .findFirst()
        .flatMap(HuggingFaceClass::of);
  }

  private static String word(Task task) {
    return task.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The class of transformers for a model.
   *
   * @throws IllegalArgumentException if there is none, or it cannot have the model's sizes
   */
  public static HuggingFaceClass requireClass(ModelConfig model) {
    HuggingFaceClass type = requireClass(model.task());
    int image = model.architecture().vision().width();
    int text = model.architecture().text().width();
    if (type == HuggingFaceClass.VQA && image != text) {
      throw new IllegalArgumentException(
          "the answers of %s attend states of the image's width %d; this model's attend the question's of width %d"
              .formatted(type.className(), image, text));
    }
    return type;
  }

  /** Writes configuration, tokenizer and image preparation. */
  public static void write(Path folder, ModelConfig model, Vocabulary vocabulary)
      throws IOException {
    HuggingFaceClass type = requireClass(model);
    HuggingFaceConfig config =
        new HuggingFaceConfig(Optional.of(type), model.architecture(), model.labelSmoothing());
    write(folder, "config.json", config.toJson());
    if (type != HuggingFaceClass.RETRIEVAL) {
      write(folder, "generation_config.json", config.generationJson());
    }
    int side = model.architecture().vision().imageSize();
    write(folder, "preprocessor_config.json", ImagePreparation.toJson(side));
    write(folder, "tokenizer_config.json", tokenizer(vocabulary));
    ObjectNode specials = JsonNodeFactory.instance.objectNode();
    SPECIALS.forEach(specials::put);
    write(folder, "special_tokens_map.json", specials);
    AtomicFile.write(
        folder.resolve("vocab.txt"),
        (String.join("\n", published(vocabulary)) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** [DEC] and [ENC] are in the model only, if they are the last two. */
  private static List<String> published(Vocabulary vocabulary) {
    ImmutableList<String> tokens = vocabulary.tokens();
    int size = tokens.size() - 2;
    boolean last = vocabulary.decode() == size && vocabulary.encode() == size + 1;
    return last ? tokens.subList(0, size) : tokens;
  }

  private static ObjectNode tokenizer(Vocabulary vocabulary) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ObjectNode added = node.putObject("added_tokens_decoder");
    List<Integer> ids =
        List.of(
            vocabulary.pad(),
            vocabulary.unknown(),
            vocabulary.classify(),
            vocabulary.separator(),
            vocabulary.mask());
    for (int id : ids) {
      ObjectNode token = added.putObject(Integer.toString(id));
      token.put("content", vocabulary.token(id));
      for (String flag : new String[] {"lstrip", "normalized", "rstrip", "single_word"}) {
        token.put(flag, false);
      }
      token.put("special", true);
    }
    node.put("clean_up_tokenization_spaces", true);
    node.put("do_basic_tokenize", true);
    node.put("do_lower_case", true);
    node.put("model_max_length", LONGEST);
    node.putNull("never_split");
    node.put("processor_class", "BlipProcessor");
    node.putNull("strip_accents");
    node.put("tokenize_chinese_chars", true);
    node.put("tokenizer_class", "BertTokenizer");
    for (Map.Entry<String, String> special : SPECIALS.entrySet()) {
      node.put(special.getKey(), special.getValue());
    }
    return node;
  }

  private static void write(Path folder, String name, JsonNode content) throws IOException {
    AtomicFile.write(folder.resolve(name), JSON.writeValueAsBytes(content));
  }

  /** Finds the word pieces of a folder: {@code vocab.txt}, otherwise {@code tokenizer.json}. */
  public static final class VocabularyFiles {
    private VocabularyFiles() {}

    /**
     * The vocabulary of a folder; empty if it has neither file.
     *
     * @throws IOException if the file that is there cannot be used; says why
     */
    public static Optional<Vocabulary> find(Path folder) throws IOException {
      Path lines = folder.resolve("vocab.txt");
      if (Files.isRegularFile(lines)) {
        return Optional.of(Vocabulary.read(lines));
      }
      Path tokenizer = folder.resolve("tokenizer.json");
      return Files.isRegularFile(tokenizer)
          ? Optional.of(readTokenizer(tokenizer))
          : Optional.empty();
    }

    /**
     * The content of a JSON file.
     *
     * @throws IOException that names file and line, if it is not JSON
     */
    public static JsonNode json(Path file) throws IOException {
      try {
        return JsonFile.read(file).tree();
      } catch (IllegalArgumentException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    private static Vocabulary readTokenizer(Path file) throws IOException {
      JsonNode tokenizer = json(file);
      String type = tokenizer.path("model").path("type").asText("WordPiece");
      if (!type.equals("WordPiece")) {
        throw new IOException(file + ": a tokenizer of type " + type + "; BLIP needs WordPiece");
      }
      Map<Integer, String> tokens = new TreeMap<>();
      for (Map.Entry<String, JsonNode> entry : tokenizer.path("model").path("vocab").properties()) {
        put(file, tokens, entry.getValue().asInt(-1), entry.getKey());
      }
      for (JsonNode added : tokenizer.path("added_tokens")) {
        put(file, tokens, added.path("id").asInt(-1), added.path("content").asText());
      }
      List<String> inOrder = new ArrayList<>();
      for (Map.Entry<Integer, String> entry : tokens.entrySet()) {
        if (entry.getKey() != inOrder.size()) {
          throw new IOException(file + ": no word piece has the id " + inOrder.size());
        }
        inOrder.add(entry.getValue());
      }
      try {
        return Vocabulary.of(inOrder);
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }

    private static void put(Path file, Map<Integer, String> tokens, int id, String token)
        throws IOException {
      String before = tokens.putIfAbsent(id, token);
      if (before != null && !before.equals(token)) {
        throw new IOException(
            "%s: the id %d belongs to both '%s' and '%s'".formatted(file, id, before, token));
      }
    }
  }
}
