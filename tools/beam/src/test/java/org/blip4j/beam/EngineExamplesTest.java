package org.blip4j.beam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both engines run the documented lines, two tasks at once, with one model. */
class EngineExamplesTest {
  private static final long LONGEST_SECONDS = 60;

  @TempDir private Path folder;

  @Test
  void bothEnginesCaptionWithOneModelThatIsClosedAfterwards() throws Exception {
    String model = TinyModel.write(folder.resolve("model"), Task.CAPTION).path().toString();
    List<String> files = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    try (Predictor alone = Predictor.open(Path.of(model))) {
      for (int i = 0; i < 6; i++) {
        Path file = Files.write(folder.resolve(i + ".png"), TinyModel.image(i, "png"));
        Caption caption = alone.caption(ImageBytes.of(file));
        files.add(file.toString());
        expected.add(file + "\t" + caption.text());
      }
      Path text = Files.writeString(folder.resolve("text"), "no image");
      files.add(text.toString());
      expected.add(text + "\t" + alone.caption(ImageBytes.of(text)).status());
    }
    long before = sessions();
    assertEquals(expected, spark(files, model));
    assertEquals(before + 1, sessions());
    assertEquals(expected, flink(files, model));
    assertEquals(before + 1, sessions());
    long end = System.nanoTime() + LONGEST_SECONDS * 1_000_000_000;
    while (sessions() > before) {
      assertTrue(System.nanoTime() < end, "the model stays open");
      Thread.sleep(100);
    }
  }

  private static List<String> spark(List<String> files, String model) {
    try (SparkSession session =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .getOrCreate()) {
      return SparkCaptions.of(session.createDataset(files, Encoders.STRING()).repartition(2), model)
          .collectAsList()
          .stream()
          .sorted()
          .toList();
    }
  }

  private static List<String> flink(List<String> files, String model) throws Exception {
    return StreamExecutionEnvironment.createLocalEnvironment(2)
        .fromData(files)
        .rebalance()
        .map(new FlinkCaptions(model))
        .executeAndCollect(files.size() + 1)
        .stream()
        .sorted()
        .toList();
  }

  /** TensorFlow's open sessions, from the list of JavaCPP. */
  private static long sessions() throws ReflectiveOperationException, IOException {
    Class<?> list = Class.forName("org.bytedeco.javacpp.Pointer$DeallocatorReference");
    long sessions = 0;
    synchronized (list) { // as JavaCPP does
      for (Object one = get(list, "head", null); one != null; one = get(list, "next", one)) {
        Object deallocator = get(list, "deallocator", one);
        if (deallocator != null
            && deallocator.getClass().getName().contains(".AbstractTF_Session$")) {
          sessions++;
        }
      }
    }
    return sessions;
  }

  private static Object get(Class<?> type, String name, Object of)
      throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }
}
