package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.PairFile;
import org.blip4j.tools.input.TextArguments;
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

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Pairs instead: lines of IMAGE<tab>TEXT, or JSON objects with image and text; - is"
              + " standard input.")
  private String pairFile;

  @Mixin private ImageArguments inputs;
  @Mixin private TextArguments textList;
  @Mixin private ModelOptions.MatchToken matchToken;
  @Mixin private ModelOptions model;
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = batch.size(PAIRS);
    if (pairFile == null) {
      table(console, batchSize);
    } else {
      if (!images.isEmpty() || !texts.isEmpty() || inputs.given() || textList.given()) {
        throw new IllegalArgumentException(
            "--pairs has images and texts of its own; leave --image, --images-from, --text and"
                + " --texts-from away");
      }
      pairs(console, batchSize);
    }
    return console.exitCode();
  }

  private void pairs(Console console, int batchSize) throws IOException {
    try (Predictor predictor = open();
        PairFile file = new PairFile(pairFile, console.in(), "text")) {
      run(predictor, batchSize, console).file(file);
    }
  }

  private void table(Console console, int batchSize) throws IOException {
    if (inputs.usesStandardInput() && textList.usesStandardInput()) {
      throw new IllegalArgumentException(
          "--images-from - and --texts-from - both read standard input; give one a file");
    }
    List<String> all = textList.with(texts, console.in());
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "no texts given; give --text TEXT, --texts-from FILE or --pairs FILE");
    }
    try (ImageStream stream = inputs.open(images, console);
        Predictor predictor = open()) {
      run(predictor, batchSize, console).table(stream, all);
    }
  }

  private static PairRun<PairScore> run(Predictor predictor, int batchSize, Console console) {
    var work =
        new PairRun.Work<PairScore>(
            (images, texts) -> predictor.match(images, texts),
            PairScore::status,
            PairScore::note,
            Row::of);
    return new PairRun<>(work, batchSize, console);
  }

  private Predictor open() throws IOException {
    return model.open(common, quantize, own -> matchToken.adjust(own));
  }

  /**
   * One line of {@code match}.
   *
   * @param image its path, or its key in a shard
   * @param text the text
   * @param itmProbability that they belong together
   * @param itmLogits of "no match" and "match"
   * @param itcCosine of the two features
   * @param note how the text was cut, if it was
   */
  record Row(
      String image,
      String text,
      float itmProbability,
      List<Float> itmLogits,
      float itcCosine,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String note)
      implements PairRun.Printed {

    static Row of(String image, String text, PairScore score) {
      return new Row(
          image,
          text,
          score.itmProbability(),
          List.of(score.itmLogits().noMatch(), score.itmLogits().match()),
          score.itcCosine(),
          score.note());
    }

    /** For people: probability, cosine, image, text. */
    @Override
    public String line() {
      return String.format(
          Locale.ROOT, "%.4f\t%.4f\t%s\t%s", itmProbability, itcCosine, image, text);
    }
  }
}
