package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.CaseFormat;
import com.google.common.base.Enums;
import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.AugmentOperation;
import org.blip4j.ops.image.AugmentOperation.Overflow;
import org.blip4j.ops.image.BicubicResize;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * The operations of RandAugment at their levels, and crops with a given box, resized and mirrored.
 * Bytes are held to equality, with the errors of the published code made as it makes them.
 *
 * @param machine devices, threads and kernels
 */
record AugmentChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final Tolerance SAME_VALUE = new Tolerance(1e-12, 0);

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenTensors tensors = GoldenTensors.read(golden.file("tensors.safetensors"));
    Set<String> unused = new HashSet<>(tensors.names());
    try (Pictures pictures = new Pictures(machine)) {
      for (JsonNode example : golden.cases().path("ops")) {
        String output = used(example, unused);
        Optional<AugmentOperation> operation = operation(example.path("op").asText());
        if (operation.isEmpty()) {
          rows.accept(CheckRow.failed(golden.name(), output, "no such operation is known"));
          continue;
        }
        double expected = example.path("value").asDouble();
        double value = operation.get().value(example.path("level").asInt());
        double signed = expected < 0 ? -value : value;
        rows.accept(
            TensorCheck.compare(
                golden.name(), output + " value", number(signed), number(expected), SAME_VALUE));
        Values image = tensors.get(example.path("input").asText());
        compare(golden, output, pictures.apply(operation.get(), image, signed), tensors, rows);
      }
      for (JsonNode example : golden.cases().path("crops")) {
        Values image = tensors.get(example.path("input").asText());
        compare(
            golden, used(example, unused), pictures.crop(Box.of(example), image), tensors, rows);
      }
    }
    for (String name : unused) {
      rows.accept(CheckRow.failed(golden.name(), name, "belongs to no example of cases.json"));
    }
  }

  private static String used(JsonNode example, Set<String> unused) {
    unused.remove(example.path("input").asText());
    String output = example.path("output").asText();
    unused.remove(output);
    return output;
  }

  private static void compare(
      Golden golden, String output, Values actual, GoldenTensors expected, RowSink rows)
      throws IOException {
    rows.accept(
        TensorCheck.compare(golden.name(), output, actual, expected.get(output), Tolerance.EXACT));
  }

  private static Values number(double value) {
    return new Values(new long[0], new double[] {value});
  }

  private static Optional<AugmentOperation> operation(String name) {
    return Enums.getIfPresent(
            AugmentOperation.class, CaseFormat.UPPER_CAMEL.to(CaseFormat.UPPER_UNDERSCORE, name))
        .transform(Optional::of)
        .or(Optional.empty());
  }

  /** A part of a picture, the side that it is resized to, and whether it is then mirrored. */
  private record Box(int top, int left, int height, int width, int size, boolean flip) {
    static Box of(JsonNode crop) {
      return new Box(
          crop.path("top").asInt(),
          crop.path("left").asInt(),
          crop.path("height").asInt(),
          crop.path("width").asInt(),
          crop.path("size").asInt(),
          crop.path("horizontal_flip").asBoolean());
    }
  }

  /** The graph that changes a picture. */
  private static final class Pictures implements AutoCloseable {
    private final GoldenGraph graph;
    private final Operand<TUint8> image;
    private final Operand<TFloat64> value;
    private final Operand<TInt32> begin;
    private final Operand<TInt32> extent;
    private final Operand<TBool> flip;
    private final Map<AugmentOperation, Operand<TUint8>> changed =
        new EnumMap<>(AugmentOperation.class);
    private final Map<Integer, Operand<TUint8>> cropped = new HashMap<>();

    Pictures(GoldenGraph.Machine machine) {
      this.graph = GoldenGraph.create(Mode.TRAIN, machine);
      Ops tf = graph.ctx().tf();
      this.image = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, 3)));
      this.value = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
      this.begin = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(3)));
      this.extent = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(3)));
      this.flip = tf.placeholder(TBool.class, Placeholder.shape(Shape.scalar()));
      Operand<TUint8> input = tf.identity(image); // what is fed cannot be fetched
      for (AugmentOperation operation : AugmentOperation.values()) {
        changed.put(
            operation,
            operation.apply(graph.ctx().in(operation.name()), input, value, Overflow.WRAP));
      }
    }

    Values apply(AugmentOperation operation, Values picture, double number) {
      try (Tensor pixels = TensorValues.write(TUint8.class, picture);
          Tensor scalar = TFloat64.scalarOf(number)) {
        return run(changed.get(operation), Map.of(image, pixels, value, scalar));
      }
    }

    Values crop(Box box, Values picture) {
      Operand<TUint8> part = cropped.computeIfAbsent(box.size(), this::cropTo);
      try (Tensor pixels = TensorValues.write(TUint8.class, picture);
          Tensor corner =
              TInt32.tensorOf(StdArrays.ndCopyOf(new int[] {box.top(), box.left(), 0}));
          Tensor sides =
              TInt32.tensorOf(StdArrays.ndCopyOf(new int[] {box.height(), box.width(), 3}));
          Tensor mirrored = TBool.scalarOf(box.flip())) {
        return run(part, Map.of(image, pixels, begin, corner, extent, sides, flip, mirrored));
      }
    }

    private Operand<TUint8> cropTo(int size) {
      GraphContext ctx = graph.ctx().in("crop" + size);
      Ops tf = ctx.tf();
      Operand<TUint8> resized =
          BicubicResize.apply(ctx, tf.slice(image, begin, extent), size); // [size, size, 3]
      return tf.select(flip, tf.reverse(resized, tf.constant(new int[] {1})), resized);
    }

    private Values run(Operand<TUint8> result, Map<Operand<?>, Tensor> feeds) {
      return graph.runTensors(Map.of("result", result), feeds, List.of()).get("result");
    }

    @Override
    public void close() {
      graph.close();
    }
  }
}
