package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code records verify}: framing, checksums, columns and images of every record. */
@Command(
    name = "verify",
    description = {
      "Check the framing, checksums, columns and images of every record.",
      "Images are checked by their headers, end marks and, for PNG, checksums. Exit status 1 if"
          + " anything is wrong; each bad record is named with shard and byte offset."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records verify shards --json")
final class VerifyShardsCommand implements Callable<Integer> {
  @Mixin private RecordsCommand.Shards arguments;
  @Mixin private CommonOptions common;

  /** A bad record. */
  private record Problem(long index, long offset, String problem) {}

  /** What was found in one shard. */
  private record ShardReport(
      String shard, boolean ok, long records, long texts, List<Problem> problems) {
    String text() {
      String state = ok ? "ok  " : "BAD ";
      String bad = ok ? "" : ", %d problem(s)".formatted(problems.size());
      return "%s%s: %d records, %d texts%s".formatted(state, shard, records, texts, bad);
    }
  }

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ShardSet shards = arguments.shards();
    try (Progress progress = console.progress("shards", shards.size())) {
      for (Path shard : shards.paths()) {
        ShardReport report = check(shard);
        for (Problem problem : report.problems()) {
          console.failed(
              "%s: record %d at byte %d".formatted(shard, problem.index(), problem.offset()),
              problem.problem());
        }
        console.result(report, report.text());
        progress.advance(1);
      }
    }
    return console.exitCode();
  }

  private ShardReport check(Path shard) throws IOException {
    List<Problem> problems = new ArrayList<>();
    long index = 0;
    long texts = 0;
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      boolean more = true;
      while (more) {
        try {
          Optional<byte[]> record = reader.next();
          more = record.isPresent();
          if (more) {
            texts += check(record.get());
            index++;
          }
        } catch (SampleException e) {
          problems.add(new Problem(index++, reader.offset(), e.getMessage()));
        } catch (TfRecordException e) {
          problems.add(new Problem(index++, reader.offset(), e.problem()));
          more = e.canContinue();
        }
      }
    }
    return new ShardReport(shard.toString(), problems.isEmpty(), index, texts, problems);
  }

  /** Number of texts of a good record. */
  private int check(byte[] record) throws SampleException {
    Sample sample = arguments.codec().decode(record, "");
    if (sample instanceof Sample.ImageText s) {
      ImageInfo.inspect(s.image());
      return s.texts().size();
    }
    if (sample instanceof Sample.Question s) {
      ImageInfo.inspect(s.image());
    } else if (sample instanceof Sample.ImagePair s) {
      ImageInfo.inspect(s.left());
      ImageInfo.inspect(s.right());
    } else if (sample instanceof Sample.Video s) {
      for (var frame : s.frames()) {
        ImageInfo.inspect(frame);
      }
      return s.texts().size();
    }
    return 1;
  }
}
