package org.blip4j.savedmodel.signature;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Result;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.types.TFloat32;

/** Inputs of exported models: as tensors, and of shapes that do not fit. */
class ServedInputsTest {
  @TempDir private static Path folder;
  private static final Map<Task, Served> MODELS = new EnumMap<>(Task.class);
  private static FloatNdArray pixels; // of A and B

  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(17, "png");
  private static final byte[][] TEXTS = Served.bytes("a red dog", "the blue circles");
  private static final int WIDTH = 35;
  private static final int PROMPT_WIDTH = 20;

  @BeforeAll
  static void export() throws IOException {
    for (Task task : List.of(Task.PRETRAIN, Task.VQA, Task.NLVR)) {
      ModelSource model = TinyModel.write(folder.resolve("model-" + task), task);
      ModelExporter.Target target =
          new ModelExporter.Target(folder.resolve("served-" + task), 1, false);
      MODELS.put(
          task,
          new Served(ModelExporter.export(model, PredictorOptions.defaults(), target).folder()));
      if (task == Task.NLVR) {
        try (StagedModel staged = StagedModel.open(model, PredictorOptions.defaults(), own -> own);
            Result decoded = staged.decode(List.of(A, B))) {
          TFloat32 values = (TFloat32) decoded.get(0);
          pixels = NdArrays.ofFloats(values.shape());
          values.copyTo(pixels);
        }
      }
    }
  }

  @AfterAll
  static void close() {
    MODELS.values().forEach(Served::close);
  }

  /** [CLS], ids, [SEP], [PAD] up to a width. */
  private static long[] ids(int width, long... pieces) {
    long[] row = new long[width];
    row[0] = 101;
    System.arraycopy(pieces, 0, row, 1, pieces.length);
    row[pieces.length + 1] = 102;
    return row;
  }

  /** The two texts as ids. */
  private static long[][] tokens(int width) {
    return new long[][] {ids(width, 1, 4, 15), ids(width, 13, 5, 7, 11)};
  }

