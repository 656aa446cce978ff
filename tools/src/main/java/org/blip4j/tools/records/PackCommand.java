package org.blip4j.tools.records;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.PackPlan;
import org.blip4j.data.dataset.ShardPacker;
import org.blip4j.data.dataset.TarSamples;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.VideoClip;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code records pack}: image folders with captions into shards. */
@Command(
    name = "pack",
    description = {
      "Make shards of image folders with captions, or of videos (--frames).",
      "A SOURCE is a folder with a captions file in it (.csv, .tsv, .json, .jsonl, COCO's"
          + " annotations) or a .txt beside each image, or a captions file. Several captions of an"
          + " image go into one record; a row with question and answers is a record for finetune"
          + " vqa, one with left, right, statement and label for finetune nlvr. Rows that cannot be"
          + " read or have no image, and unreadable images, are named, the rest is packed, and the"
          + " exit status is 1."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records pack coco100 --out shards --name coco --shards 4")
final class PackCommand implements Callable<Integer> {
  private static final int IMAGES_A_SHARD = 1000;

  @Parameters(
      paramLabel = "SOURCE",
      arity = "0..*",
      description = "Folders, captions files, or tars of WebDataset.")
  private List<Path> sources = List.of();

  @Option(
      names = "--captions",
      paramLabel = "FILE",
      description = "Captions file, with --images or one SOURCE.")
  private Path captions;

  @Option(names = "--images", paramLabel = "DIR", description = "Folder of its images.")
  private Path images;

  @Option(
      names = "--answers",
      paramLabel = "FILE",
      description = "VQA's annotations, of questions that are the captions file or the SOURCE.")
  private Path answers;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      split = ",",
      description = "Pack those rows alone whose field split has this value; may be repeated.")
  private List<String> splits = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder for the shards.")
  private Path out;

  @Option(names = "--name", paramLabel = "NAME", description = "Their name (data).")
  private String name = "data";

  @Option(
      names = "--shards",
      paramLabel = "N",
      description = "Number of shards (one for 1,000 images).")
  private Integer shards;

  @Option(
      names = "--frames",
      paramLabel = "N",
      description =
          "Pack videos, N frames of each, taken evenly: video files, and folders whose images are"
              + " frames in order of name.")
  private Integer frames;

  @Option(names = "--gzip", description = "Compress the shards.")
  private boolean gzip;

  @Option(names = "--no-header", description = "The first row of a CSV file is data.")
  private boolean noHeader;

  @Option(
      names = "--image-column",
      paramLabel = "NAME",
      description = "Column or field of the image in captions files.")
  private String imageColumn;

  @Option(
      names = "--caption-column",
      paramLabel = "NAME",
      description = "Column or field of the caption in captions files.")
  private String captionColumn;

  @Option(
      names = "--skip-missing",
      description = "Only count rows whose image is not there; they do not change the exit status.")
  private boolean skipMissing;

  @Option(names = "--overwrite", description = "Replace an older set of the same name.")
  private boolean overwrite;

  @Mixin private CommonOptions common;

  /** What was packed. */
  private record Result(
      String out,
      String name,
      int shards,
      long images,
      long texts,
      long missing,
      long unusable,
      long unreadable,
      long uncaptioned,
      long bytes) {}

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    if (frames != null && frames < 1) {
      throw new IllegalArgumentException("--frames " + frames + " is less than 1; 8 is usual");
    }
    ImmutableList<Path> tars = frames == null ? TarSamples.find(sources) : ImmutableList.of();
    if (!tars.isEmpty()) {
      return packTars(tars, console);
    }
    PackPlan plan = plan();
    if (plan.items().isEmpty()) {
      List<Problem> rows = Lists.newArrayList(Iterables.concat(plan.problems(), plan.missing()));
      throw new IOException(
          "no %s to pack: %d row(s) of captions, the first: %s"
              .formatted(
                  frames == null ? "image" : "video",
                  rows.size(),
                  rows.isEmpty() ? "none" : rows.get(0).place() + ": " + rows.get(0).what()));
    }
    int count = shards == null ? defaultShards(plan.items().size()) : shards;
    if (count > plan.items().size()) {
      throw new IllegalArgumentException(
          "--shards is %d, but there are only %d images".formatted(count, plan.items().size()));
    }
    ShardPacker.Target target = new ShardPacker.Target(out, name, count, gzip, overwrite);
    if (frames != null) {
      VideoClip.requireDecoder(plan.items().stream().map(PackPlan.Item::file).toList());
    }
    try (ShardPacker packer =
        frames == null
            ? ShardPacker.open(target)
            : ShardPacker.openVideos(target, file -> VideoClip.open(file).sampled(frames))) {
      plan.problems().forEach(row -> console.failed(row.place(), row.what()));
      if (!skipMissing) {
        plan.missing().forEach(row -> console.failed(row.place(), row.what()));
      }
      ShardPacker.Packed packed = pack(packer, plan, console);
      Result result =
          new Result(
              out.toString(),
              name,
              count,
              packed.images(),
              packed.texts(),
              plan.missing().size(),
              plan.problems().size(),
              packed.unreadable(),
              plan.uncaptioned(),
              packed.bytes());
      console.result(result, text(result, frames == null ? "image" : "video"));
    }
    return console.exitCode();
  }

  private static ShardPacker.Packed pack(ShardPacker packer, PackPlan plan, Console console)
      throws IOException {
    try (Progress progress = console.progress("images", plan.items().size())) {
      return packer.pack(plan, listener(console, progress));
    }
  }

  private static ShardPacker.Listener listener(Console console, Progress progress) {
    return new ShardPacker.Listener() {
      @Override
      public void done() {
        progress.advance(1);
      }

      @Override
      public void failed(Path image, String why) {
        console.failed(image.toString(), why);
      }
    };
  }

  /** Of each tar a shard. */
  private int packTars(List<Path> tars, Console console) throws IOException {
    if (captions != null
        || images != null
        || answers != null
        || !splits.isEmpty()
        || (shards != null && shards != tars.size())) {
      throw new IllegalArgumentException(
          "%d tar file(s) have their texts inside, and of each comes one shard; leave --captions,"
                  .formatted(tars.size())
              + " --images, --answers, --split and --shards out");
    }
    for (Path source : sources) {
      if (TarSamples.find(List.of(source)).isEmpty()) {
        throw new IllegalArgumentException(
            source + " has no tar files, as others have; pack it by itself");
      }
    }
    ShardPacker.Target target = new ShardPacker.Target(out, name, tars.size(), gzip, overwrite);
    try (ShardPacker packer = ShardPacker.open(target);
        Progress progress = console.progress("images", -1)) {
      ShardPacker.Packed packed = packer.packTars(tars, listener(console, progress));
      Result result =
          new Result(
              out.toString(),
              name,
              tars.size(),
              packed.images(),
              packed.texts(),
              0,
              0,
              packed.unreadable(),
              0,
              packed.bytes());
      console.result(result, text(result, frames == null ? "image" : "video"));
    }
    return console.exitCode();
  }

  private PackPlan plan() throws IOException {
    Reading all = Reading.of(imageColumn, captionColumn, noHeader).withSplits(splits);
    Reading reading = answers == null ? all : all.withAnswers(answers);
    PackPlan.Builder plan = frames == null ? PackPlan.of(reading) : PackPlan.ofVideos(reading);
    if (captions != null) {
      if (sources.size() + (images == null ? 0 : 1) > 1) {
        throw new IllegalArgumentException(
            "--captions belongs to one folder of images; give one SOURCE or --images, not both");
      }
      Path folder = images != null ? images : captions.toAbsolutePath().getParent();
      return plan.captions(captions, sources.isEmpty() ? folder : sources.get(0)).build();
    }
    if (images != null || sources.isEmpty()) {
      throw new IllegalArgumentException(
          images != null
              ? "--images needs --captions FILE; a folder with its captions in it is a SOURCE"
              : "nothing to pack; name a folder or a captions file");
    }
    for (Path source : sources) {
      plan.source(source);
    }
    return plan.build();
  }

  private static int defaultShards(int images) {
    return (images + IMAGES_A_SHARD - 1) / IMAGES_A_SHARD;
  }

  private static String text(Result packed, String what) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s: %,d %ss with %,d texts in %d shard(s), %,d bytes"
            .formatted(
                packed.out(),
                packed.images(),
                what,
                packed.texts(),
                packed.shards(),
                packed.bytes()));
    add(text, packed.missing(), "row(s) name an image that is not there");
    add(text, packed.unusable(), "row(s) cannot be used");
    add(text, packed.unreadable(), what + "(s) cannot be read");
    add(text, packed.uncaptioned(), what + "(s) have no caption and were left out");
    return text.toString();
  }

  private static void add(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append("%n  %,d %s".formatted(count, what));
    }
  }
}
