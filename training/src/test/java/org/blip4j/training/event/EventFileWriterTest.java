package org.blip4j.training.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.training.validate.Validation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;

/** What TensorBoard and people get to see. */
final class EventFileWriterTest {
  @TempDir private Path folder;

  @Test
  void eventsAreFramedRecordsThatTensorBoardReads() throws IOException {
    Clock clock = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);
    try (EventFileWriter writer = EventFileWriter.create(folder, clock)) {
      writer.started(new TrainingListener.Start(40, 100, 10, 4, 1, 1, 1, ""));
      writer.logged(report(50, 0.7));
    }

    List<Event> events = read(folder.resolve("events.out.tfevents.1700000000.blip.250"));
    assertEquals(3, events.size());
    assertEquals("brain.Event:2", events.get(0).getFileVersion());
    assertEquals(SessionLog.SessionStatus.START, events.get(1).getSessionLog().getStatus());
    assertEquals(41, events.get(1).getStep());
    assertEquals(50, events.get(2).getStep());
    assertEquals(1_700_000_000.25, events.get(2).getWallTime(), 1e-6);
    Map<String, Float> values = new HashMap<>();
    for (Summary.Value value : events.get(2).getSummary().getValueList()) {
      values.put(value.getTag(), value.getSimpleValue());
    }
    assertEquals(1.5f, values.get("loss_itc"));
    assertEquals(0.7f, values.get("itm_accuracy"));
    assertEquals(2 / 3f, values.get("itm_baseline"));
    assertEquals(120f, values.get("images_per_second"));
    assertEquals(0.001f, values.get("learning_rate"));
  }

  @Test
  void examplesAreATagOfPicturesAndOneOfTextsForEachKind() throws IOException {
    Clock clock = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);
    byte[] pixel = Base64.getDecoder().decode("R0lGODdhAgADAIAAAP///////ywAAAAAAgADAAACA0SCBQA7");
    try (EventFileWriter writer = EventFileWriter.create(folder, clock)) {
      writer.validated(
          Validation.Result.of(60, ImmutableMap.of("cider", 0.5, "bleu4", 0.25)), true);
      writer.shown(
          60,
          List.of(
              Sample.ImageText.of("captions/a", pixel, List.of("caption: one", "record: two")),
              Sample.ImageText.of("matching/b", pixel, List.of("text: three")),
              Sample.ImageText.of("captions/c/d", pixel, List.of("caption: four"))));
    }
    List<Event> events = read(folder.resolve("events.out.tfevents.1700000000.blip.250"));
    assertEquals(4, events.size());
    Summary.Value cider = events.get(1).getSummary().getValue(0);
    assertEquals("validation/cider", cider.getTag());
    assertEquals(0.5f, cider.getSimpleValue());
    assertEquals(60, events.get(2).getStep());
    Summary.Value pictures = events.get(2).getSummary().getValue(0);
    assertEquals("examples/captions", pictures.getTag());
    assertEquals("images", pictures.getMetadata().getPluginData().getPluginName());
    ByteString picture = ByteString.copyFrom(pixel);
    assertEquals(
        List.of(ByteString.copyFromUtf8("2"), ByteString.copyFromUtf8("3"), picture, picture),
        pictures.getTensor().getStringValList());
    assertEquals(4, pictures.getTensor().getTensorShape().getDim(0).getSize());
    Summary.Value texts = events.get(2).getSummary().getValue(1);
    assertEquals("examples/captions/text", texts.getTag());
    assertEquals("text", texts.getMetadata().getPluginData().getPluginName());
    assertEquals(
        List.of("a\n\ncaption: one\n\nrecord: two", "c/d\n\ncaption: four"),
        texts.getTensor().getStringValList().stream().map(ByteString::toStringUtf8).toList());
    assertEquals("examples/matching", events.get(3).getSummary().getValue(0).getTag());
  }

  @Test
  void aLineSaysSpeedTimeLossesMatchingRateAndGradient() {
    List<String> lines = new ArrayList<>();
    ConsoleLog log = new ConsoleLog(lines::add);
    log.started(new TrainingListener.Start(0, 9000, 10, 4, 1234, 5, 3, ""));
    log.logged(
        new StepReport(
            100,
            9000,
            10,
            3e-4,
            0.4,
            ImmutableMap.of(
                "loss",
                9.5,
                "loss_itc",
                1.5,
                "loss_lm",
                8.0,
                "itm_accuracy",
                0.7,
                "gradient_norm",
                2.25,
                "gradient_norm/vision",
                1.0),
            12.345));
    String line = lines.get(1);
    assertTrue(
        line.matches(
            "step 100/9000, 48:04 left, 12\\.35 images/s  itc 1\\.500  lm 8\\.000"
                + "  matched 0\\.700 \\(baseline 0\\.667\\)  rate 0\\.000300  gradient 2\\.25"),
        line);
  }

  @Test
  void matchingThatDoesNotLearnIsNamedOnce() {
    List<String> lines = new ArrayList<>();
    ConsoleLog log = new ConsoleLog(lines::add);
    log.started(new TrainingListener.Start(0, 9000, 10, 4, 1234, 5, 3, ""));
    for (long step = 1000; step <= 4000; step += 1000) {
      log.logged(report(step, 0.66));
    }
    log.logged(report(5000, 0.9));

    assertTrue(lines.get(0).startsWith("starting at step 0 of 9,000"), lines.get(0));
    List<String> warnings = lines.stream().filter(line -> line.startsWith("warning")).toList();
    assertEquals(1, warnings.size(), lines.toString());
    assertTrue(
        warnings
            .get(0)
            .contains(
                "(accuracy 0.660, loss 0.6410; always answering no gives 0.667 and 0.6365) for"
                    + " 2000 steps"),
        warnings.get(0));
  }

  private static List<Event> read(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      for (var record = reader.next(); record.isPresent(); record = reader.next()) {
        events.add(Event.parseFrom(record.get()));
      }
    }
    return events;
  }

  private static StepReport report(long step, double accuracy) {
    return new StepReport(
        step,
        9000,
        step / 10,
        1e-3,
        0.4,
        ImmutableMap.of(
            "loss_itc", 1.5, StepReport.ITM_LOSS, 0.641, StepReport.ITM_ACCURACY, accuracy),
        120);
  }
}
