package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.savedmodel.evaluate.TaskEvaluation;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.bootstrap.Ablation;
import org.blip4j.tools.bootstrap.AblationReport;
import org.blip4j.tools.bootstrap.AblationRow;
import org.blip4j.tools.bootstrap.BootstrapConfig;
import org.blip4j.tools.bootstrap.ConsoleStages;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.ScoreLine;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.scenes.Scene;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneTruth;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bootstrap ablation}: ways to bootstrap beside each other, over several seeds. */
@Command(
    name = "ablation",
    description = {
      "Compare ways to bootstrap: none, captioner or filter alone, beam search, nucleus sampling,"
          + " one model for both, going on in place of training anew, two rounds. All models are"
          + " trained for the same number of updates; the table has mean and spread over seeds.",
      "Without --config on generated pictures of three to five objects, of which a caption tells"
          + " one or two. A second start goes on where the first one ended."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip bootstrap ablation --out runs/ablation",
      "  tools/blip bootstrap ablation --config bootstrap.json --test 'held/*' --out runs/ablation"
    })
public final class AblationCommand implements Callable<Integer> {
  private static final int CANDIDATES = 16;

  /** Data of the user. */
  static final class Own {
    @Option(
        names = "--config",
        paramLabel = "FILE",
        required = true,
        description = "As of bootstrap; pretrain needs steps.")
    private Path config;

    @Option(
        names = "--test",
        paramLabel = "GLOB",
        arity = "1..*",
        required = true,
        description = "Held-out records that the models are measured on.")
    private List<String> test = new ArrayList<>();

    @Option(
        names = "--candidates",
        paramLabel = "K",
        description = "Nearest by their features that retrieval matches (16).")
    private int candidates = CANDIDATES;
  }

  @ArgGroup(exclusive = false)
  private Own own;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Where all rows work; results.json and report.html in the end.")
  private Path out;

  @Option(names = "--seeds", paramLabel = "N", description = "Seeds 1 to N (3).")
  private int seeds = 3;

  @Option(
      names = "--rows",
      paramLabel = "ROW",
      split = ",",
      description =
          "Some of none, filter, captioner, beam, nucleus, shared, continued, two-rounds (all).")
  private List<String> rows = new ArrayList<>();

  @Option(
      names = "--smoke",
      description = "A few steps over a few generated pictures: whether everything runs.")
  private boolean smoke;

