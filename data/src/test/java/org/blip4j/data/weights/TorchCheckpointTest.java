package org.blip4j.data.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training program may have saved around the weights, and what must end in one line. */
final class TorchCheckpointTest {
  private static final Map<String, Float> WEIGHTS = new TreeMap<>(Map.of("a.w", 1f, "b.w", 2f));

  @TempDir Path folder;

  private TorchCheckpoint open(PickleWriter pickle) throws IOException {
    return (TorchCheckpoint) WeightFile.open(pickle.write(folder.resolve("x.pth")));
  }

  private String refusal(PickleWriter pickle) {
    String message =
        assertThrows(WeightFileException.class, () -> open(pickle).close()).getMessage();
    assertTrue(message.contains("x.pth: ") && !message.contains("\n"), message);
    assertTrue(message.length() < 1000, message);
    return message;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model",
        "state_dict",
        "model_state_dict",
        "net",
        "ema",
        "generator",
        "checkpoint.model",
        "module.ema.weights"
      })
  void theOnlyDictionaryOfTensorsIsTheModel(String names) throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("epoch").number(3);
    List<String> path = Splitter.on('.').splitToList(names);
    for (String name : path) {
      pickle.text(name).raw("}(");
    }
    WEIGHTS.forEach((name, value) -> pickle.text(name).tensor(value));
    pickle.raw("u".repeat(path.size()));
    pickle.text("optimizer_state_dict").raw("}(").text("state").raw("}(").number(0);
    pickle.dictionary(new TreeMap<>(Map.of("exp_avg", 1f, "exp_avg_sq", 1f, "step", 1f)));
    try (TorchCheckpoint file = open(pickle.raw("uuu"))) {
      assertEquals(WEIGHTS.keySet(), file.tensors().keySet());
      assertArrayEquals(new float[] {2}, file.tensors().get("b.w").floats());
    }
  }

  @Test
  void theModelIsPreferredToItsAverageAndToStrayTensors() throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("step").tensor(7);
    pickle
        .text("ema")
        .dictionary(Map.of("a.w", 5f))
        .text("state_dict")
        .dictionary(Map.of("a.w", 6f));
    try (TorchCheckpoint file = open(pickle.raw("u"))) {
      assertArrayEquals(new float[] {6}, file.tensors().get("a.w").floats());
    }
  }

  @Test
  void dictionariesThatCannotBeToldApartAreNamed() {
    PickleWriter pickle = new PickleWriter().raw("}(");
    pickle.text("student").dictionary(WEIGHTS).text("teacher").dictionary(WEIGHTS);
    String message = refusal(pickle.raw("u"));
    assertTrue(message.contains("student, teacher"), message);
  }

  @Test
  void aCheckpointWithoutTensorsTellsWhatItHas() {
    String message = refusal(new PickleWriter().raw("}").text("epoch").number(3).raw("s"));
    assertTrue(
        message.contains("no dictionary of tensors") && message.contains("[epoch]"), message);
  }

  @Test
  void plainValuesBesideTheModelAreReadAsPyTorchReadsThem() throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("model").dictionary(WEIGHTS);
    pickle.text("dtype").global("torch bfloat16");
    pickle.text("device").global("torch device").text("cuda").number(1).raw(0x86, 'R');
    pickle.text("set").global("__builtin__ set").raw("](").text("a").raw("e").raw(0x85, 'R');
    pickle.text("counter").global("collections Counter").raw("}").number(3).number(1).raw('s');
    pickle.raw(0x85, 'R').text("size").global("torch Size").number(2).raw(0x85, 0x85, 'R');
    pickle.text("bytes").global("_codecs encode").text("ÿa").text("latin1").raw(0x86, 'R');
    pickle.text("complex").global("__builtin__ complex").number(1).number(2).raw(0x86, 'R');
    pickle.text("layout").global("torch.serialization _get_layout").text("torch.strided");
    pickle.raw(0x85, 'R').text("class").global("collections OrderedDict");
    pickle.text("lambda").global("torch per_tensor_affine").raw("u");
    try (TorchCheckpoint file = open(pickle)) {
      assertEquals("torch.bfloat16", file.entry("dtype"));
      assertEquals("cuda:1", file.entry("device"));
      assertEquals(List.of("a"), file.entry("set"));
      assertEquals(Map.of(3L, 1L), file.entry("counter"));
      assertEquals(List.of(2L), file.entry("size"));
      assertArrayEquals("ÿa".getBytes(StandardCharsets.ISO_8859_1), (byte[]) file.entry("bytes"));
      assertEquals("1.0+2.0j", file.entry("complex"));
      assertEquals("torch.strided", file.entry("layout"));
      assertEquals("collections.OrderedDict", file.entry("class"));
      assertEquals("torch.per_tensor_affine", file.entry("lambda"));
      assertEquals(Set.of("a.w", "b.w"), file.tensors().keySet());
    }
  }

  @Test
  void parametersWithStateAndSubclassesAreTensors() throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("a");
    pickle
        .global("torch._utils _rebuild_parameter_with_state")
        .raw("(")
        .tensor(1)
        .raw(0x88, '}', '}');
    pickle.raw("tR").text("b").global("torch._tensor _rebuild_from_type_v2").raw("(");
    pickle
        .global("torch._utils _rebuild_parameter")
        .global("torch.nn.parameter Parameter")
        .raw("(");
    pickle.tensor(2).raw(0x88, '}', 't', '}', 't', 'R', 'u');
    try (TorchCheckpoint file = open(pickle)) {
      assertArrayEquals(new float[] {1}, file.tensors().get("a").floats());
      assertArrayEquals(new float[] {2}, file.tensors().get("b").floats());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "posix system",
        "builtins eval",
        "__builtin__ getattr",
        "torch load",
        "torch.hub load",
        "numpy.core.multiarray scalar",
        "argparse Namespace",
        "collections defaultdict",
        "torch._utils _rebuild_qtensor",
        "torch float32x",
        "builtins exec"
      })
  void everyOtherNameIsRefused(String name) {
    String message = refusal(new PickleWriter().global(name).raw(")R"));
    assertTrue(message.contains("refused: the pickle names"), message);
    assertTrue(message.contains(name.substring(name.indexOf(' ') + 1)), message);
  }

  /** Operations that meet a value of a kind that they cannot take. */
  @ParameterizedTest
  @CsvSource({
    "Na, an empty stack or a wrong target",
    "NNs, None is no dictionary",
    "}Ne, no group",
    "K\u0001K\u0002a, a number is no list",
    ")K\u0001a, a tuple does not grow",
    "NR, arguments are no list",
    "N)R, None is called",
    "}b, nothing gets attributes",
    "K\u0001}b, a number gets attributes",
    "NQ, a storage id is no list",
    ")Q, an empty storage id",
    "h\u0005, nothing remembered",
    "(q\u0001, a group is remembered",
    "(((., a group is the result",
    "}(NNNu, a key without value",
    "}]Ns, a list as key",
    "0, nothing to drop",
    "2, nothing to repeat",
    "\u0085, nothing for a tuple",
    "NN\u0093, names that are no texts"
  })
  void operationsCheckWhatTheyTake(String operations, String what) {
    assertFalse(refusal(new PickleWriter().raw(operations)).isEmpty(), what);
  }

  /** Each level holds the one below twice: 60 levels spell out to 2^60 values. */
  @Test
  void listsNestedInEachOtherNeitherHangNorFillTheMemory() {
    for (String use : List.of("}%s\u0085Ns", "}X\u0001\u0000\u0000\u0000n%ss", "}%sNs")) {
      String nested = "]" + "q\u0001]q\u0002(h\u0001h\u0001eq\u0001".repeat(60);
      PickleWriter pickle = new PickleWriter().raw("}(").text("model").dictionary(WEIGHTS);
      pickle.text("evil").raw(use.formatted(nested)).raw("u");
      assertTimeout(
          Duration.ofSeconds(10),
          () -> {
            WeightFileException error =
                assertThrows(
                    WeightFileException.class,
                    () -> {
                      try (TorchCheckpoint file = open(pickle)) {
                        file.entry("evil");
                      }
                    });
            assertTrue(error.getMessage().length() < 500, error.getMessage());
          });
    }
  }

  @Test
  void aListThatContainsItselfIsRefusedWhereItIsAskedFor() throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("model").dictionary(WEIGHTS);
    try (TorchCheckpoint file = open(pickle.text("loop").raw("]q\u0001h\u0001au"))) {
      assertEquals(2, file.tensors().size());
      String message =
          assertThrows(WeightFileException.class, () -> file.entry("loop")).getMessage();
      assertTrue(message.contains("entry loop contains itself"), message);
    }
  }

  @Test
  void deepNestingIsReadAndRefusedWithoutRecursion() throws IOException {
    PickleWriter pickle = new PickleWriter().raw("}(").text("model").dictionary(WEIGHTS);
    pickle.text("deep").raw("]".repeat(200_000)).raw("a".repeat(199_999)).raw("u");
    try (TorchCheckpoint file = open(pickle)) {
      assertThrows(WeightFileException.class, () -> file.entry("deep"));
    }
  }

  @Test
  void workThatMultipliesComesToAnEnd() {
    PickleWriter pickle = new PickleWriter().text("x".repeat(1 << 20)).raw("q\u0001");
    for (int i = 0; i < 2000; i++) {
      pickle.global("_codecs encode").raw("h\u0001N\u0086R");
    }
    assertTrue(refusal(pickle).contains("million values"));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MAX_VALUE})
  void sizesThatLieAreRefused(int size) {
    PickleWriter pickle = new PickleWriter().raw("}").text("a");
    pickle.global("torch._utils _rebuild_tensor_v2").raw("((").text("storage");
    pickle.global("torch FloatStorage").text("0").text("cpu").number(1).raw("tQ").number(0);
    for (int part = 0; part < 2; part++) {
      pickle.raw("(").number(size).number(size).number(size).raw("t");
    }
    String message = refusal(pickle.raw("NNtRs"));
    assertTrue(message.contains("storage 0 is not there"), message);
    assertInstanceOf(String.class, message);
  }
}