  private static Map<String, Object> call(Task task, String key, Object... inputs) {
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < inputs.length; i += 2) {
      named.put((String) inputs[i], inputs[i + 1]);
    }
    return MODELS.get(task).call(key, named);
  }

  private static void assertSame(Map<String, Object> expected, Map<String, Object> actual) {
    assertEquals(List.of("", ""), expected.get("status"));
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, value) -> {
          if (value instanceof float[] numbers) {
            float[] others = (float[]) actual.get(name);
            assertEquals(numbers.length, others.length, name);
            for (int i = 0; i < numbers.length; i++) {
              assertEquals(numbers[i], others[i], 1e-5 * (1 + Math.abs(numbers[i])), name);
            }
          } else if (name.equals("ranking") || name.equals("scores")) {
            for (int row = 0; row < 2; row++) {
              assertEquals(answers(value, row), answers(actual.get(name), row));
            }
          } else {
            assertEquals(value, actual.get(name), name);
          }
        });
  }

  /** The lines of a row without their numbers. */
  private static List<String> answers(Object lists, int row) {
    return ((String) ((List<?>) lists).get(row))
        .lines()
        .map(line -> line.replaceAll("[-0-9.e]+$", ""))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "caption",
    "caption_sample",
    "caption_prompted",
    "match",
    "attribution",
    "image_embedding",
    "text_embedding"
  })
  void tensorsGiveWhatFilesAndTextsGive(String key) {
    String text = key.equals("caption_prompted") ? "prompt" : "text";
    int width = key.equals("caption_prompted") ? PROMPT_WIDTH : WIDTH;
    Map<String, Object> bytes = new LinkedHashMap<>();
    Map<String, Object> tensors = new LinkedHashMap<>();
    if (!key.equals("text_embedding")) {
      bytes.put("image_bytes", new byte[][] {A, B});
      tensors.put("pixels", pixels);
    }
    if (List.of("caption_prompted", "match", "attribution", "text_embedding").contains(key)) {
      bytes.put(text, TEXTS);
      tensors.put("token_ids", tokens(width));
    }
    if (key.equals("caption_sample")) {
      bytes.put("seed", new long[] {7, 8});
      tensors.put("seed", new long[] {7, 8});
    }
    Served model = MODELS.get(Task.PRETRAIN);
    assertSame(model.call(key, bytes), model.call(key + "_tensor", tensors));
  }

  @Test
  void tensorsOfQuestionsAndStatementsGiveWhatTextsGive() {
    byte[][] images = {A, B};
    assertSame(
        call(Task.VQA, "vqa", "image_bytes", images, "question", TEXTS),
        call(Task.VQA, "vqa_tensor", "pixels", pixels, "token_ids", tokens(WIDTH)));
    byte[][] lists = Served.bytes("red\nblue", "dog");
    long[] most = {2, 2};
    assertSame(
        call(
            Task.VQA,
            "vqa_rank",
            "image_bytes",
            images,
            "question",
            TEXTS,
            "answers",
            lists,
            "top_k",
            most),
        call(
            Task.VQA,
            "vqa_rank_tensor",
            "pixels",
            pixels,
            "token_ids",
            tokens(WIDTH),
            "answers",
            lists,
            "top_k",
            most));
    assertSame(
        call(Task.NLVR, "nlvr", "left_bytes", images, "right_bytes", images, "statement", TEXTS),
        call(
            Task.NLVR,
            "nlvr_tensor",
            "left_pixels",
            pixels,
            "right_pixels",
            pixels,
            "token_ids",
            tokens(WIDTH)));
  }

  @Test
  void tokensThatAreNoneFailTheirOwnRow() {
    long[][] rows = tokens(WIDTH);
    FloatNdArray first = NdArrays.ofFloats(Shape.of(4, 32, 32, 3));
    for (int i = 0; i < 4; i++) {
      pixels.get(0).copyTo(first.get(i));
    }
    long[] unknown = ids(WIDTH, 1, 120, 15);
    long[] open = rows[0].clone();
    open[4] = 0;
    Map<String, Object> outputs =
        call(
            Task.PRETRAIN,
            "match_tensor",
            "pixels",
            first,
            "token_ids",
            new long[][] {rows[0], unknown, open, new long[WIDTH]});

    List<?> status = (List<?>) outputs.get("status");
    assertEquals("", status.get(0));
    assertEquals("token_ids has ids that are not from 0 to 119", status.get(1));
    assertTrue(((String) status.get(2)).startsWith("token_ids does not end with [SEP]"));
    assertTrue(((String) status.get(3)).startsWith("token_ids does not end with [SEP]"));
    float[] probabilities = (float[]) outputs.get("itm_probability");
    Map<String, Object> alone =
        call(
            Task.PRETRAIN,
            "match",
            "image_bytes",
            new byte[][] {A},
            "text",
            new byte[][] {TEXTS[0]});
    assertEquals(((float[]) alone.get("itm_probability"))[0], probabilities[0], 1e-5);
    assertEquals(0, probabilities[1] + probabilities[2] + probabilities[3]);
  }

  private static void assertRefused(String message, Task task, String key, Object... inputs) {
    Exception e = assertThrows(TFInvalidArgumentException.class, () -> call(task, key, inputs));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void rowsThatAreNotAsManyAreRefusedInWords() {
    byte[][] two = {A, B};
    byte[][] three = {A, B, A};
    String more = " has the shape [%s], but there are %d rows of image_bytes; give one ";
    assertRefused(
        "seed" + more.formatted("1", 2) + "seed a row",
        Task.PRETRAIN,
        "caption_sample",
        "image_bytes",
        two,
        "seed",
        new long[] {1});
    assertRefused(
        "prompt" + more.formatted("2", 3),
        Task.PRETRAIN,
        "caption_prompted",
        "image_bytes",
        three,
        "prompt",
        TEXTS);
    assertRefused(
        "text" + more.formatted("2", 1),
        Task.PRETRAIN,
        "match",
        "image_bytes",
        new byte[][] {A},
        "text",
        TEXTS);
    assertRefused(
        "question" + more.formatted("2", 3),
        Task.VQA,
        "vqa",
        "image_bytes",
        three,
        "question",
        TEXTS);
    assertRefused(
        "top_k" + more.formatted("1", 2),
        Task.VQA,
        "vqa_rank",
        "image_bytes",
        two,
        "question",
        TEXTS,
        "answers",
        TEXTS,
        "top_k",
        new long[] {1});
    assertRefused(
        "right_bytes has the shape [3], but there are 2 rows of left_bytes",
        Task.NLVR,
        "nlvr",
        "left_bytes",
        two,
        "right_bytes",
        three,
        "statement",
        TEXTS);
    assertRefused(
        "text" + more.formatted("2", 0),
        Task.PRETRAIN,
        "match",
        "image_bytes",
        new byte[0][],
        "text",
        TEXTS);
  }

  @Test
  void otherShapesAreRefusedInWords() {
    assertRefused(
        "image_bytes has the shape [1 2], not [rows]; give one image_bytes a row",
        Task.PRETRAIN,
        "caption",
        "image_bytes",
        new byte[][][] {{A, B}});
    assertRefused(
        "pixels has the shape [2 32 31 3], this model takes [rows 32 32 3]",
        Task.PRETRAIN,
        "caption_tensor",
        "pixels",
        NdArrays.ofFloats(Shape.of(2, 32, 31, 3)));
    assertRefused(
        "token_ids has the shape [2 20], this model takes [rows 35]",
        Task.PRETRAIN,
        "text_embedding_tensor",
        "token_ids",
        tokens(20));
    long[][] column = {{7}, {8}};
    byte[][] two = {A, B};
    assertEquals(
        call(Task.PRETRAIN, "caption_sample", "image_bytes", two, "seed", new long[] {7, 8})
            .get("caption"),
        call(Task.PRETRAIN, "caption_sample", "image_bytes", two, "seed", column).get("caption"));
  }

  /** Where the graph says that an input is a vector, TensorFlow leaves away what checks that. */
  @ParameterizedTest
  @CsvSource({"PRETRAIN", "VQA", "NLVR"})
  void onlyTheSignatureSaysThatInputsAreVectors(Task task) throws IOException {
    Path file = folder.resolve("served-" + task).resolve("1").resolve("saved_model.pb");
    MetaGraphDef exported = SavedModel.parseFrom(Files.readAllBytes(file)).getMetaGraphs(0);
    Map<String, NodeDef> nodes = new HashMap<>();
    exported.getGraphDef().getNodeList().forEach(node -> nodes.put(node.getName(), node));
    int vectors = 0;
    for (SignatureDef signature : exported.getSignatureDefMap().values()) {
      for (TensorInfo input : signature.getInputsMap().values()) {
        if (input.getTensorShape().getDimCount() == 1) {
          NodeDef node = nodes.get(input.getName().replace(":0", ""));
          AttrValue shape = node.getAttrOrDefault("shape", AttrValue.getDefaultInstance());
          assertEquals(0, shape.getShape().getDimCount(), node.getName());
          assertTrue(!shape.hasShape() || shape.getShape().getUnknownRank(), node.getName());
          vectors++;
        }
      }
    }
    assertTrue(vectors >= 6, vectors + " inputs");
  }
}
