package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.proto.ConfigProto;

/**
 * One golden in the course of its check. What was computed is added under the expected names; the
 * {@link #report} then has one row for each expected tensor, missing ones included.
 */
final class GoldenRun {
  private static final int SHOWN = 3;
  private static final Splitter DOTS = Splitter.on('.');

  /** Outputs that are parts or figures of other outputs: the name, of what, and how. */
  private static final ImmutableMap<Pattern, Part> PARTS =
      ImmutableMap.<Pattern, Part>builder()
          .put(
              Pattern.compile("(?<base>.*logits)_?(?:row)?(?<n>\\d+)"),
              (run, name, n, base) -> base.row(n).rows(0, run.expected(name).shape()[0]))
          .put(
              Pattern.compile("(?<base>.*)\\[:(?<n>\\d+)]"),
              (run, name, n, base) -> base.rows(0, n))
          .put(
              Pattern.compile("(?<base>.*logits)_logsumexp"),
              (run, name, n, base) -> base.logSumExp())
          .put(
              Pattern.compile("(?<base>.*logits)_slice"),
              (run, name, n, base) -> base.columns(run.expected("logits_vocab_ids").longs()))
          .put(
              Pattern.compile("(?<base>.*\\.grad\\..*)\\.rows"),
              (run, name, n, base) ->
                  base.gather(run.expected(DOTS.splitToList(name).get(0) + ".rows").longs()))
          .put(
              Pattern.compile("(?<base>grad)_rows(?<rest>/.*)"),
              (run, name, n, base) -> base.gather(run.inputs().get("grad_row_ids").longs()))
          .buildOrThrow();

  /** Makes an output of another. */
  private interface Part {
    Values of(GoldenRun run, String name, int number, Values base) throws IOException;
  }

  /**
   * On what goldens are computed.
   *
   * @param session devices and threads
   * @param kernels what inference is made of; training has the stock ones
   */
  record Machine(ConfigProto session, Kernels kernels) {}

  private final Golden golden;
  private final Machine machine;
  private final Consumer<CheckRow> rows;
  private final Map<String, Values> actual = new LinkedHashMap<>();
  private JsonNode cases;
  private Golden.Tensors inputs;
  private Golden.Tensors expected;
  private int compared;

  GoldenRun(Golden golden, Machine machine, Consumer<CheckRow> rows) {
    this.golden = golden;
    this.machine = machine;
    this.rows = rows;
  }

  /** Checks the golden; every outcome is a row, and no row at all is a failure. */
  void check() {
    try {
      golden.kind().check(this);
    } catch (UncheckedIOException e) {
      throw e; // the rows could not be written
    } catch (IOException | RuntimeException e) {
      failed("read", String.valueOf(e.getMessage()));
    }
    if (compared == 0) {
      failed("anything", "nothing was compared");
    }
  }

  Golden golden() {
    return golden;
  }

  Machine machine() {
    return machine;
  }

  /** The description of the golden. */
  JsonNode cases() throws IOException {
    if (cases == null) {
      cases = golden.json("cases.json");
    }
    return cases;
  }

  /** What the golden was computed from. */
  Golden.Tensors inputs() throws IOException {
    if (inputs == null) {
      inputs = golden.tensors("inputs.safetensors");
    }
    return inputs;
  }

  /** All that is expected. */
  Golden.Tensors outputs() throws IOException {
    if (expected == null) {
      expected = golden.tensors("outputs.safetensors");
    }
    return expected;
  }

  /** An expected tensor, for its shape or as a choice of what to compute. */
  Values expected(String name) throws IOException {
    return outputs().get(name);
  }

  /** An expected tensor that is an input by its nature (drawn negatives). */
  Values given(String name) throws IOException {
    add(name, expected(name));
    return expected(name);
  }

  /** Hands on one outcome. */
  void row(CheckRow row) {
    compared++;
    rows.accept(row);
  }

  void failed(String check, String problem) {
    row(CheckRow.failed(golden.name(), check, problem));
  }

  /** The outcome of an exact comparison: what is wrong, or null if nothing is. */
  void exact(String check, String problem) {
    row(
        problem == null
            ? CheckRow.passed(golden.name(), check, 0, 0)
            : CheckRow.deviates(golden.name(), check, 1, 0, problem));
  }

  /** The outcome of an exact comparison of many things: what differs, of which some are shown. */
  void differ(String check, List<String> problems) {
    int rest = Math.max(0, problems.size() - SHOWN);
    String shown = String.join("; ", problems.subList(0, problems.size() - rest));
    row(
        problems.isEmpty()
            ? CheckRow.passed(golden.name(), check, 0, 0)
            : CheckRow.deviates(
                golden.name(),
                check,
                problems.size(),
                0,
                rest == 0 ? shown : shown + " and " + rest + " more"));
  }

  /** Compares tensors. */
  void compare(String check, Values found, Values wanted, Tolerance tolerance) {
    row(CheckRow.compare(golden.name(), check, found, wanted, tolerance));
  }

