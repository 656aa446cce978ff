package org.blip4j.graph.loss;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** ITC and ITM against the same formulas over plain arrays (blip-spec 5.3 and 5.4). */
final class LossesTest extends GraphTest {
  private static final int BATCH = 2;
  private static final int QUEUE = 3;
  private static final int WIDTH = 4;

  private static double[][] rows(int count, long seed) {
    float[] flat = values(Shape.of(count, WIDTH), seed);
    double[][] result = new double[count][WIDTH];
    for (int i = 0; i < flat.length; i++) {
      result[i / WIDTH][i % WIDTH] = flat[i];
    }
    return result;
  }

  private Operand<TFloat32> matrix(double[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[i / rows[0].length][i % rows[0].length];
    }
    return floats(Shape.of(rows.length, rows[0].length), flat);
  }

  private static double[] softmax(double[] scores) {
    double sum = 0;
    double[] result = new double[scores.length];
    for (int i = 0; i < scores.length; i++) {
      result[i] = Math.exp(scores[i]);
      sum += result[i];
    }
    for (int i = 0; i < scores.length; i++) {
      result[i] /= sum;
    }
    return result;
  }

  /** One direction: mean over rows of -sum target log softmax(similarity / temperature). */
  private static double itc(
      double[][] online,
      double[][] momentum,
      double[][] columns,
      double temperature,
      double alpha) {
    double loss = 0;
    for (int row = 0; row < online.length; row++) {
      double[] scores = new double[columns.length];
      double[] slow = new double[columns.length];
      for (int c = 0; c < columns.length; c++) {
        for (int w = 0; w < WIDTH; w++) {
          scores[c] += online[row][w] * columns[c][w] / temperature;
          slow[c] += momentum[row][w] * columns[c][w] / temperature;
        }
      }
      double[] soft = softmax(slow);
      double[] predicted = softmax(scores);
      for (int c = 0; c < columns.length; c++) {
        double target = alpha * soft[c] + (1 - alpha) * (c == row ? 1 : 0);
        loss -= target * Math.log(predicted[c]) / online.length;
      }
    }
    return loss;
  }

  private static double[][] concat(double[][] first, double[][] second) {
    double[][] all = new double[first.length + second.length][];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  @ParameterizedTest
  @CsvSource({"0.07, 0.4", "0.5, 0", "0.2, 1"})
  void itcContrastsWithTheMomentumBatchAndTheQueue(float temperature, float alpha) {
    double[][] images = rows(BATCH, 1);
    double[][] texts = rows(BATCH, 2);
    double[][] slowImages = rows(BATCH, 3);
    double[][] slowTexts = rows(BATCH, 4);
    double[][] imageQueue = rows(QUEUE, 5);
    double[][] textQueue = rows(QUEUE, 6);
    double[][] hard = new double[BATCH][BATCH + QUEUE];
    for (int i = 0; i < BATCH; i++) {
      hard[i][i] = 1;
    }
    Operand<TFloat32> online = matrix(images);
    Trace trace = new Trace();
    ItcLoss.Result result =
        ItcLoss.compute(
            ctx.with(trace),
            new ItcLoss.Inputs(
                new ItcLoss.Features(online, matrix(texts)),
                new ItcLoss.Features(matrix(slowImages), matrix(slowTexts)),
                new ItcLoss.Features(matrix(slowImages), matrix(slowTexts)),
                new ItcLoss.Features(matrix(imageQueue), matrix(textQueue)),
                ctx.tf().constant(temperature),
                ctx.tf().constant(alpha),
                matrix(hard)));

    double imageToText = itc(images, slowImages, concat(slowTexts, textQueue), temperature, alpha);
    double textToImage = itc(texts, slowTexts, concat(slowImages, imageQueue), temperature, alpha);
    assertSame(result.loss(), trace.floats("itc/loss"));
    for (String name : List.of("loss", "similarity", "momentum_similarity", "targets")) {
      trace.floats("itc/" + name + "_i2t");
      trace.floats("itc/" + name + "_t2i");
    }
    double tolerance = 1e-4 * Math.max(1, imageToText + textToImage);
    assertEquals((imageToText + textToImage) / 2, run(result.loss())[0], tolerance);
    Output<?> gradient =
        ctx.graph().addGradients(result.loss().asOutput(), new Output<?>[] {online.asOutput()})[0];
    assertClose(
        slopes(
            moved -> itc(moved, slowImages, concat(slowTexts, textQueue), temperature, alpha) / 2,
            images),
        run(gradient.op().<TFloat32>output(gradient.index())),
        2e-3 / temperature);
  }

  private interface Loss {
    double of(double[][] features);
  }

  private static float[] slopes(Loss loss, double[][] at) {
    float[] result = new float[at.length * WIDTH];
    for (int i = 0; i < result.length; i++) {
      double[] row = at[i / WIDTH];
      double value = row[i % WIDTH];
      row[i % WIDTH] = value + 1e-5;
      double above = loss.of(at);
      row[i % WIDTH] = value - 1e-5;
      result[i] = (float) ((above - loss.of(at)) / 2e-5);
      row[i % WIDTH] = value;
    }
    return result;
  }

  @Test
  void itmJudgesTruePairsThenWrongImagesThenWrongTexts() {
    Blip blip = Blip.create(vars, BlipConfig.tiny(), Task.RETRIEVAL);
    Shape shape = Shape.of(3, 32, 32, 3);
    ImageStates images = blip.vision().apply(ctx, floats(shape, values(shape, 5)));
    Tokens tokens =
        new Tokens(
            longs(Shape.of(3, 4), 119, 7, 8, 102, 119, 9, 102, 0, 119, 10, 11, 102),
            longs(Shape.of(3, 4), 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1));
    int[] imageForText = {1, 2, 0};
    int[] textForImage = {2, 0, 1};
    var grounded = blip.matching().grounded();
    ItmLoss.Result result =
        ItmLoss.compute(
            ctx,
            grounded,
            blip.matching().head(),
            ItmLoss.Pairs.of(
                ctx,
                tokens,
                grounded.stack().project(ctx, images.attended()),
                new HardNegatives(
                    ctx.tf().constant(imageForText), ctx.tf().constant(textForImage))));

    int[] texts = {0, 1, 2, 0, 1, 2, 2, 0, 1};
    int[] pictures = {0, 1, 2, 1, 2, 0, 0, 1, 2};
    float[] expected =
        run(
            blip.matching()
                .itmLogits(
                    ctx,
                    tokens.gather(ctx, ctx.tf().constant(texts)),
                    images.gather(ctx, ctx.tf().constant(pictures))));
    assertClose(expected, run(result.logits()), 1e-5);
    assertArrayEquals(new long[] {1, 1, 1, 0, 0, 0, 0, 0, 0}, runInts(result.labels()));
    double loss = 0;
    double right = 0;
    for (int i = 0; i < 9; i++) {
      double[] p = softmax(new double[] {expected[2 * i], expected[2 * i + 1]});
      int label = i < 3 ? 1 : 0;
      loss -= Math.log(p[label]) / 9;
      right += (p[1] > p[0] ? 1 : 0) == label ? 1 / 9.0 : 0;
    }
    assertEquals(loss, run(result.loss())[0], 1e-5);
    assertEquals(right, run(result.accuracy())[0], 1e-6);
  }
}
