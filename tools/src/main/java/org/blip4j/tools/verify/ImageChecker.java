package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.BicubicResize;
import org.blip4j.ops.image.ImageDecoding;
import org.blip4j.ops.image.Normalization;
import org.tensorflow.Operand;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * Decodes, resizes and normalises every file: decoding from the file's bytes, resizing from the
 * expected decoded bytes, normalised pixels by the whole path from the file.
 *
 * <p>Bytes are held to equality. Only CMYK may be a level off when decoded, since TensorFlow's
 * decoder converts it in another arithmetic; its pixels are then made from the expected bytes.
 *
 * @param machine devices, threads and kernels
 */
record ImageChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final Pattern OUTPUT = Pattern.compile("(resized|normalised)(\\d+)/(.*)");
  private static final Tolerance ONE_LEVEL = new Tolerance(1, 0);
  private static final Tolerance NORMALISED = new Tolerance(1e-6, 0);

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenTensors decoded = GoldenTensors.read(golden.file("decoded.safetensors"));
    GoldenTensors outputs = GoldenTensors.read(golden.file("outputs.safetensors"));
    Set<Integer> sizes = new TreeSet<>();
    for (String name : outputs.names()) {
      Matcher matcher = OUTPUT.matcher(name);
      if (!matcher.matches()) {
        throw new IOException("outputs.safetensors has an unknown output " + name);
      }
      sizes.add(Integer.valueOf(matcher.group(2)));
    }
    Set<String> unused = new HashSet<>(outputs.names());
    unused.addAll(decoded.names());
    try (ImageGraph graph = new ImageGraph(machine, sizes)) {
      for (JsonNode file : golden.cases().path("files")) {
        String name = file.path("file").asText();
        boolean cmyk = file.path("pil_mode").asText().equals("CMYK");
        Values expected = decoded.get("decoded/" + name);
        unused.remove("decoded/" + name);
        byte[] bytes = Files.readAllBytes(golden.file(name));
        Map<String, Values> actual = graph.run(bytes, expected);
        Values own = actual.get("decoded");
        rows.accept(
            TensorCheck.compare(
                golden.name(),
                "decoded/" + name,
                own,
                expected,
                cmyk ? ONE_LEVEL : Tolerance.EXACT));
        boolean given = cmyk && !Arrays.equals(own.data(), expected.data());
        for (int size : sizes) {
          String resized = "resized" + size;
          String normalised = "normalised" + size;
          Map<String, Values> results =
              Map.of(
                  resized,
                  actual.get(resized),
                  normalised,
                  actual.get(given ? normalised + "/given" : normalised));
          for (Map.Entry<String, Values> result : results.entrySet()) {
            String output = result.getKey() + "/" + name;
            if (unused.remove(output)) {
              rows.accept(
                  TensorCheck.compare(
                      golden.name(),
                      output,
                      result.getValue(),
                      outputs.get(output),
                      result.getKey().equals(resized) ? Tolerance.EXACT : NORMALISED));
            }
          }
        }
      }
    }
    for (String name : unused) {
      rows.accept(CheckRow.failed(golden.name(), name, "belongs to no file of cases.json"));
    }
  }

  /** The graph that makes everything of one file. */
  private static final class ImageGraph implements AutoCloseable {
    private final GoldenGraph graph;
    private final Operand<TString> bytes;
    private final Operand<TUint8> image;
    private final Map<String, Operand<?>> fetches = new LinkedHashMap<>();
    private final Set<Integer> sizes;

    ImageGraph(GoldenGraph.Machine machine, Set<Integer> sizes) {
      this.graph = GoldenGraph.create(Mode.INFER, machine);
      this.sizes = sizes;
      Ops tf = graph.ctx().tf();
      this.bytes = tf.placeholder(TString.class, Placeholder.shape(Shape.of(1)));
      this.image = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, 3)));
      Operand<TString> scalar = tf.reshape(bytes, tf.constant(new int[0]));
      fetches.put("decoded", ImageDecoding.decodeOne(graph.ctx(), scalar));
      for (int size : sizes) {
        var ctx = graph.ctx().in("size" + size);
        Operand<TUint8> resized = BicubicResize.apply(ctx, image, size);
        fetches.put("resized" + size, resized);
        fetches.put("normalised" + size, new ImageDecoding(size).apply(ctx, bytes).pixels());
        Operand<TUint8> row = tf.expandDims(resized, tf.constant(0));
        fetches.put("normalised" + size + "/given", Normalization.apply(ctx, row));
      }
    }

    Map<String, Values> run(byte[] file, Values decoded) {
      try (Tensor fileTensor = TString.tensorOfBytes(NdArrays.vectorOfObjects(file));
          Tensor imageTensor = TensorValues.write(TUint8.class, decoded)) {
        Map<String, Values> values =
            graph.runTensors(fetches, Map.of(bytes, fileTensor, image, imageTensor), List.of());
        for (int size : sizes) {
          for (String kind : List.of("", "/given")) {
            values.computeIfPresent(
                "normalised" + size + kind,
                (name, pixels) -> pixels.channelsFirst().reshape(3, size, size));
          }
        }
        return values;
      }
    }

    @Override
    public void close() {
      graph.close();
    }
  }
}
