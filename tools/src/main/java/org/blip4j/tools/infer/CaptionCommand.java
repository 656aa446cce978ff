package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.stream.InOrder;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.VideoClip;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code caption}: writes captions of images. */
@Command(
    name = "caption",
    description = {
      "Write captions of images, or of videos.",
      "Prints a line for each image in the order of the input; an unreadable image is named on"
          + " standard error and passed by (exit status 1)."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip caption --model runs/captioner/model --json photos/")
public final class CaptionCommand implements Callable<Integer> {
  private static final int BATCH = 4;

  /** Frames of a video: as many as in published retrieval. */
  private static final int FRAMES = 8;

  /** Batches computed at once; {@code bench caption} measures the same. */
  public static final int AT_ONCE = 2;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "0..*",
      description =
          "Image files, folders, globs or TFRecord shards; or video files, and with --frames or"
              + " --every folders of frames.")
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "With --nucleus: draw N captions for each image (1).")
  private Integer samples;

  @Option(
      names = "--prompts-from",
      paramLabel = "FILE",
      description = "How each caption begins, a line for each image; - is standard input.")
  private String promptFile;

  @Option(
      names = "--every",
      paramLabel = "SECONDS",
      description =
          "Of videos: a caption for each so many seconds, as a WebVTT track; with --sidecar"
              + " NAME.vtt beside NAME.mp4.")
  private Double every;

  @Option(names = "--ids", description = "With --json: print the tokens, too.")
  private boolean ids;

  @Option(names = "--sidecar", description = "Write each caption to NAME.txt beside NAME.jpg.")
  private boolean sidecar;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write a table, too.")
  private Path csv;

  @Option(names = "--overwrite", description = "Replace existing files of --sidecar and --csv.")
  private boolean overwrite;

  @Mixin private VideoRun.Frames frames;
  @Mixin private ImageArguments inputs;
  @Mixin private ModelOptions model;
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private DecodingOptions decoding;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    decoding.requireOneWay();
    Console console = common.console();
    int batchSize = batch.size(BATCH);
    int drawn = drawn();
    if (every != null || frames.videos(arguments)) {
      return videos(console, batchSize, drawn);
    }
    Optional<Captioner.Prompts> prompts = prompts(console);
    try (ImageStream images =
            sidecar
                ? inputs.openFiles(arguments, console, "--sidecar writes beside files, use --csv")
                : inputs.open(arguments, console);
        CaptionFiles files = new CaptionFiles(Optional.ofNullable(csv), sidecar, overwrite);
        Predictor predictor =
            model.open(
                common,
                quantize,
                own -> decoding.adjust(own).withExpectedBatch(batchSize * Math.max(1, drawn)));
        Progress progress = console.progress("images", images.total())) {
      prompts.ifPresent(lines -> lines.require(images.total()));
      Captioner captioner = new Captioner(predictor, drawn, seed.value(), prompts);
      try (InOrder<List<Captioner.Result>> batches =
          new InOrder<>(AT_ONCE, () -> nextBatch(images, batchSize).map(captioner::caption))) {
        for (var batch = batches.next(); batch.isPresent(); batch = batches.next()) {
          write(batch.get(), files, console);
          progress.advance(batch.get().size());
        }
      }
      files.commit();
    }
    return console.exitCode();
  }

  private int videos(Console console, int batchSize, int drawn) throws IOException {
    if (promptFile != null || inputs.given()) {
      throw new IllegalArgumentException(
          "videos are captioned without --prompts-from and --images-from; name them as arguments,"
              + " and give --prompt TEXT");
    }
    List<Path> videos = VideoClip.find(arguments);
    boolean track = every != null;
    if (track) {
      requireTrack(videos.size(), drawn, console);
    }
    try (StagedModel open =
            model.openStages(
                common,
                quantize,
                own -> decoding.adjust(own).withExpectedBatch(track ? batchSize : 1));
        CaptionFiles files =
            new CaptionFiles(Optional.ofNullable(csv), !track && sidecar, overwrite)) {
      VideoCaptions captions =
          new VideoCaptions(
              new VideoRun(open, console), frames.count(track ? 1 : FRAMES), drawn, seed.value());
      if (track) {
        captions.tracks(videos, every, batchSize, sidecar, overwrite);
      } else {
        captions.whole(videos, files, ids);
      }
      files.commit();
    }
    return console.exitCode();
  }

  private void requireTrack(int videos, int drawn, Console console) {
    if (!(every > 0)) {
      throw new IllegalArgumentException("--every " + every + " is not above 0; give seconds");
    }
    if (csv != null || ids || drawn > 1) {
      throw new IllegalArgumentException(
          "--every writes one caption for each time; leave --csv, --ids and --samples away");
    }
    if (videos > 1 && !sidecar && !console.json()) {
      throw new IllegalArgumentException(
          "%d videos make as many tracks; give --sidecar, which writes NAME.vtt beside each, or"
                  .formatted(videos)
              + " --json");
    }
  }

  private static Optional<List<LoadedImage>> nextBatch(ImageStream images, int size)
      throws IOException {
    List<LoadedImage> batch = images.next(size);
    return batch.isEmpty() ? Optional.empty() : Optional.of(batch);
  }

  private Optional<Captioner.Prompts> prompts(Console console) throws IOException {
    if (promptFile == null) {
      return Optional.empty();
    }
    if (decoding.prompted() || decoding.sampling()) {
      throw new IllegalArgumentException(
          "--prompts-from has a prompt for each image and searches; leave --prompt and --nucleus"
              + " away");
    }
    if (promptFile.equals("-") && inputs.usesStandardInput()) {
      throw new IllegalArgumentException(
          "--images-from - and --prompts-from - both read standard input; give one a file");
    }
    return Optional.of(Captioner.Prompts.read(promptFile, console.in()));
  }

  private int drawn() {
    if (samples != null && !decoding.sampling()) {
      throw new IllegalArgumentException("--samples needs --nucleus P, since a search gives one");
    }
    if (samples != null && samples < 1) {
      throw new IllegalArgumentException("--samples " + samples + " is less than 1; use 1 or more");
    }
    return decoding.sampling() ? samples == null ? 1 : samples : 0;
  }

  private void write(List<Captioner.Result> results, CaptionFiles files, Console console)
      throws IOException {
    for (Captioner.Result result : results) {
      LoadedImage image = result.image();
      if (image.content() instanceof LoadedImage.Problem problem) {
        console.failed(image.name(), problem.text());
        continue;
      }
      Row row = Row.of(image.name(), result.captions(), ids);
      console.result(row, row.text());
      files.add(image, row).ifPresent(why -> console.failed(image.name(), why));
    }
  }

  /**
   * One line of {@code caption}.
   *
   * @param image its path, or its key in a shard
   * @param caption the likeliest caption
   * @param logProb its log-probability
   * @param tokens its length in tokens; start, prompt and end counted
   * @param ids its tokens, if asked for
   * @param samples all captions drawn, if several were
   */
  record Row(
      String image,
      String caption,
      float logProb,
      int tokens,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Long> ids,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Drawn> samples) {

    /** One of several captions drawn. */
    record Drawn(
        String caption,
        float logProb,
        int tokens,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Long> ids) {

      private static Drawn of(Caption caption, boolean withIds) {
        return new Drawn(
            caption.text(), caption.logProb(), caption.ids().size(), idsOf(caption, withIds));
      }
    }

    static Row of(String image, List<Caption> captions, boolean withIds) {
      Caption best = captions.get(0);
      for (Caption caption : captions) {
        best = caption.logProb() > best.logProb() ? caption : best;
      }
      List<Drawn> drawn =
          captions.size() < 2
              ? List.of()
              : captions.stream().map(caption -> Drawn.of(caption, withIds)).toList();
      return new Row(
          image, best.text(), best.logProb(), best.ids().size(), idsOf(best, withIds), drawn);
    }

    /** For people: the image and its captions, with tabs between. */
    String text() {
      List<String> captions =
          samples.isEmpty() ? List.of(caption) : samples.stream().map(Drawn::caption).toList();
      return image + "\t" + String.join("\t", captions);
    }

    private static List<Long> idsOf(Caption caption, boolean wanted) {
      return wanted ? caption.ids() : List.of();
    }
  }
}
