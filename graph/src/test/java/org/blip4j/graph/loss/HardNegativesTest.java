package org.blip4j.graph.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Negatives are drawn as often as their weights say, and never from what is not wrong. */
final class HardNegativesTest extends GraphTest {
  private static final int BATCH = 6;
  private static final int DRAWS = 3000;

  private final Operand<TInt64> step = ctx.tf().placeholder(TInt64.class);

  /** Two neighbours are texts of one image. */
  private static boolean sameImage(int row, int column) {
    return row / 2 == column / 2;
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-4f, 0f})
  void drawsFollowTheSoftmaxOfSimilarities(float floor) {
    float[] similarity = values(Shape.of(BATCH, BATCH), 11);
    float[] wrong = new float[BATCH * BATCH];
    double[][] expected = new double[BATCH][BATCH];
    for (int row = 0; row < BATCH; row++) {
      double total = 0;
      for (int column = 0; column < BATCH; column++) {
        total += Math.exp(4 * similarity[row * BATCH + column]);
      }
      for (int column = 0; column < BATCH; column++) {
        similarity[row * BATCH + column] *= 4;
        boolean right = sameImage(row, column);
        wrong[row * BATCH + column] = right ? 0 : 1;
        double softmax = Math.exp(similarity[row * BATCH + column]) / total;
        expected[row][column] = right ? 0 : softmax + floor;
      }
    }
    Shape square = Shape.of(BATCH, BATCH);
    Operand<TFloat32> weights =
        HardNegatives.weights(ctx, floats(square, similarity), floor, floats(square, wrong));

    int[][][] counts = counts(weights);

    for (int[][] direction : counts) {
      for (int row = 0; row < BATCH; row++) {
        double sum = Arrays.stream(expected[row]).sum();
        for (int column = 0; column < BATCH; column++) {
          double p = expected[row][column] / sum;
          double deviation = 4.5 * Math.sqrt(p * (1 - p) / DRAWS);
          assertEquals(p, direction[row][column] / (double) DRAWS, deviation, row + " " + column);
        }
      }
    }
    assertTrue(!Arrays.deepEquals(counts[0], counts[1]), "both directions draw alike");
  }

  @Test
  void aRowWithoutAWrongPairDrawsEvenlyAmongTheOthers() {
    int[][][] counts = counts(floats(Shape.of(BATCH, BATCH), new float[BATCH * BATCH]));
    double p = 1.0 / (BATCH - 1);
    double deviation = 4.5 * Math.sqrt(p * (1 - p) / DRAWS);
    for (int row = 0; row < BATCH; row++) {
      for (int column = 0; column < BATCH; column++) {
        double share = counts[0][row][column] / (double) DRAWS;
        assertEquals(row == column ? 0 : p, share, row == column ? 0 : deviation);
      }
    }
  }

  /** How often each column was drawn for each row over many steps: of images, then of texts. */
  private int[][][] counts(Operand<TFloat32> weights) {
    HardNegatives drawn =
        HardNegatives.draw(
            ctx.with(new Randomness(5, step)),
            new HardNegatives.Weights(weights, weights),
            Optional.empty());
    Operand<TFloat32> both =
        ctx.tf()
            .dtypes
            .cast(ctx.concat(0, drawn.imageForText(), drawn.textForImage()), TFloat32.class);
    int[][][] counts = new int[2][BATCH][BATCH];
    for (long i = 0; i < DRAWS; i++) {
      try (TInt64 fed = TInt64.scalarOf(i)) {
        float[] columns = run(both, Map.<Operand<?>, Tensor>of(step, fed));
        for (int k = 0; k < 2 * BATCH; k++) {
          counts[k / BATCH][k % BATCH][(int) columns[k]]++;
        }
      }
    }
    return counts;
  }
}
