package org.blip4j.savedmodel.signature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What exported models say of texts that they cannot read or only in part, and of no rows. */
class RowStatusTest {
  @TempDir private static Path folder;
  private static final Map<Task, Served> MODELS = new EnumMap<>(Task.class);

  private static final byte[] IMAGE = TinyModel.image(1, "jpg");
  private static final byte[] LATIN1 = {'c', 'a', 'f', (byte) 0xe9};
  private static final String GOOD = "a red dog";

  @BeforeAll
  static void export() throws IOException {
    for (Task task : List.of(Task.PRETRAIN, Task.VQA, Task.NLVR)) {
      ModelExporter.Exported exported =
          ModelExporter.export(
              TinyModel.write(folder.resolve("model-" + task), task),
              PredictorOptions.defaults(),
              new ModelExporter.Target(folder.resolve("served-" + task), 1, false));
      MODELS.put(task, new Served(exported.folder()));
    }
  }

  @AfterAll
  static void close() {
    MODELS.values().forEach(Served::close);
  }

  private static Task task(ServingSignature signature) {
    return MODELS.keySet().stream().filter(signature::supportedBy).findFirst().orElseThrow();
  }

  /** Inputs for rows of one image each whose text is given. */
  private static Map<String, Object> inputs(ServingSignature signature, byte[]... texts) {
    int rows = texts.length;
    byte[][] images = new byte[rows][];
    byte[][] lists = new byte[rows][];
    byte[][] questions = new byte[rows][];
    long[] numbers = new long[rows];
    for (int i = 0; i < rows; i++) {
      images[i] = IMAGE;
      lists[i] = Served.bytes("red\nblue")[0];
      questions[i] = Served.bytes(GOOD)[0];
      numbers[i] = 2;
    }
    Map<String, Object> inputs = new LinkedHashMap<>();
    switch (signature) {
      case CAPTION, IMAGE_EMBEDDING -> inputs.put(ServingSignature.IMAGE_BYTES, images);
      case CAPTION_PROMPTED -> {
        inputs.put(ServingSignature.IMAGE_BYTES, images);
        inputs.put(ServingSignature.PROMPT, texts);
      }
      case CAPTION_SAMPLE -> {
        inputs.put(ServingSignature.IMAGE_BYTES, images);
        inputs.put(ServingSignature.SEED, numbers);
      }
      case MATCH, ATTRIBUTION -> {
        inputs.put(ServingSignature.IMAGE_BYTES, images);
        inputs.put(ServingSignature.TEXT, texts);
      }
      case TEXT_EMBEDDING -> inputs.put(ServingSignature.TEXT, texts);
      case NLVR -> {
        inputs.put(ServingSignature.LEFT_BYTES, images);
        inputs.put(ServingSignature.RIGHT_BYTES, images);
        inputs.put(ServingSignature.STATEMENT, texts);
      }
      case VQA -> {
        inputs.put(ServingSignature.IMAGE_BYTES, images);
        inputs.put(ServingSignature.QUESTION, texts);
      }
      case CAPFILT, DIALOGUE_RANK -> throw new IllegalArgumentException(signature.key());
      case VQA_RANK -> {
        inputs.put(ServingSignature.IMAGE_BYTES, images);
        inputs.put(ServingSignature.QUESTION, questions);
        inputs.put(ServingSignature.ANSWERS, texts.length == 0 ? lists : texts);
        inputs.put(ServingSignature.TOP_K, numbers);
      }
    }
    return inputs;
  }

  private static Map<String, Object> call(ServingSignature signature, byte[]... texts) {
    return MODELS.get(task(signature)).call(signature.key(), inputs(signature, texts));
  }

  private static String status(Map<String, Object> outputs, int row) {
    return (String) ((List<?>) outputs.get(ServingSignature.STATUS)).get(row);
  }