  /** Compares a number. */
  void compare(String check, double found, double wanted, Tolerance tolerance) {
    Values one = new Values(new long[] {1}, new double[] {found});
    compare(check, one, new Values(new long[] {1}, new double[] {wanted}), tolerance);
  }

  /** Compares a text. */
  void text(String check, String found, String wanted) {
    exact(check, found.equals(wanted) ? null : "'" + found + "', expected '" + wanted + "'");
  }

  /** Compares texts, a row for each. */
  void texts(String check, List<?> found, JsonNode wanted) {
    for (int i = 0; i < found.size(); i++) {
      text(check + " " + i, String.valueOf(found.get(i)), wanted.path(i).asText("missing"));
    }
  }

  /** A list of strings of {@code cases.json}. */
  List<String> strings(String key) throws IOException {
    JsonNode list = cases().path("strings").path(key);
    return Golden.strings(list.isMissingNode() ? cases().path(key) : list);
  }

  /** The pictures, as official goldens or those of Hugging Face name them. */
  Values image() throws IOException {
    Values image = inputs().all().get("pixel_values");
    return image == null ? inputs().get("image") : image;
  }

  /** What we make of strings: compared with inputs that are stored, otherwise an output. */
  void own(Values made, String... names) throws IOException {
    for (String name : names) {
      Values stored = inputs().all().get(name);
      if (stored == null) {
        add(name, made);
      } else {
        compare(name, made, stored, Tolerance.EXACT);
      }
    }
  }

  /** Adds what was computed. */
  void add(String name, Values values) {
    actual.put(name, values);
  }

  /** Adds generated ids, without the columns of padding behind the expected ones. */
  void addIds(String name, Values ids) throws IOException {
    long columns = expected(name).shape()[1];
    int width = (int) ids.shape()[1];
    boolean padded = columns < width;
    for (int i = 0; i < ids.data().length; i++) {
      padded &= i % width < columns || ids.data()[i] == 0;
    }
    // If they are longer than expected, the shapes will differ.
    long[] kept = new long[(int) (padded ? columns : width)];
    Arrays.setAll(kept, column -> column);
    add(name, ids.columns(kept));
  }

  /** Compares everything that is expected. */
  void report() throws IOException {
    for (Map.Entry<String, JsonNode> input : described("inputs").properties()) {
      if (!inputs().names().contains(input.getKey())) {
        failed(input.getKey(), "is missing in inputs.safetensors");
      }
    }
    JsonNode described = described("outputs");
    JsonNode tolerances = cases().path("tolerance");
    for (String name : outputs().names()) {
      JsonNode entry = described.path(name);
      if (entry.isMissingNode()) {
        failed(name, "is not described in cases.json");
      } else if (tolerances.isMissingNode()) {
        boolean whole = entry.path("dtype").asText().startsWith("int");
        Tolerance ordinary = name.equals("loss") ? Tolerance.LOSS : Tolerance.FORWARD;
        compare(name, computed(name), expected(name), whole ? Tolerance.EXACT : ordinary);
      } else {
        compare(name, computed(name), expected(name), Tolerance.of(tolerances, name));
      }
    }
    for (Map.Entry<String, JsonNode> entry : described.properties()) {
      String name = entry.getKey();
      if (!outputs().names().contains(name)) {
        failed(name, "is missing in outputs.safetensors");
        continue;
      }
      String shape = entry.getValue().path("shape").toString().replaceAll("\\s", "");
      String stored = Arrays.toString(expected(name).shape()).replaceAll("\\s", "");
      if (!shape.equals(stored)) {
        failed(name, "has shape " + stored + ", cases.json says " + shape);
      }
    }
  }

  /** What {@code cases.json} says of tensors; older goldens have a list, each with its name. */
  JsonNode described(String which) throws IOException {
    JsonNode tensors = cases().path(which);
    if (!tensors.isArray()) {
      return tensors;
    }
    ObjectNode named = JsonNodeFactory.instance.objectNode();
    tensors.forEach(tensor -> named.set(tensor.path("name").asText(), tensor));
    return named;
  }

  private Values computed(String name) throws IOException {
    Values found = actual.get(name);
    for (Map.Entry<Pattern, Part> part : PARTS.entrySet()) {
      Matcher matcher = part.getKey().matcher(name);
      if (found == null && matcher.matches()) {
        String pattern = part.getKey().pattern();
        String rest = pattern.contains("<rest>") ? matcher.group("rest") : "";
        int number = pattern.contains("<n>") ? Integer.parseInt(matcher.group("n")) : 0;
        Values base = actual.get(matcher.group("base") + rest);
        found = base == null ? null : part.getValue().of(this, name, number, base);
      }
    }
    boolean one = found != null && found.shape().length == 0 && expected(name).data().length == 1;
    return one ? found.reshape(expected(name).shape()) : found; // scalars are stored as [1] or []
  }
}
