package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.blip4j.data.file.NearestName;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.convert.ConversionReport;
import org.blip4j.savedmodel.convert.ConversionRequest;
import org.blip4j.savedmodel.convert.ModelConversion;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.HubOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code convert}: any form of a model into a model folder or into published weights. */
@Command(
    name = "convert",
    description = {
      "Convert a model of any form into a model folder, or back into published weights.",
      "Reports what became of every tensor; writes nothing unless everything fits."
    },
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip convert model_base_capfilt_large.pth captioner --task caption%n"
            + "  tools/blip convert captioner captioner-hf --to huggingface")
public final class ConvertCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description =
          "A model folder, a .pth or safetensors file, a Hugging Face folder, hf:OWNER/NAME, or an"
              + " exported model.")
  private String source;

  @Parameters(
      index = "1",
      paramLabel = "DEST",
      description = "The folder to write; with --to safetensors also a file X.safetensors.")
  private Path target;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "What the model is to be for (its own): ${COMPLETION-CANDIDATES}.",
      completionCandidates = TaskNames.class)
  private String task;

  @Option(
      names = "--to",
      paramLabel = "FORM",
      description =
          "safetensors (names of the official release) or huggingface (a folder that transformers"
              + " loads); a model folder without it.")
  private String form;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "What the tensors of published weights do not tell (heads, image size).")
  private Path config;

  @Option(names = "--overwrite", description = "Replace a model that is at DEST.")
  private boolean overwrite;

  @Mixin private HubOptions hub;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ConversionRequest request = new ConversionRequest(target, form(), task(), overwrite);
    try {
      ModelSource model = hub.resolve(source, Optional.ofNullable(config), console);
      print(console, ModelConversion.run(model, request));
      return ExitCodes.OK;
    } catch (ConversionReport.Refusal e) {
      print(console, e.report());
      throw e;
    }
  }

  private Optional<Task> task() {
    return Optional.ofNullable(task).map(TaskNames::parse);
  }

  private ConversionRequest.Form form() {
    if (form == null) {
      return ConversionRequest.Form.MODEL_FOLDER;
    }
    return Arrays.stream(ConversionRequest.Form.values())
        .filter(known -> known.name().replace("_", "").equalsIgnoreCase(form))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--to " + form + " is unknown; use safetensors or huggingface"));
  }

  private static void print(Console console, ConversionReport report) throws IOException {
    console.json(report);
    console.text("source      %s (%s)".formatted(report.source(), report.kind()));
    console.text(
        "target      %s (%s, %s)"
            .formatted(report.target(), word(report.form().name()), word(report.task().name())));
    console.text(
        "tensors     %d of %d read into %d variables"
            .formatted(report.read(), report.tensors(), report.variables()));
    list(
        console,
        "derived",
        report.derived().entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList());
    list(console, "skipped", NameGroups.of(report.skipped()));
    list(console, "left over", NameGroups.brief(report.leftOver()));
    list(console, "left out", NameGroups.of(report.leftOut()));
    list(console, "missing", NameGroups.of(report.missing()));
    list(console, "mis-shaped", NameGroups.of(report.misshaped()));
    list(console, "unknown", NameGroups.of(report.unknown()));
    for (String note : report.notes()) {
      console.warn("%s", note);
    }
  }

  private static void list(Console console, String what, List<String> lines) throws IOException {
    String label = what;
    for (String line : lines) {
      console.text("%-11s %s".formatted(label, line));
      label = "";
    }
  }

  private static String word(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Tasks as they are written on a command line: in lower case. */
  static final class TaskNames implements Iterable<String> {
    private static List<String> names() {
      return Arrays.stream(Task.values())
          .map(task -> task.name().toLowerCase(Locale.ROOT))
          .toList();
    }

    @Override
    public Iterator<String> iterator() {
      return names().iterator();
    }

    /**
     * The task of a name.
     *
     * @throws IllegalArgumentException if there is none; says which there are
     */
    static Task parse(String name) {
      return Arrays.stream(Task.values())
          .filter(task -> task.name().equalsIgnoreCase(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "--task %s is unknown%s; use one of %s"
                          .formatted(
                              name,
                              NearestName.among(names(), name)
                                  .map(near -> " (did you mean " + near + "?)")
                                  .orElse(""),
                              String.join(", ", names()))));
    }
  }

  /** Names that differ in numbers only, as one line: {@code blocks.#.norm1.bias (12)}. */
  private static final class NameGroups {
    private static final int MANY = 20;

    private NameGroups() {}

    /**
     * The same, by the first part of the names only if there are many: {@code temp, blocks.* (9)}.
     */
    static List<String> brief(Collection<String> names) {
      List<String> groups = of(names);
      if (groups.size() <= MANY) {
        return groups;
      }
      Map<String, Integer> parts = new TreeMap<>();
      for (String name : names) {
        int end = name.indexOf('.');
        parts.merge(end < 0 ? name : name.substring(0, end) + ".*", 1, Integer::sum);
      }
      return parts.entrySet().stream()
          .map(
              part ->
                  part.getValue() == 1
                      ? part.getKey()
                      : part.getKey() + " (" + part.getValue() + ")")
          .toList();
    }

    static List<String> of(Collection<String> names) {
      Map<String, Integer> counts = new TreeMap<>();
      Map<String, String> single = new TreeMap<>();
      for (String name : names) {
        String group = name.replaceAll("(?<=[./])\\d+(?=[./])", "#");
        counts.merge(group, 1, Integer::sum);
        single.put(group, name);
      }
      return counts.entrySet().stream()
          .map(
              entry ->
                  entry.getValue() == 1
                      ? single.get(entry.getKey())
                      : entry.getKey() + " (" + entry.getValue() + ")")
          .toList();
    }
  }
}
