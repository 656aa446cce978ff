package org.blip4j.tools.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.training.event.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagesTest {
  @TempDir private Path folder;
  private final List<String> heard = new ArrayList<>();

  private final Stages.Listener listener =
      new Stages.Listener() {
        @Override
        public void begins(String stage, int number, int total) {
          heard.add("%s is %d of %d".formatted(stage, number, total));
        }

        @Override
        public void finished(Stages.Report report) {
          heard.add((report.skipped() ? "skipped " : "finished ") + report.stage());
        }

        @Override
        public TrainingListener training() {
          throw new AssertionError("nothing is trained");
        }
      };

  private Stages stages() {
    return new Stages(folder::resolve, listener, 2);
  }

  @Test
  void finishedStagesAreSkippedWithTheirFigures() throws IOException {
    Stages.Stage a = new Stages.Stage("a", () -> Map.of("x", 1.5));
    Stages.Stage never =
        new Stages.Stage(
            "a",
            () -> {
              throw new AssertionError("run twice");
            });
    Stages.Report first = stages().run(a);
    List<Stages.Report> again = stages().run(List.of(never, new Stages.Stage("b", Map::of)));
    assertEquals(Map.of("x", 1.5), again.get(0).figures());
    assertEquals(first.seconds(), again.get(0).seconds());
    assertEquals(
        List.of("a is 1 of 2", "finished a", "skipped a", "b is 2 of 2", "finished b"), heard);
  }

  @Test
  void failedStagesAreRunAgain() throws IOException {
    Stages.Stage failing =
        new Stages.Stage(
            "b",
            () -> {
              throw new IOException("disk full");
            });
    assertThrows(IOException.class, () -> stages().run(failing));
    assertEquals(Map.of(), stages().run(new Stages.Stage("b", Map::of)).figures());
    assertEquals(List.of("b is 1 of 2", "b is 1 of 2", "finished b"), heard);
  }
}
