package org.blip4j.tools.infer;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.savedmodel.serve.ServingSettings.MatchToken;
import org.blip4j.tools.cli.CommonOptions;
import org.blip4j.tools.cli.Console;
import org.blip4j.tools.cli.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code match}: scores how well texts fit images. */
@Command(
    name = "match",
    description = {
      "Score how well texts fit images: every image with every text, or given pairs.",
      "Prints for each pair the probability of a match (ITM: slow, exact) and the cosine of the"
          + " features (ITC: for ranking many)."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip match --model runs/filter/model --image photo.jpg --text \"a dog\" \\",
      "      --text \"a cat\" --json"
    })
public final class MatchCommand implements Callable<Integer> {
  private static final int PAIRS = 32;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "An image file, a folder, a glob or a shard; may be repeated.")
  private List<String> images = new ArrayList<>();

  @Option(names = "--text", paramLabel = "TEXT", description = "A text; may be repeated.")
  private List<String> texts = new ArrayList<>();

  @Option(names = "--texts-from", paramLabel = "FILE", description = "Texts, one a line.")
  private Path textFile;

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description = "Pairs instead: lines of IMAGE<tab>TEXT, or JSON objects with image and text.")
  private Path pairFile;

  @Option(
      names = "--match-token",
      paramLabel = "enc|cls",
      description =
          "First token of a text that is matched: enc as trained, cls as the published demo (enc).")
  private String matchToken;

  @Mixin private ImageArguments inputs;
  @Mixin private ModelOptions model;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = common.batchSize(PAIRS);
    if (pairFile != null) {
      if (!images.isEmpty() || !texts.isEmpty() || textFile != null) {
        throw new IllegalArgumentException(
            "--pairs has images and texts of its own; leave --image, --text and --texts-from away");
      }
      try (PairFile pairs = new PairFile(pairFile);
          Predictor predictor = open();
          Progress progress = console.progress("pairs", -1)) {
        given(pairs, new Matcher(predictor, batchSize, console), progress);
      }
      return console.exitCode();
    }
    List<String> all = texts();
    try (ImageStream stream = inputs.open(images, console.in());
        Predictor predictor = open();
        ImageBatches batches =
            new ImageBatches(stream, Math.max(1, batchSize / Math.min(batchSize, all.size())));
        Progress progress = console.progress("images", stream.total())) {
      Matcher matcher = new Matcher(predictor, batchSize, console);
      for (List<LoadedImage> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        matcher.table(batch, all);
        progress.advance(batch.size());
      }
    }
    return console.exitCode();
  }

  private Predictor open() throws IOException {
    return model.open(
        common,
        own -> matchToken == null ? own : own.withMatchToken(MatchTokens.parse(matchToken)));
  }

  private List<String> texts() throws IOException {
    List<String> all = new ArrayList<>(texts);
    if (textFile != null) {
      all.addAll(Files.readAllLines(textFile).stream().filter(line -> !line.isBlank()).toList());
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "no texts given; give --text TEXT, --texts-from FILE or --pairs FILE");
    }
    return ImmutableList.copyOf(all);
  }

  private static void given(PairFile file, Matcher matcher, Progress progress) throws IOException {
    List<PairFile.Pair> lines = file.next(matcher.batchSize());
    while (!lines.isEmpty()) {
      Map<Path, LoadedImage> read = new LinkedHashMap<>();
      List<Matcher.Pair> pairs = new ArrayList<>();
      for (PairFile.Pair line : lines) {
        LoadedImage image = read.computeIfAbsent(line.image(), ImageStream::read);
        pairs.add(new Matcher.Pair(image, line.text()));
      }
      matcher.pairs(pairs);
      progress.advance(pairs.size());
      lines = file.next(matcher.batchSize());
    }
  }

  /** Names of first tokens on the command line. */
  static final class MatchTokens {
    private MatchTokens() {}

    static MatchToken parse(String name) {
      return switch (name) {
        case "enc" -> MatchToken.ENC;
        case "cls" -> MatchToken.CLS;
        default ->
            throw new IllegalArgumentException(
                "--match-token " + name + " is unknown; use enc or cls");
      };
    }
  }
}
