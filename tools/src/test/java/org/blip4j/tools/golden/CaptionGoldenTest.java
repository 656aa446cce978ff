package org.blip4j.tools.golden;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.blip4j.graph.model.CaptionGenerator;
import org.blip4j.graph.text.DecoderStep;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.BeamSearch;
import org.blip4j.ops.decode.BeamSettings;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.ops.decode.LengthNormalization;
import org.blip4j.ops.decode.Prompt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;

/** Beam and greedy search against the published implementation, and against themselves. */
final class CaptionGoldenTest {
  private static final double TOLERANCE = 1e-4;

  private GoldenCaptioner golden;
  private ImageStates images;

  @BeforeEach
  void open() throws IOException {
    golden = new GoldenCaptioner(Path.of("src", "test", "resources", "golden", "caption"));
    images = golden.blip.vision().apply(golden.ctx, golden.pixels);
  }

  @AfterEach
  void close() {
    golden.close();
  }

  private static BeamSettings settings(JsonNode s) {
    return new BeamSettings(
        s.path("num_beams").intValue(),
        new LengthLimits(s.path("min_length").intValue(), s.path("max_length").intValue()),
        s.path("repetition_penalty").asDouble(1),
        LengthNormalization.WHOLE);
  }

  private Prompt prompt(JsonNode example) {
    List<Long> ids = new ArrayList<>();
    ids.add((long) golden.blip.config().text().tokens().dec());
    example.path("prompt_ids").forEach(id -> ids.add(id.longValue()));
    return Prompt.same(
        golden.ctx,
        Shapes.dim(golden.ctx, images.hidden(), 0),
        ids.stream().mapToLong(Long::longValue).toArray());
  }

  private int[] all() {
    return IntStream.range(0, golden.images()).toArray();
  }

  @Test
  void everySettingGivesTheReferencesIds() throws IOException {
    Set<Map.Entry<String, JsonNode>> examples = golden.cases.path("generation").properties();
    assertEquals(13, examples.size());
    for (Map.Entry<String, JsonNode> example : examples) {
      check(example.getKey(), example.getValue(), run(example.getKey(), example.getValue(), 1));
    }
  }

  /** The loop of large batches is another one: it is inlined into the graph. */
  @ParameterizedTest
  @ValueSource(strings = {"beam3_rep", "greedy_prompt1"})
  void inlinedLoopsGiveTheReferencesIds(String name) throws IOException {
    JsonNode example = golden.cases.path("generation").path(name);
    check(name, example, run(name, example, 100));
  }

  private List<Object> run(String name, JsonNode example, int expectedBatch) throws IOException {
    CaptionGenerator generator = CaptionGenerator.of(golden.blip, expectedBatch);
    BeamSettings settings = settings(example.path("settings"));
    Prompt prompt = prompt(example);
    if (settings.beams() == 1) {
      Decoded found = generator.search(golden.ctx.in(name), images, prompt, settings);
      return golden.run(all(), List.of(found.ids(), found.lengths()));
    }
    BeamSearch.Result found = generator.beams(golden.ctx.in(name), images, prompt, settings);
    return golden.run(
        all(),
        List.of(
            found.best().ids(),
            found.best().lengths(),
            found.all().ids(),
            found.all().lengths(),
            found.all().scores()));
  }

  private void check(String name, JsonNode example, List<Object> found) throws IOException {
    BeamSettings settings = settings(example.path("settings"));
    int columns = settings.lengths().maximum();
    long[] ids = (long[]) found.get(0);
    long[] expected = golden.longs("outputs.safetensors", name + ".ids");
    int width = expected.length / golden.images();
    for (int image = 0; image < golden.images(); image++) {
      long[] row = Arrays.copyOfRange(ids, image * columns, (image + 1) * columns);
      long[] reference = Arrays.copyOfRange(expected, image * width, (image + 1) * width);
      assertArrayEquals(Arrays.copyOf(reference, columns), row, name + " image " + image);
      assertEquals(
          example.path("lengths_without_pad").path(image).longValue(),
          ((long[]) found.get(1))[image],
          name);
    }
    if (settings.beams() > 1) {
      checkHypotheses(name, example.path("final_hypotheses"), settings, found);
    }
  }

  private static void checkHypotheses(
      String name, JsonNode expected, BeamSettings settings, List<Object> found) {
    int columns = settings.lengths().maximum();
    int row = 0;
    for (JsonNode image : expected) {
      assertEquals(settings.beams(), image.size(), name);
      for (JsonNode hypothesis : image) {
        long[] ids = new long[hypothesis.path("ids").size()];
        Arrays.setAll(ids, i -> hypothesis.path("ids").path(i).longValue());
        String what = name + " hypothesis " + row;
        assertEquals(ids.length, ((long[]) found.get(3))[row], what);
        assertArrayEquals(
            ids,
            Arrays.copyOfRange((long[]) found.get(2), row * columns, row * columns + ids.length),
            what);
        assertEquals(
            hypothesis.path("score").doubleValue(), ((float[]) found.get(4))[row], TOLERANCE, what);
        row++;
      }
    }
  }

  @Test
  void firstLogitsAreTheReferences() throws IOException {
    Prompt prompt = prompt(golden.cases.path("generation").path("beam3"));
    DecoderStep step = DecoderStep.create(golden.ctx, golden.blip.decoder(), images.attended(), 1);
    Operand<?> logits = step.start(golden.ctx, prompt.ids()).logits();
    assertClose(
        golden.floats("outputs.safetensors", "first_step_logits"),
        (float[]) golden.run(all(), List.of(logits)).get(0),
        TOLERANCE);
  }

  /** Batches of 1, 3 and 8 with 1, 3 and 5 beams give what each picture gives alone. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void captionsDoNotDependOnTheBatch(int beams) throws IOException {
    Prompt prompt = prompt(golden.cases.path("generation").path("beam3"));
    BeamSettings settings = BeamSettings.captions().withBeams(beams);
    Decoded found =
        CaptionGenerator.of(golden.blip, 1).search(golden.ctx, images, prompt, settings);
    assertRowsAsAlone(List.of(found.ids(), found.logProbs()));
  }

  private void assertRowsAsAlone(List<Operand<?>> operands) throws IOException {
    List<List<Object>> alone = new ArrayList<>();
    for (int image : all()) {
      alone.add(golden.run(new int[] {image}, operands));
    }
    for (int[] batch : new int[][] {{3, 0, 1}, {0, 1, 2, 3, 3, 2, 1, 0}}) {
      List<Object> together = golden.run(batch, operands);
      for (int i = 0; i < batch.length; i++) {
        assertArrayEquals(
            (long[]) alone.get(batch[i]).get(0),
            Arrays.copyOfRange((long[]) together.get(0), i * 20, (i + 1) * 20));
        float logProb = ((float[]) alone.get(batch[i]).get(1))[0];
        assertEquals(logProb, ((float[]) together.get(1))[i], 1e-5 * Math.max(1, -logProb));
      }
    }
  }
}