  @Mixin private ComputeOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    if (seeds < 1) {
      throw new IllegalArgumentException("--seeds " + seeds + " trains nothing; use 1 or more");
    }
    if (smoke && own != null) {
      throw new IllegalArgumentException("--smoke takes generated pictures; leave --config out");
    }
    if (own != null && own.candidates < 1) {
      throw new IllegalArgumentException(
          "--candidates " + own.candidates + " matches nothing; use 1 or more, such as 16");
    }
    List<AblationRow> chosen =
        rows.isEmpty()
            ? List.of(AblationRow.values())
            : rows.stream().map(AblationRow::of).distinct().toList();
    List<Long> numbers = LongStream.rangeClosed(1, seeds).boxed().toList();
    Measured measured =
        own == null
            ? new Measured("", List.of(), CANDIDATES, plan(1).toString())
            : new Measured(own.config.toString(), shards(), own.candidates, "");
    return ConsoleStages.run(
        common,
        context -> {
          claim(measured);
          Ablation.Trials trials =
              (seed, folder) ->
                  own == null
                      ? new Scenes(
                          new SceneData(folder.resolve("scenes"), plan(seed).data()),
                          plan(seed),
                          context.inference())
                      : new Records(own, seed, context.inference());
          AblationReport report =
              AblationReport.of(
                  numbers, setting(), new Ablation(out, chosen, context).run(numbers, trials));
          Path page = report.write(out);
          console.result(report, "\n" + report.table());
          console.note("report: %s", page);
        });
  }

  private List<String> shards() throws IOException {
    return ShardSet.find(own.test).paths().stream().map(Path::toString).toList();
  }

  private String setting() {
    return own == null
        ? "The pictures were drawn: three to five objects each, of which a caption tells one or"
            + " two; 58 % of the web's texts are wrong."
        : "The configuration is " + own.config + ".";
  }

  private Quickstart.Plan plan(long seed) {
    return smoke
        ? new Quickstart.Plan(
            new SceneData.Plan(seed, 48, 96, 24, 48, Scene.Density.MANY), 16, 4, 3, 3)
        : new Quickstart.Plan(
            new SceneData.Plan(seed, 4_000, 10_000, 300, 1_000, Scene.Density.MANY),
            64,
            1_200,
            600,
            800);
  }

  /**
   * What figures of one folder have in common.
   *
   * @param config the file, or nothing
   * @param test the held-out shards
   * @param candidates how many of the other kind are matched in retrieval
   * @param scenes sizes of what is drawn, or nothing
   */
  private record Measured(String config, List<String> test, int candidates, String scenes) {}

  private void claim(Measured measured) throws IOException {
    Path file = out.resolve("ablation.json");
    if (Files.exists(file)) {
      Measured before = ConfigJson.read(file, Measured.class);
      if (!before.equals(measured)) {
        throw new IllegalArgumentException(
            "%s was begun with %s, not with %s; choose another folder"
                .formatted(out, before, measured));
      }
      return;
    }
    Files.createDirectories(out);
    ConfigJson.write(file, measured);
  }

  private static Map<String, Double> measure(
      ShardSet shards, int candidates, ModelFolder model, PredictorOptions options)
      throws IOException {
    TaskEvaluation test = new TaskEvaluation(shards, ExampleCodec.standard(), candidates);
    try (Predictor predictor = Predictor.open(new ModelSource.Folder(model), options)) {
      Map<String, Double> figures = new LinkedHashMap<>(test.captions(predictor).figures());
      figures.putAll(test.measure(predictor).figures());
      return figures;
    }
  }

  /** Records of the user. */
  private record Records(Own own, long seed, PredictorOptions options) implements Ablation.Trial {
    @Override
    public BootstrapConfig config() throws IOException {
      return BootstrapConfig.read(
          own.config, new BootstrapConfig.Changes(OptionalLong.of(seed), OptionalInt.empty()));
    }

    @Override
    public Map<String, Double> measure(ModelFolder model) throws IOException {
      return AblationCommand.measure(ShardSet.find(own.test), own.candidates, model, options);
    }
  }

  /** Pictures that are drawn, of which the truth is known. */
  private record Scenes(SceneData data, Quickstart.Plan plan, PredictorOptions options)
      implements Ablation.Trial {
    @Override
    public Map<String, Double> prepare() throws IOException {
      SceneData.write(data.folder(), data.plan());
      return ImmutableMap.of("web", (double) data.plan().web());
    }

    @Override
    public BootstrapConfig config() throws IOException {
      return new QuickstartRecipe(plan, data).config();
    }

    @Override
    public Map<String, Double> measure(ModelFolder model) throws IOException {
      ShardSet test = ShardSet.of(data.shards(SceneData.Split.HELD_OUT));
      return AblationCommand.measure(test, CANDIDATES, model, options);
    }

    /** The share of right ones among the kept texts of each source. */
    @Override
    public Map<String, Double> measureSet(CapFiltFolder set) throws IOException {
      Map<String, SceneTruth> truth = data.truth();
      Map<CapFiltText.Source, long[]> counts = new LinkedHashMap<>();
      Arrays.stream(CapFiltText.Source.values()).forEach(source -> counts.put(source, new long[2]));
      for (Path shard : data.shards(SceneData.Split.WEB)) {
        Path scores = set.scores(shard.getFileName().toString().replace(".tfrecord", ""));
        ScoreLine.forEach(
            scores,
            score -> {
              for (CapFiltText text : score.texts()) {
                if (text.kept()) {
                  long[] count = counts.get(text.source());
                  count[0] += truth.get(score.key()).isFullyRight(text.text()) ? 1 : 0;
                  count[1]++;
                }
              }
            });
      }
      ImmutableMap.Builder<String, Double> shares = ImmutableMap.builder();
      counts.forEach(
          (source, count) -> {
            if (count[1] > 0) {
              shares.put("right_" + source.word(), count[0] / (double) count[1]);
            }
          });
      return shares.buildOrThrow();
    }
  }
}
