package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.RunConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.exceptions.TFResourceExhaustedException;

final class CheckpointStoreTest {
  @TempDir private Path folder;

  @Test
  void whatCannotBeWrittenIsNamedAndLeavesNoCheckpoint() throws IOException {
    CheckpointStore store = new CheckpointStore(folder, 2);
    CheckpointState state =
        new CheckpointState(
            7, "0:0@1", 10, CheckpointState.Window.EMPTY, RunConfig.published(Task.CAPTION));
    List<CheckpointStore.Writer> failing =
        List.of(
            prefix -> {
              throw new IOException("No space left on device");
            },
            prefix -> {
              throw new TFResourceExhaustedException("No space left on device");
            });
    for (CheckpointStore.Writer writer : failing) {
      FileSystemException error =
          assertThrows(FileSystemException.class, () -> store.write(state, writer));
      assertEquals(folder.resolve("step-7").toString(), error.getFile());
      assertTrue(error.getReason().endsWith("No space left on device"), error.getReason());
      assertEquals(List.of(), store.steps());
    }
  }
}
