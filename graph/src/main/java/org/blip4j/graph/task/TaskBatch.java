package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * What a step of a task is given: operands that know under which names they are fed.
 *
 * @param <B> the batch itself
 */
public sealed interface TaskBatch<B extends TaskBatch<B>>
    permits ImageTextBatch, QuestionBatch, ImagePairBatch, DialogueBatch {

  /** Name of the weight of the soft targets, which the run feeds, not the data. */
  String ALPHA = "alpha";

  /**
   * Sizes of a batch.
   *
   * @param rows B, or -1 if it varies
   * @param imageSize S
   * @param columns T, or -1 if it varies
   */
  record Sizes(int rows, int imageSize, int columns) {
    Shape pixels() {
      return Shape.of(rows, imageSize, imageSize, 3);
    }

    Shape tokens() {
      return Shape.of(rows, columns);
    }

    Shape perRow() {
      return Shape.of(rows);
    }
  }

  /** What is fed, by name. */
  ImmutableMap<String, Operand<?>> feeds();

  /** A placeholder under {@code input/}. */
  static <T extends TType> Operand<T> input(
      GraphContext outer, String name, Class<T> type, Shape shape) {
    return outer.in("input").tf().withName(name).placeholder(type, Placeholder.shape(shape));
  }

  /** Some of the rows, with all that belongs to them. */
  B rows(GraphContext ctx, BatchPart part);

  /** Rows of what was fed: cut where it lies, so that a device gets no others. */
  static <T extends TType> Operand<T> rows(GraphContext ctx, BatchPart part, Operand<T> fed) {
    return part.slice(ctx.onCpu(), fed);
  }

  /** The same of texts. */
  static Tokens rows(GraphContext ctx, BatchPart part, Tokens fed) {
    return new Tokens(rows(ctx, part, fed.ids()), rows(ctx, part, fed.mask()));
  }

  /** Placeholders of normalised pixels. */
  static Operand<TFloat32> pixels(GraphContext ctx, String name, Sizes sizes) {
    return input(ctx, name, TFloat32.class, sizes.pixels());
  }

  /** Placeholders of ids and mask of texts. */
  static Tokens tokens(GraphContext ctx, String prefix, Shape shape) {
    return new Tokens(
        input(ctx, prefix + "ids", TInt64.class, shape),
        input(ctx, prefix + "mask", TInt64.class, shape));
  }
}
