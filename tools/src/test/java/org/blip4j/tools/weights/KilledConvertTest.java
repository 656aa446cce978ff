package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Path;
import org.blip4j.tools.cli.KilledRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code convert}, killed with SIGKILL at one moment after another, and started again. */
@Tag("slow")
final class KilledConvertTest {
  private static final Path SOURCE = Path.of("src/test/resources/golden/match/weights.pth");

  @TempDir private Path folder;

  @Test
  void theModelIsThereWholeOrNotAtAll() throws IOException, InterruptedException {
    KilledRun.of(folder, out -> "convert %s %s --overwrite".formatted(SOURCE, out).split(" "))
        .check();
  }
}
