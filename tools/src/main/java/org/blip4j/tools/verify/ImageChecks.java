package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.CaseFormat;
import com.google.common.base.Enums;
import com.google.common.base.Optional;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.AugmentOperation;
import org.blip4j.ops.image.AugmentOperation.Overflow;
import org.blip4j.ops.image.BicubicResize;
import org.blip4j.ops.image.ImageDecoding;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** Image files, and pictures changed for training. Bytes are held to equality. */
final class ImageChecks {
  private static final Pattern OUTPUT = Pattern.compile("(resized|normalised)(\\d+)/(.*)");
  private static final Tolerance ONE_LEVEL = new Tolerance(1, 0);
  private static final Tolerance NORMALISED = new Tolerance(1e-6, 0);
  private static final Tolerance SAME_VALUE = new Tolerance(1e-12, 0);

  private ImageChecks() {}

  /**
   * Decodes, resizes and normalises every file: decoding from the file's bytes, resizing from the
   * expected decoded bytes, normalised pixels by the whole path from the file. Only CMYK may be a
   * level off when decoded, since TensorFlow's decoder converts it in another arithmetic; its
   * pixels are then made from the expected bytes.
   */
  static void files(GoldenRun run) throws IOException {
    Golden.Tensors decoded = run.golden().tensors("decoded.safetensors");
    Set<Integer> sizes = new TreeSet<>();
    for (String name : run.outputs().names()) {
      Matcher output = OUTPUT.matcher(name);
      if (!output.matches()) {
        throw new IOException("outputs.safetensors has an unknown output " + name);
      }
      sizes.add(Integer.valueOf(output.group(2)));
    }
    Set<String> unused = new HashSet<>(run.outputs().names());
    unused.addAll(decoded.names());
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Operand<TString> bytes = input(graph.ctx(), TString.class, 1);
      Operand<TUint8> image = input(graph.ctx(), TUint8.class, -1, -1, 3);
      Map<String, Operand<?>> made = pixels(graph.ctx(), bytes, image, sizes);
      for (JsonNode file : run.cases().path("files")) {
        String name = file.path("file").asText();
        String source = "decoded/" + name;
        boolean cmyk = file.path("pil_mode").asText().equals("CMYK");
        Values expected = decoded.get(source);
        unused.remove(source);
        made.forEach(graph::fetch);
        Map<String, Values> actual;
        try (Tensor content =
                TString.tensorOfBytes(
                    NdArrays.vectorOfObjects(Files.readAllBytes(run.golden().file(name))));
            Tensor given = expected.tensor(TUint8.class)) {
          actual = graph.runTensors(List.of(), Map.of(bytes, content, image, given));
        }
        Values own = actual.get("decoded");
        run.compare(source, own, expected, cmyk ? ONE_LEVEL : Tolerance.EXACT);
        boolean given = cmyk && !Arrays.equals(own.data(), expected.data());
        for (int size : sizes) {
          String resized = "resized" + size;
          if (unused.remove(resized + "/" + name)) {
            Values wanted = run.expected(resized + "/" + name);
            run.compare(resized + "/" + name, actual.get(resized), wanted, Tolerance.EXACT);
          }
          String normalised = "normalised" + size;
          if (unused.remove(normalised + "/" + name)) {
            Values rows = actual.get(given ? normalised + "/given" : normalised);
            Values wanted = run.expected(normalised + "/" + name);
            Values pixels = rows.transpose(0, 3, 1, 2).row(0); // [3, S, S]
            run.compare(normalised + "/" + name, pixels, wanted, NORMALISED);
          }
        }
      }
    }
    unused.forEach(name -> run.failed(name, "belongs to no file of cases.json"));
  }

  private static Map<String, Operand<?>> pixels(
      GraphContext outer, Operand<TString> bytes, Operand<TUint8> image, Set<Integer> sizes) {
    Map<String, Operand<?>> made = new HashMap<>();
    Operand<TString> scalar = outer.tf().reshape(bytes, outer.tf().constant(new int[0]));
    made.put("decoded", ImageDecoding.decodeOne(outer, scalar));
    for (int size : sizes) {
      GraphContext ctx = outer.in("size" + size);
      Operand<TUint8> resized = BicubicResize.apply(ctx, image, size);
      made.put("resized" + size, resized);
      made.put("normalised" + size, new ImageDecoding(size).apply(ctx, bytes).pixels());
      made.put(
          "normalised" + size + "/given",
          ImageDecoding.Normalization.apply(ctx, ctx.expandDims(resized, 0)));
    }
    return made;
  }

  private static <T extends TType> Operand<T> input(
      GraphContext ctx, Class<T> type, long... sizes) {
    return ctx.tf().placeholder(type, Placeholder.shape(Shape.of(sizes)));
  }

  /**
   * The operations of RandAugment at their levels, and crops with a given box, resized and
   * mirrored, with the errors of the published code made as it makes them.
   */
  static void augment(GoldenRun run) throws IOException {
    Golden.Tensors tensors = run.golden().tensors("tensors.safetensors");
    Set<String> unused = new HashSet<>(tensors.names());
    try (GoldenGraph graph = new GoldenGraph(run, Mode.TRAIN)) {
      Operand<TUint8> image = input(graph.ctx(), TUint8.class, -1, -1, 3);
      Operand<TUint8> input = graph.ctx().tf().identity(image); // what is fed cannot be fetched
      Operand<TFloat64> value = input(graph.ctx(), TFloat64.class);
      Map<AugmentOperation, Operand<TUint8>> changed = new HashMap<>();
      for (AugmentOperation operation : AugmentOperation.values()) {
        GraphContext ctx = graph.ctx().in(operation.name());
        changed.put(operation, operation.apply(ctx, input, value, Overflow.WRAP));
      }
      for (JsonNode example : run.cases().path("ops")) {
        String output = used(example, unused);
        String name = example.path("op").asText();
        Optional<AugmentOperation> operation =
            Enums.getIfPresent(
                AugmentOperation.class,
                CaseFormat.UPPER_CAMEL.to(CaseFormat.UPPER_UNDERSCORE, name));
        if (!operation.isPresent()) {
          run.failed(output, "no such operation is known");
          continue;
        }
        double expected = example.path("value").asDouble();
        double number = operation.get().value(example.path("level").asInt());
        double signed = expected < 0 ? -number : number;
        run.compare(output + " value", signed, expected, SAME_VALUE);
        Values picture = tensors.get(example.path("input").asText());
        try (Tensor pixels = picture.tensor(TUint8.class);
            Tensor scalar = TFloat64.scalarOf(signed)) {
          graph.fetch(output, changed.get(operation.get()));
          Map<String, Values> found =
              graph.runTensors(List.of(), Map.of(image, pixels, value, scalar));
          run.compare(output, found.get(output), tensors.get(output), Tolerance.EXACT);
        }
      }
    }
    crops(run, tensors, unused);
    unused.forEach(name -> run.failed(name, "belongs to no example of cases.json"));
  }

  private static void crops(GoldenRun run, Golden.Tensors tensors, Set<String> unused)
      throws IOException {
    Map<Integer, Operand<TUint8>> parts = new HashMap<>();
    try (GoldenGraph graph = new GoldenGraph(run, Mode.TRAIN)) {
      Operand<TUint8> image = input(graph.ctx(), TUint8.class, -1, -1, 3);
      Operand<TInt32> begin = input(graph.ctx(), TInt32.class, 3);
      Operand<TInt32> extent = input(graph.ctx(), TInt32.class, 3);
      Operand<TBool> flip = input(graph.ctx(), TBool.class);
      for (JsonNode crop : run.cases().path("crops")) {
        Operand<TUint8> part =
            parts.computeIfAbsent(
                crop.path("size").asInt(),
                size -> {
                  GraphContext ctx = graph.ctx().in("crop" + size);
                  Ops tf = ctx.tf();
                  Operand<TUint8> resized =
                      BicubicResize.apply(ctx, tf.slice(image, begin, extent), size); // [S, S, 3]
                  Operand<TUint8> mirrored = tf.reverse(resized, tf.constant(new int[] {1}));
                  return tf.select(flip, mirrored, resized);
                });
        String output = used(crop, unused);
        try (Tensor pixels = tensors.get(crop.path("input").asText()).tensor(TUint8.class);
            Tensor corner = vector(crop.path("top").asInt(), crop.path("left").asInt(), 0);
            Tensor sides = vector(crop.path("height").asInt(), crop.path("width").asInt(), 3);
            Tensor mirrored = TBool.scalarOf(crop.path("horizontal_flip").asBoolean())) {
          graph.fetch(output, part);
          Map<String, Values> found =
              graph.runTensors(
                  List.of(), Map.of(image, pixels, begin, corner, extent, sides, flip, mirrored));
          run.compare(output, found.get(output), tensors.get(output), Tolerance.EXACT);
        }
      }
    }
  }

  private static Tensor vector(int... numbers) {
    return TInt32.vectorOf(numbers);
  }

  private static String used(JsonNode example, Set<String> unused) {
    unused.remove(example.path("input").asText());
    unused.remove(example.path("output").asText());
    return example.path("output").asText();
  }
}
