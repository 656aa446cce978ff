package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.blip4j.tools.cli.KilledRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code records pack}, killed with SIGKILL at one moment after another, and started again. */
@Tag("slow")
final class KilledPackTest {
  private static final int IMAGES = 400;

  @TempDir private Path folder;

  @Test
  void startedAgainItBeginsAnewAndLeavesNothingElse() throws IOException, InterruptedException {
    Path in = folder.resolve("in");
    PhotoFolder.draw(
            in, IntStream.range(0, IMAGES).mapToObj(i -> i + ".jpg").toArray(String[]::new))
        .with(
            "captions.csv",
            IntStream.range(0, IMAGES).mapToObj(i -> i + ".jpg,photo " + i).toArray(String[]::new));
    String options = "--name x --shards 40 --overwrite";
    KilledRun.of(
            folder, out -> "records pack %s --out %s %s".formatted(in, out, options).split(" "))
        .check();
  }
}
