package org.blip4j.tools.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.HubOptions;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.TextArguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds pictures of an index by text or by picture. */
@Command(
    name = "search",
    description = {
      "Find pictures by a text or a picture. search index makes the index.",
      "Pictures are ranked by the cosine of features (ITC); for a text the best are read again and"
          + " ranked by match logit (ITM) plus cosine. Prints match probability, cosine, picture"
          + " and query."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip search index photos/ --model runs/filter/model --out photos.index",
      "  tools/blip search \"two dogs\" --index photos.index --model runs/filter/model"
    },
    subcommands = IndexCommand.class)
public final class SearchCommand implements Callable<Integer> {
  private static final int PAIRS = 32;

  @Parameters(
      paramLabel = "QUERY",
      arity = "0..*",
      description = "Texts, or image files; whatever names an existing image file is one.")
  private List<String> arguments = new ArrayList<>();

  @Option(names = "--text", paramLabel = "TEXT", description = "A text; may be repeated.")
  private List<String> texts = new ArrayList<>();

  @Option(names = "--image", paramLabel = "IMAGE", description = "An image; may be repeated.")
  private List<String> images = new ArrayList<>();

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description = "Texts or image files, one a line; - is standard input.")
  private String list;

  @Option(names = "--index", paramLabel = "INDEX", description = "Folder that search index made.")
  private Path index;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "The model that the index was made with, in any form.")
  private String model;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration of weights that do not tell their own (heads, tokens).")
  private Path config;

  @Option(names = "--top", paramLabel = "N", description = "Pictures shown for a query (10).")
  private int top = 10;

  @Option(
      names = "--rerank",
      paramLabel = "N",
      description = "Pictures that a text is matched with (128); 0 ranks by cosine alone.")
  private int rerank = 128;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = "Write a page with the pictures that were found.")
  private Path report;

  @Option(names = "--overwrite", description = "Replace an existing file of --report.")
  private boolean overwrite;

  @Mixin private HubOptions hub;
  @Mixin private ModelOptions.MatchToken matchToken;
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  /**
   * What is looked for.
   *
   * @param name the text, or the path of the image
   * @param image empty for a text
   */
  record Query(String name, Optional<LoadedImage> image) {}

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = batch.size(PAIRS);
    check();
    List<Query> queries = queries(console);
    FeatureIndex features = FeatureIndex.open(index);
    ModelSource source = hub.resolve(model, Optional.ofNullable(config), console);
    String difference = features.info().differenceTo(CapFiltModels.Identity.of(source.path()));
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was made with another model: %s; give that one, or make another index"
              .formatted(index, difference));
    }
    CompletableFuture<Void> read = features.readAhead();
    List<SearchReport.Group> groups = new ArrayList<>();
    try (Predictor predictor =
        ModelOptions.open(source, common, quantize, own -> matchToken.adjust(own))) {
      read.join();
      Ranking ranking = new Ranking(features, predictor, rerank, batchSize, console);
      for (Query query : queries) {
        List<Ranking.Hit> hits = ranking.best(query, top);
        print(query, hits, console);
        if (report != null) {
          groups.add(SearchReport.group(query, hits));
        }
      }
    }
    if (report != null) {
      SearchReport.of(index, features, source, groups).write(report);
    }
    return console.exitCode();
  }

  private void check() throws IOException {
    CommonOptions.require("search", index != null, "--index INDEX");
    CommonOptions.require("search", model != null, "--model MODEL");
    if (top < 1) {
      throw new IllegalArgumentException("--top " + top + " is less than 1; use a positive number");
    }
    if (rerank < 0) {
      throw new IllegalArgumentException(
          "--rerank " + rerank + " is negative; use 0 to rank by cosine alone");
    }
    if (report != null && !overwrite && Files.exists(report)) {
      throw new FileAlreadyExistsException(report.toString());
    }
  }

  private List<Query> queries(Console console) throws IOException {
    List<Query> queries = new ArrayList<>();
    for (String argument : arguments) {
      queries.add(of(argument));
    }
    texts.forEach(text -> queries.add(new Query(text, Optional.empty())));
    images.forEach(image -> queries.add(ofImage(image)));
    if (list != null) {
      for (String line : TextArguments.lines(list, console.in())) {
        if (!line.isBlank()) {
          queries.add(of(line));
        }
      }
    }
    for (Query query : queries) {
      if (query.name().isBlank()) {
        throw new IllegalArgumentException("a query is empty; give a text or an image file");
      }
    }
    if (queries.isEmpty()) {
      throw new IllegalArgumentException("no queries; give texts or images, or --queries FILE");
    }
    return queries;
  }

  private static Query of(String argument) {
    try {
      Path path = Path.of(argument);
      if (Files.isRegularFile(path)) {
        return ofImage(argument);
      }
      boolean likeImage = path.getFileName() != null && ImageInfo.ImageFormat.isNameOfImage(path);
      if (likeImage || (Files.isDirectory(path) && argument.contains("/"))) {
        throw new IllegalArgumentException(
            "%s: there is no such image file; check the name, or give --text to look for the words"
                .formatted(argument));
      }
    } catch (InvalidPathException e) {
      return new Query(argument, Optional.empty()); // a text with characters that no path has
    }
    return new Query(argument, Optional.empty());
  }

  private static Query ofImage(String name) {
    return new Query(name, Optional.of(ImageStream.read(Path.of(name))));
  }

  private static void print(Query query, List<Ranking.Hit> hits, Console console)
      throws IOException {
    for (int i = 0; i < hits.size(); i++) {
      Ranking.Hit hit = hits.get(i);
      Row row =
          new Row(
              query.name(),
              i + 1,
              hit.picture().image(),
              hit.cosine(),
              hit.score().map(score -> score.itmProbability()).orElse(null),
              hit.order().orElse(null),
              hit.score().map(score -> score.note()).orElse(""));
      console.result(row, row.line());
    }
  }

  /**
   * One line of {@code search}.
   *
   * @param query the text or the image
   * @param rank from 1
   * @param image its path, or its key in a shard
   * @param itcCosine of the two features
   * @param itmProbability that they belong together; null where it was not computed
   * @param score by which it was ranked anew: match logit and cosine
   * @param note how the text was cut, if it was
   */
  record Row(
      String query,
      int rank,
      String image,
      float itcCosine,
      Float itmProbability,
      Float score,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String note) {

    /** For people: probability, cosine, image, query. */
    String line() {
      String probability =
          itmProbability == null ? "-" : String.format(Locale.ROOT, "%.4f", itmProbability);
      return String.format(Locale.ROOT, "%s\t%.4f\t%s\t%s", probability, itcCosine, image, query);
    }
  }
}
