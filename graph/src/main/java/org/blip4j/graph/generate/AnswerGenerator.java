package org.blip4j.graph.generate;

import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.Prompt;

/**
 * Writes answers to questions that were read with their images (blip-spec 7.4, "generate").
 *
 * <pre>{@code
 * TextStates questions = blip.answering().read(ctx, tokens, images);       // [B, T, W]
 * Decoded answers =
 *     AnswerGenerator.of(blip, 1).search(ctx, questions.attended(), settings);
 * }</pre>
 *
 * <p>States that carry their mask give a row the answer that it has alone. Upstream lets the
 * decoder attend the padding of a batch, too; states without a mask give its answers.
 */
public final class AnswerGenerator {
  private final CaptionGenerator generator;
  private final long start;

  private AnswerGenerator(CaptionGenerator generator, long start) {
    this.generator = generator;
    this.start = start;
  }

  /**
   * A generator.
   *
   * @param expectedBatch about how many questions will be answered at once; decides speed alone
   * @throws IllegalStateException if the model cannot answer questions
   */
  public static AnswerGenerator of(Blip blip, int expectedBatch) {
    return new AnswerGenerator(
        CaptionGenerator.of(blip.answering().answers(), expectedBatch),
        blip.config().text().tokens().dec());
  }

  /** One answer for each question; it begins with [DEC] alone. */
  public Decoded search(
      GraphContext ctx, Attended.States questions, DecodingSettings.Beams settings) {
    Prompt prompt = Prompt.same(ctx, Shapes.dim(ctx, questions.hidden(), 0), start);
    return generator.search(ctx, questions, prompt, settings);
  }
}
