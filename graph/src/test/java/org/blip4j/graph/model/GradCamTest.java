package org.blip4j.graph.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.Streams;
import java.util.Arrays;
import java.util.Map;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** Maps of attention, against gradients found by changing what is attended. */
final class GradCamTest extends GraphTest {
  private static final Shape ATTENDED = Shape.of(2, 4, 4, 5); // [B, H, T, P]
  private static final float STEP = 0.5f;
  private static final int[] PIECES = {2, 1}; // of each text, between first token and [SEP]

  private final Blip blip = Blip.create(vars, BlipConfig.tiny(), Task.RETRIEVAL);
  private final Tokens tokens =
      new Tokens(
          longs(Shape.of(2, 4), 119, 7, 8, 102, 119, 9, 102, 0),
          longs(Shape.of(2, 4), 1, 1, 1, 1, 1, 1, 1, 0));

  private ImageStates images() {
    Shape shape = Shape.of(2, 32, 32, 3);
    return blip.vision().apply(ctx, floats(shape, values(shape, 5)));
  }

  /** What the cross-attention of a layer attends, found in the graph. */
  private Operand<TFloat32> attended(int layer) {
    Operation softmax =
        Streams.stream(ctx.graph().operations())
            .filter(op -> op.type().equals("Softmax"))
            .filter(op -> op.name().contains("layer" + layer + "/cross"))
            .findFirst()
            .orElseThrow();
    return softmax.output(0);
  }

  private float match(Operand<TFloat32> logits, int row, Operand<TFloat32> where, float[] given) {
    try (TFloat32 tensor = TFloat32.tensorOf(ATTENDED, DataBuffers.of(given, true, false))) {
      return run(logits, Map.of(where, tensor))[2 * row + 1];
    }
  }

  @Test
  void aMapIsAttentionTimesWhatTheMatchGainsByIt() {
    ImageStates images = images();
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic arrays there are none
    Operand<TFloat32>[] logits = new Operand[1];
    Operand<TFloat32> map =
        new GradCam(0)
            .apply(
                ctx,
                tokens,
                traced -> logits[0] = blip.matching().itmLogits(traced, tokens, images));
    Operand<TFloat32> where = attended(0);
    float[] attended = run(where);
    float[] expected = new float[8]; // [B, P - 1]
    for (int i = 0; i < attended.length; i++) {
      int patch = i % 5;
      int piece = i / 5 % 4;
      int row = i / 80;
      if (patch == 0 || piece == 0 || piece > PIECES[row]) {
        continue;
      }
      float[] changed = attended.clone();
      changed[i] += STEP;
      float more = match(logits[0], row, where, changed);
      changed[i] -= 2 * STEP;
      float gain = (more - match(logits[0], row, where, changed)) / (2 * STEP);
      expected[row * 4 + patch - 1] += attended[i] * Math.max(0, gain) / 4 / PIECES[row];
    }
    float[] actual = run(map);
    float largest = 0;
    for (float value : actual) {
      assertTrue(value >= 0);
      largest = Math.max(largest, value);
    }
    assertTrue(largest > 0);
    assertArrayEquals(expected, actual, 0.05f * largest);
  }

  @Test
  void aTextWithoutPiecesIsSeenNowhere() {
    Tokens none =
        new Tokens(
            longs(Shape.of(2, 3), 119, 102, 0, 119, 9, 102),
            longs(Shape.of(2, 3), 1, 1, 0, 1, 1, 1));
    float[] map = run(blip.matching().attribution(ctx, none, images()));

    assertArrayEquals(new float[4], Arrays.copyOf(map, 4), 0f);
    assertTrue(map[4] + map[5] + map[6] + map[7] > 0);
  }

  @Test
  void layerSixIsShownWhereThereIsOneAndTheMiddleOneElsewhere() {
    assertEquals(6, GradCam.of(12).layer());
    assertEquals(6, GradCam.of(8).layer());
    assertEquals(3, GradCam.of(7).layer());
    assertEquals(0, GradCam.of(2).layer());
  }
}
