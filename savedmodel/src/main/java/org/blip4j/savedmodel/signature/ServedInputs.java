package org.blip4j.savedmodel.signature;

import com.google.common.primitives.Longs;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.AssertThat;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.PlaceholderWithDefault;
import org.tensorflow.op.strings.StringFormat;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * What signatures are given: a vector with an element a row. A call whose inputs have another rank
 * or do not have the same number of rows fails with a sentence that names the input, before
 * anything is computed from it. The graph does not say that they are vectors: TensorFlow would take
 * its word and leave the check away.
 *
 * <p>Files and texts have two forms. In {@code NAME} they are bytes, in {@code NAME_tensor} what
 * the graph makes of them: pixels and token ids. Both go through the same nodes: an input of
 * tensors is a placeholder whose default is what was made of the bytes, and the bytes are none
 * unless they are given.
 */
final class ServedInputs {
  private static final long MOST_SIZES = 8; // of a shape in a message

  private ServedInputs() {}

  /** Numbers; any rank will do that has an element a row, as {@code [B, 1]}. */
  static <T extends TType> Operand<T> numbers(GraphContext ctx, String name, Class<T> type) {
    return ctx.tf().withName(name).placeholder(type, Placeholder.shape(Shape.unknown()));
  }

  /** Texts of a signature that has no other form. */
  static Operand<TString> texts(GraphContext ctx, String name) {
    return numbers(ctx, name, TString.class);
  }

  /** Files or texts; none where tensors are given instead. */
  static Operand<TString> bytes(GraphContext ctx, String name) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> none = tf.fill(tf.array(0), tf.constant(""));
    return tf.withName(name).placeholderWithDefault(none, Shape.unknown());
  }

  /** The tensor that stands in for what was made of bytes; it has that one's first dimension. */
  static <T extends TType> PlaceholderWithDefault<T> instead(
      GraphContext ctx, String name, Operand<T> made, Shape shape) {
    return ctx.tf().withName(name).placeholderWithDefault(made, shape);
  }

  /** A vector, or an error that names it. */
  static Operand<TString> vector(GraphContext ctx, Operand<TString> input, String name) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> problem =
        format(
            inner,
            name + " has the shape {}, not [rows]; give one " + name + " a row",
            tf.shape(input));
    Operand<TBool> fits = inner.equal(tf.rank(input), 1);
    return tf.reshape(requireThat(inner, input, fits, problem), tf.array(-1));
  }

  /** A tensor whose rows have the given sizes, or an error that names it. */
  static <T extends TType> Operand<T> rowsOf(
      GraphContext ctx, Operand<T> input, String name, long... sizes) {
    return rowsOf(ctx, input, name, ctx.onCpu().tf().constant(false), sizes);
  }

  /** The same unless something else makes the tensor what it is to be. */
  static <T extends TType> Operand<T> rowsOf(
      GraphContext ctx, Operand<T> input, String name, Operand<TBool> unless, long... sizes) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    String row = Longs.join(" ", sizes);
    Operand<TString> shape = format(inner, "{}", tf.shape(input));
    Operand<TString> problem =
        format(
            inner,
            name + " has the shape {}, this model takes [rows " + row + "]",
            tf.shape(input));
    Operand<TBool> fits = tf.strings.regexFullMatch(shape, tf.constant("\\[\\d+ " + row + "\\]"));
    return requireThat(inner, input, tf.math.logicalOr(unless, fits), problem);
  }

  /**
   * A vector as long as there are rows.
   *
   * @param input any rank
   * @param rows {@code [B]}, anything that has them
   * @param of the input that the rows are of
   */
  static <T extends TType> Operand<T> perRow(
      GraphContext ctx, Operand<T> input, String name, Operand<?> rows, String of) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> problem =
        format(
            inner,
            "%s has the shape {}, but there are {} rows of %s; give one %s a row"
                .formatted(name, of, name),
            tf.shape(input),
            Shapes.dim(inner, rows, 0));
    Operand<TBool> fits = tf.math.equal(tf.size(input), Shapes.dim(inner, rows, 0));
    return tf.reshape(requireThat(inner, input, fits, problem), tf.array(-1));
  }

  private static Operand<TString> format(GraphContext ctx, String template, Operand<?>... values) {
    return ctx.tf()
        .strings
        .stringFormat(
            List.of(values),
            StringFormat.template(template),
            StringFormat.placeholder("{}"),
            StringFormat.summarize(MOST_SIZES));
  }

  private static <T extends TType> Operand<T> requireThat(
      GraphContext ctx, Operand<T> input, Operand<TBool> fits, Operand<TString> problem) {
    AssertThat check = ctx.tf().assertThat(fits, List.of(problem));
    return ctx.after(List.of(check)).tf().identity(input);
  }

  /**
   * Strings without repetitions.
   *
   * @param values {@code [U]} in the order of their first rows
   * @param rows {@code [B]} which of them a row has
   */
  record Distinct(Operand<TString> values, Operand<TInt32> rows) {

    /** The distinct values of {@code strings [B]}. */
    static Distinct of(GraphContext ctx, Operand<TString> strings) {
      Operation unique =
          ctx.onCpu()
              .op("Unique", "unique")
              .addInput(strings.asOutput())
              .setAttr("out_idx", DataType.DT_INT32)
              .build();
      return new Distinct(unique.output(0), unique.output(1));
    }

    /** What each row has of {@code [U]} strings. */
    Operand<TString> perRow(GraphContext ctx, Operand<TString> strings) { // [B]
      return ctx.onCpu().tf().gather(strings, rows, ctx.tf().constant(0));
    }

    /**
     * Which values rows have where tensors may stand in: these, and behind them one value for each
     * that the tensor has beyond them.
     *
     * @param tensor made of the values, or given instead of none
     */
    Operand<TInt32> rowsWith(GraphContext ctx, Operand<?> tensor) {
      Operand<TInt32> more = ctx.range(Shapes.dim(ctx, values, 0), Shapes.dim(ctx, tensor, 0));
      return ctx.concat(0, rows, more);
    }

    /** {@code [U]} statuses, and nothing for each that a tensor has beyond them. */
    Operand<TString> statusWith(GraphContext ctx, Operand<TString> statuses, Operand<?> tensor) {
      GraphContext inner = ctx.onCpu();
      Ops tf = inner.tf();
      Operand<TInt32> more =
          tf.math.sub(Shapes.dim(inner, tensor, 0), Shapes.dim(inner, values, 0));
      Operand<TString> none = tf.fill(inner.reshape(more, 1), tf.constant(""));
      return inner.concat(0, statuses, none);
    }
  }
}
