package org.blip4j.tools.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.report.LineChart;
import org.blip4j.tools.report.TerminalChart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code inspect}: what is in a file or folder; nothing in it is ever executed. */
@Command(
    name = "inspect",
    description = {
      "Tell what is in a model folder, a run, a .pth or safetensors file, a folder with shards, a"
          + " SavedModel, a checkpoint or a TFRecord file. Nothing in it is ever executed.",
      "Of a run, the curves are drawn: losses, ITM accuracy, learning rate, gradient norm,"
          + " validations.",
      "With --json the first line is about the whole, and one line for each thing in it follows."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip inspect model_base.pth")
public final class InspectCommand implements Callable<Integer> {
  private static final String INDEX = ".index";
  private static final String DATA = "\\.data-\\d{5}-of-\\d{5}";
  private static final String METRICS = "metrics.jsonl";
  private static final String CHECKPOINTS = "checkpoints";

  /** Size of a plot: with the numbers at its left it fits a terminal of 80 columns. */
  private static final int COLUMNS = 64;

  private static final int ROWS = 6;

  @Parameters(paramLabel = "PATH", description = "The file, folder or checkpoint prefix.")
  private Path path;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    Listing listing = list(path);
    console.json(listing.facts());
    for (Map<String, Object> row : listing.rows()) {
      console.json(row);
    }
    for (String line : listing.lines()) {
      console.text(line);
    }
    for (LineChart chart : isRun(path) ? LineChart.ofRun(path) : List.<LineChart>of()) {
      console.text("");
      for (String line : new TerminalChart(chart, COLUMNS, ROWS).lines()) {
        console.text(line);
      }
      TreeMap<Integer, Double> points = chart.curves().get(0).points();
      console.json(
          ImmutableMap.of(
              "curve", chart.title(), "steps", points.keySet(), "values", points.values()));
    }
    return ExitCodes.OK;
  }

  private static boolean isRun(Path path) {
    return Files.exists(path.resolve(METRICS)) || Files.isDirectory(path.resolve(CHECKPOINTS));
  }

  private static Listing list(Path path) throws IOException {
    Path prefix = prefix(path);
    if (TensorBundleReader.exists(prefix)) {
      return WeightListing.checkpoint(prefix);
    }
    if (!Files.exists(path)) {
      throw new IOException(path + ": no such file or folder");
    }
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    if (Files.size(path) == 0) {
      throw new IOException(path + ": the file is empty");
    }
    return RecordListing.isShard(path) ? RecordListing.of(path) : WeightListing.published(path);
  }

  /** The checkpoint that a path belongs to: its index, one of its data files, or its prefix. */
  private static Path prefix(Path path) {
    String name = String.valueOf(path.getFileName());
    String plain =
        name.endsWith(INDEX)
            ? name.substring(0, name.length() - INDEX.length())
            : name.replaceFirst(DATA + "$", "");
    return path.resolveSibling(plain);
  }

  private static Listing folder(Path path) throws IOException {
    if (isRun(path)) {
      return run(path);
    }
    ModelSource source;
    try {
      source = ModelSource.resolve(path.toString());
    } catch (IOException e) {
      return RecordListing.of(path, shards(path).orElseThrow(() -> e));
    }
    if (source instanceof ModelSource.Folder folder) {
      Listing listing = new Listing(folder.path().toString(), "model folder");
      model(listing, folder.folder());
      return listing;
    }
    return source instanceof ModelSource.Exported exported
        ? SavedModelListing.of(exported.path())
        : WeightListing.published(path);
  }

  /** The shards of a folder that is no model. */
  private static Optional<ShardSet> shards(Path folder) {
    try {
      ShardSet shards = ShardSet.find(List.of(folder.toString()));
      return RecordListing.isShard(shards.paths().get(0)) ? Optional.of(shards) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // that it is no model says more
    }
  }

  /** The folder of a run: how far it is, its checkpoints, its model if it has ended. */
  private static Listing run(Path path) throws IOException {
    Listing listing = new Listing(path.toString(), "run");
    Path metrics = path.resolve(METRICS);
    if (Files.exists(metrics)) {
      List<String> lines = TextFile.lines(metrics);
      listing.fact("last_metrics", lines.isEmpty() ? "none" : lines.get(lines.size() - 1));
    }
    Path folder = path.resolve(CHECKPOINTS);
    if (Files.isDirectory(folder)) {
      try (Stream<Path> content = Files.list(folder)) {
        listing.fact(
            CHECKPOINTS,
            content
                .map(file -> file.getFileName().toString())
                .filter(name -> name.endsWith(INDEX))
                .map(name -> name.substring(0, name.length() - INDEX.length()))
                .sorted()
                .toList());
      }
    }
    ModelFolder model = new ModelFolder(path.resolve("model"));
    if (model.looksComplete()) {
      listing.fact("model", model.path().toString());
      model(listing, model);
    }
    return listing;
  }

  private static void model(Listing listing, ModelFolder folder) throws IOException {
    WeightListing.model(listing, folder.readConfig());
    WeightListing.variables(listing, folder.variables());
  }

  /**
   * What is in a file or folder: some facts about the whole, and a row for each thing in it.
   *
   * @param facts by name, what it is first
   * @param rows each by the names of its columns
   */
  record Listing(Map<String, Object> facts, List<Map<String, Object>> rows) {
    Listing(String path, String kind) {
      this(new LinkedHashMap<>(), new ArrayList<>());
      facts.put("path", path);
      facts.put("kind", kind);
    }

    void fact(String name, Object value) {
      facts.put(name, value);
    }

    /** Adds a row of names and values in turn; nulls are left out. */
    void row(Object... columns) {
      Map<String, Object> row = new LinkedHashMap<>();
      for (int i = 0; i < columns.length; i += 2) {
        if (columns[i + 1] != null) {
          row.put((String) columns[i], columns[i + 1]);
        }
      }
      rows.add(row);
    }

    /** For people: facts, then rows with their values in columns. */
    List<String> lines() {
      List<String> lines = new ArrayList<>();
      facts.forEach(
          (name, value) -> lines.add("%-14s %s".formatted(name.replace('_', ' '), value)));
      int width = rows.stream().mapToInt(row -> first(row).length()).max().orElse(1);
      for (Map<String, Object> row : rows) {
        StringBuilder line = new StringBuilder(("  %-" + width + "s").formatted(first(row)));
        row.values().stream().skip(1).forEach(value -> line.append("  ").append(value));
        lines.add(line.toString());
      }
      return lines;
    }

    private static String first(Map<String, Object> row) {
      return row.values().iterator().next().toString();
    }
  }
}
