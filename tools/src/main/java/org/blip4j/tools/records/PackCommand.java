package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.blip4j.data.dataset.ColumnNames;
import org.blip4j.data.dataset.PackPlan;
import org.blip4j.data.dataset.PackSource;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code records pack}: image folders with captions into shards. */
@Command(
    name = "pack",
    description = {
      "Make shards of image folders with captions.",
      "A SOURCE is a folder with a captions file in it (.csv, .tsv, .json, .jsonl, COCO's"
          + " annotations) or a .txt beside each image, or a captions file. Several captions of an"
          + " image go into one record. Rows without image and unreadable images are named, the"
          + " rest is packed, and the exit status is 1."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records pack coco100 --out shards --name coco --shards 4")
final class PackCommand implements Callable<Integer> {
  private static final int IMAGES_A_SHARD = 1000;

  @Parameters(paramLabel = "SOURCE", arity = "0..*", description = "Folders or captions files.")
  private List<Path> sources = List.of();

  @Option(
      names = "--captions",
      paramLabel = "FILE",
      description = "Captions file, with --images or one SOURCE.")
  private Path captions;

  @Option(names = "--images", paramLabel = "DIR", description = "Folder of its images.")
  private Path images;

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

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    PackPlan plan = PackPlan.of(open());
    if (plan.items().isEmpty()) {
      throw new IOException(
          "no image to pack: %d row(s) of captions, the first: %s"
              .formatted(
                  plan.missing().size(),
                  plan.missing().isEmpty()
                      ? "none"
                      : plan.missing().get(0).place() + ": " + plan.missing().get(0).problem()));
    }
    int count = shards == null ? defaultShards(plan.items().size()) : shards;
    if (count > plan.items().size()) {
      throw new IllegalArgumentException(
          "--shards is %d, but there are only %d images".formatted(count, plan.items().size()));
    }
    PackTarget target = new PackTarget(out, name, count, gzip, overwrite);
    target.requireFree();
    if (!skipMissing) {
      plan.missing().forEach(row -> console.failed(row.place(), row.problem()));
    }
    PackJob.Packed packed = new PackJob(target, console).run(plan);
    console.result(packed, text(packed));
    return console.exitCode();
  }

  private List<PackSource> open() throws IOException {
    PackSource.Reading reading =
        new PackSource.Reading(ColumnNames.of(imageColumn, captionColumn), noHeader);
    if (captions != null) {
      if (sources.size() + (images == null ? 0 : 1) > 1) {
        throw new IllegalArgumentException(
            "--captions belongs to one folder of images; give one SOURCE or --images, not both");
      }
      Path folder = images != null ? images : captions.toAbsolutePath().getParent();
      return List.of(
          PackSource.open(captions, sources.isEmpty() ? folder : sources.get(0), reading));
    }
    if (images != null || sources.isEmpty()) {
      throw new IllegalArgumentException(
          images != null
              ? "--images needs --captions FILE; a folder with its captions in it is a SOURCE"
              : "nothing to pack; name a folder or a captions file");
    }
    List<PackSource> opened = new ArrayList<>();
    for (Path source : sources) {
      opened.add(PackSource.open(source, reading));
    }
    return opened;
  }

  private static int defaultShards(int images) {
    return (images + IMAGES_A_SHARD - 1) / IMAGES_A_SHARD;
  }

  private static String text(PackJob.Packed packed) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s: %,d images with %,d texts in %d shard(s), %,d bytes"
            .formatted(
                packed.out(), packed.images(), packed.texts(), packed.shards(), packed.bytes()));
    if (packed.missing() > 0) {
      text.append("%n  %,d row(s) name an image that is not there".formatted(packed.missing()));
    }
    if (packed.unreadable() > 0) {
      text.append("%n  %,d image(s) cannot be read".formatted(packed.unreadable()));
    }
    if (packed.uncaptioned() > 0) {
      text.append(
          "%n  %,d image(s) have no caption and were left out".formatted(packed.uncaptioned()));
    }
    return text.toString();
  }
}
