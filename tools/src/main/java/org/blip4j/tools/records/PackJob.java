package org.blip4j.tools.records;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.blip4j.data.dataset.PackPlan;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/** Writes the images of a plan, with their texts, into shards of equal numbers of images. */
final class PackJob {
  private final PackTarget target;
  private final Console console;
  private final ExampleCodec codec = ExampleCodec.standard();
  private long images;
  private long texts;
  private long unreadable;
  private long bytes;

  PackJob(PackTarget target, Console console) {
    this.target = target;
    this.console = console;
  }

  /** What was packed. */
  record Packed(
      String out,
      String name,
      int shards,
      long images,
      long texts,
      long missing,
      long unreadable,
      long uncaptioned,
      long bytes) {}

  Packed run(PackPlan plan) throws IOException {
    target.requireFree();
    Path staging = target.stage();
    try {
      try (Progress progress = console.progress("images", plan.items().size())) {
        for (int shard = 0; shard < target.shards(); shard++) {
          write(staging, shard, plan, progress);
        }
      }
      if (images == 0) {
        throw new IOException(
            "none of the %d images can be used; nothing was written"
                .formatted(plan.items().size()));
      }
      target.publish(staging);
    } finally {
      PackTarget.discard(staging);
    }
    return new Packed(
        target.folder().toString(),
        target.name(),
        target.shards(),
        images,
        texts,
        plan.missing().size(),
        unreadable,
        plan.uncaptioned(),
        bytes);
  }

  private void write(Path staging, int shard, PackPlan plan, Progress progress) throws IOException {
    long count = plan.items().size();
    int first = (int) (count * shard / target.shards());
    int end = (int) (count * (shard + 1) / target.shards());
    try (TfRecordWriter writer = target.start(staging, shard)) {
      for (PackPlan.Item item : plan.items().subList(first, end)) {
        pack(item, writer);
        progress.advance(1);
      }
      writer.commit();
    }
    bytes += Files.size(staging.resolve(target.shard(shard).fileName()));
  }

  private void pack(PackPlan.Item item, TfRecordWriter writer) throws IOException {
    try {
      ByteString image = ByteString.copyFrom(Files.readAllBytes(item.file()));
      ImageInfo.inspect(image);
      ImmutableList<String> kept =
          item.texts().stream()
              .filter(Predicate.not(String::isEmpty))
              .collect(ImmutableList.toImmutableList());
      Sample sample = new Sample.ImageText(item.key(), image, kept, item.columns());
      writer.write(codec.encode(sample));
      images++;
      texts += kept.size();
    } catch (SampleException e) {
      unreadable++;
      console.failed(item.file().toString(), e.getMessage());
    }
  }
}