  /** What rows of any output are worth, the status aside. */
  private static void assertSameRow(Map<String, Object> one, int row, Map<String, Object> other) {
    int rows = ((List<?>) one.get(ServingSignature.STATUS)).size();
    one.forEach(
        (name, value) -> {
          if (name.equals(ServingSignature.RANKING) || name.equals(ServingSignature.SCORES)) {
            assertEquals(
                lines(((List<?>) other.get(name)).get(0)), lines(((List<?>) value).get(row)));
          } else if (value instanceof List<?> texts) {
            assertEquals(((List<?>) other.get(name)).get(0), texts.get(row), name);
          } else {
            float[] all = (float[]) value;
            float[] alone = (float[]) other.get(name);
            int width = all.length / rows;
            for (int i = 0; i < Math.min(width, alone.length); i++) {
              assertEquals(alone[i], all[row * width + i], 1e-5 * Math.abs(alone[i]) + 1e-5, name);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource(
      names = {"CAPFILT", "DIALOGUE_RANK"},
      mode = EnumSource.Mode.EXCLUDE)
  void noRowsGiveNoRows(ServingSignature signature) {
    call(signature)
        .forEach(
            (name, value) ->
                assertEquals(
                    0,
                    value instanceof float[] numbers ? numbers.length : ((List<?>) value).size(),
                    name));
  }

  @ParameterizedTest
  @CsvSource({"MATCH, text", "TEXT_EMBEDDING, text", "NLVR, statement", "VQA, question"})
  void aTextOverTheLimitIsCutAndItsStatusSaysSo(ServingSignature signature, String what) {
    String words = "dog ".repeat(60).strip();
    String tokens = "?".repeat(400); // one word
    Map<String, Object> outputs =
        call(signature, Served.bytes(GOOD, words, tokens + " cat", GOOD + " cat"));

    assertEquals("", status(outputs, 0));
    assertTrue(
        status(outputs, 1).matches("cut: the " + what + " has more than \\d+ words, only.*"),
        status(outputs, 1));
    assertTrue(
        signature == ServingSignature.NLVR
            || status(outputs, 2)
                .matches("cut: the " + what + " has \\d+ tokens .*, only \\d+ were read"),
        status(outputs, 2));
    assertSameRow(outputs, 0, call(signature, Served.bytes(GOOD)));
    assertSameRow(outputs, 1, call(signature, Served.bytes(words)));
    assertSameRow(outputs, 3, call(signature, Served.bytes(GOOD + " cat")));
  }

  @ParameterizedTest
  @EnumSource(
      value = ServingSignature.class,
      names = {"CAPTION_PROMPTED", "MATCH", "TEXT_EMBEDDING", "NLVR", "VQA", "VQA_RANK"})
  void aTextThatIsNoUtf8FailsItsOwnRow(ServingSignature signature) {
    Map<String, Object> outputs =
        call(signature, Served.bytes(GOOD)[0], LATIN1, new byte[] {(byte) 0xed, (byte) 0xa0, 0x41});

    assertEquals("", status(outputs, 0));
    for (int row = 1; row < 3; row++) {
      assertTrue(status(outputs, row).contains("is not UTF-8"), status(outputs, row));
    }
    assertSameRow(outputs, 0, call(signature, Served.bytes(GOOD)));
    outputs.forEach(
        (name, value) -> {
          if (value instanceof float[] numbers && !name.equals(ServingSignature.TOKEN_IDS)) {
            for (int i = numbers.length / 3; i < numbers.length; i++) {
              assertEquals(0, numbers[i], name);
            }
          }
        });
  }

  @Test
  void anyUtf8IsUtf8() {
    Map<String, Object> outputs =
        call(
            ServingSignature.TEXT_EMBEDDING,
            Served.bytes("\ufeffa", "\ufffd", "a\0b", "\ud83d\ude00", "\uffff", "", "\u0085\r\n"));
    for (int row = 0; row < 7; row++) {
      assertEquals("", status(outputs, row));
    }
  }

  @Test
  void aPromptWithoutRoomFailsItsOwnRow() {
    String full = "dog ".repeat(18).strip(); // 19 tokens with the first one, 20 at most
    Map<String, Object> outputs =
        call(ServingSignature.CAPTION_PROMPTED, Served.bytes("the", full, full + " dog", "the"));

    assertEquals("", status(outputs, 0));
    assertEquals("", status(outputs, 1));
    assertEquals(
        "the prompt has 20 tokens with the start token, but the maximum length is 20; shorten it",
        status(outputs, 2));
    assertEquals("", ((List<?>) outputs.get(ServingSignature.CAPTION_TEXT)).get(2));
    assertSameRow(outputs, 3, call(ServingSignature.CAPTION_PROMPTED, Served.bytes("the")));
  }

  @Test
  void aRankingIsLinesThatDoNotDependOnTheRowsBeside() {
    byte[][] lists =
        Served.bytes("red\nblue dog", "", "red\n\n  \r\nblue dog\r\n", " \n", "the\na\ncat\nblue");
    Map<String, Object> inputs = inputs(ServingSignature.VQA_RANK, lists);
    long[] most = {2, 2, 1, 0, Long.MAX_VALUE};
    inputs.put(ServingSignature.TOP_K, most);
    Map<String, Object> outputs = MODELS.get(Task.VQA).call("vqa_rank", inputs);

    assertEquals("", status(outputs, 0));
    assertTrue(status(outputs, 1).contains("no answers"), status(outputs, 1));
    assertEquals("", status(outputs, 2));
    assertTrue(status(outputs, 3).contains("no answers"), status(outputs, 3));
    assertEquals("", status(outputs, 4));
    List<?> rankings = (List<?>) outputs.get(ServingSignature.RANKING);
    assertEquals(List.of(2L, 0L, 1L, 0L, 4L), rankings.stream().map(r -> lines(r)).toList());
    for (int row : new int[] {0, 2, 4}) {
      Map<String, Object> alone = inputs(ServingSignature.VQA_RANK, lists[row]);
      alone.put(ServingSignature.TOP_K, new long[] {most[row]});
      Map<String, Object> expected = MODELS.get(Task.VQA).call("vqa_rank", alone);
      assertEquals(
          answers(((List<?>) expected.get(ServingSignature.RANKING)).get(0)),
          answers(rankings.get(row)));
      assertEquals(
          answers(rankings.get(row)).get(0),
          ((List<?>) outputs.get(ServingSignature.ANSWER)).get(row));
    }
    float[] logProbs = (float[]) outputs.get(ServingSignature.LOG_PROB);
    assertArrayEquals(new float[] {0, 0}, new float[] {logProbs[1], logProbs[3]});
  }

  private static long lines(Object ranking) {
    return ((String) ranking).lines().count();
  }

  private static List<String> answers(Object ranking) {
    return ((String) ranking).lines().map(line -> line.substring(0, line.indexOf('\t'))).toList();
  }

  @Test
  void aNumberOfAnswersBelowOneIsAStatus() {
    Map<String, Object> inputs =
        inputs(ServingSignature.VQA_RANK, Served.bytes("red\nblue", "red\nblue"));
    inputs.put(ServingSignature.TOP_K, new long[] {-3, 1});
    Map<String, Object> outputs = MODELS.get(Task.VQA).call("vqa_rank", inputs);

    assertEquals("top_k -3 is less than 1; 128 is usual", status(outputs, 0));
    assertEquals("", status(outputs, 1));
  }
}
