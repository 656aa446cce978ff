package org.blip4j.tools.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.tools.capfilt.CapFiltListener;
import org.blip4j.training.event.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageMarksTest {
  @TempDir private Path folder;
  private final List<String> heard = new ArrayList<>();

  private final StageListener listener =
      new StageListener() {
        @Override
        public void begins(String stage) {
          heard.add("begins " + stage);
        }

        @Override
        public void finished(StageReport report) {
          heard.add((report.skipped() ? "skipped " : "finished ") + report.stage());
        }

        @Override
        public TrainingListener training() {
          throw new AssertionError("nothing is trained");
        }

        @Override
        public CapFiltListener capfilt(int shards) {
          throw new AssertionError("nothing is filtered");
        }
      };

  @Test
  void finishedStagesAreSkippedWithTheirFigures() throws IOException {
    StageMarks marks = new StageMarks(folder::resolve, listener);
    StageReport first = marks.run("a", () -> Map.of("x", 1.5));
    StageReport second =
        marks.run(
            "a",
            () -> {
              throw new AssertionError("run twice");
            });
    assertEquals(Map.of("x", 1.5), second.figures());
    assertEquals(first.seconds(), second.seconds());
    assertEquals(List.of("begins a", "finished a", "skipped a"), heard);
  }

  @Test
  void failedStagesAreRunAgain() throws IOException {
    StageMarks marks = new StageMarks(folder::resolve, listener);
    assertThrows(
        IOException.class,
        () ->
            marks.run(
                "b",
                () -> {
                  throw new IOException("disk full");
                }));
    assertEquals(Map.of(), marks.run("b", Map::of).figures());
    assertEquals(List.of("begins b", "begins b", "finished b"), heard);
  }
}
