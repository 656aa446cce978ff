package org.blip4j.tools.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.input.FlipBookDecoder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on folders of frames, and on files that {@link FlipBookDecoder} decodes. */
class VideoCommandsTest {
  @TempDir private static Path work;
  private static String captioner;
  private static String clips;

  @TempDir private Path out;

  @BeforeAll
  static void make() throws IOException {
    captioner = work.resolve("captioner").toString();
    TinyModel.write(Path.of(captioner), Task.CAPTION);
    Path folder = Files.createDirectories(work.resolve("clips/frames"));
    clips = folder.getParent().toString();
    for (int i = 1; i <= 11; i++) {
      Files.write(folder.resolve("f" + i + ".png"), TinyModel.image(i, "png"));
    }
    FlipBookDecoder.write(work.resolve("clips/book.mp4"), 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    FlipBookDecoder.write(work.resolve("clips/short.mp4"), 1, 3, 4);
    Files.write(work.resolve("clips/still.mp4"), TinyModel.image(1, "jpg"));
    Files.writeString(work.resolve("clips/cut.mkv"), "not much");
  }

  @Test
  void aFolderOfFramesAndAFileWithTheSameFramesHaveOneCaption() {
    CliRun run =
        CliRun.of("caption", "--model", captioner, "--json", "--frames", "4", "--greedy", clips);

    assertEquals(1, run.status(), run.err());
    assertEquals(3, run.lines().size(), run.out());
    String book = run.lines().get(0);
    String frames = run.lines().get(1);
    assertTrue(book.contains("\"tokens\":"), book);
    assertEquals(book.replace("book.mp4", "frames"), frames);
    assertTrue(run.err().contains("cut.mkv: is no flip book"), run.err());
    assertTrue(run.err().contains("still.mp4: a JPEG image with the name of a video"), run.err());
  }

  @Test
  void oneFrameIsAnImage() {
    String first = work.resolve("clips/frames/f1.png").toString();
    CliRun image = CliRun.of("caption", "--model", captioner, first);
    CliRun video = CliRun.of("caption", "--model", captioner, "--frames", "1", clips + "/book.mp4");
    CliRun few = CliRun.of("caption", "--model", captioner, "--frames", "3", clips + "/short.mp4");

    assertEquals(0, video.status(), video.err());
    assertEquals(image.out().replace(first, clips + "/book.mp4"), video.out());
    assertEquals(0, few.status(), "the first frame three times: " + few.err());
  }

  @Test
  void aTrackHasACueForEachPiece() throws IOException {
    String[] command = {
      "caption", "--model", captioner, "--greedy", "--every", "2", "--batch-size", "2"
    };
    String book = Files.copy(work.resolve("clips/book.mp4"), out.resolve("book.mp4")).toString();

    CliRun track = CliRun.of(with(command, book));
    CliRun beside = CliRun.of(with(command, "--sidecar", book, clips + "/cut.mkv"));
    CliRun again = CliRun.of(with(command, "--sidecar", book));
    CliRun rows = CliRun.of(with(command, "--json", "--frames", "2", book));

    assertEquals(0, track.status(), track.err());
    assertTrue(track.out().startsWith("WEBVTT\n\n00:00:00.000 --> 00:00:0"), track.out());
    assertTrue(track.out().contains("--> 00:00:05.500\n"), track.out());
    assertEquals(1, beside.status(), beside.err());
    assertEquals(track.out(), Files.readString(out.resolve("book.vtt")));
    assertEquals(1, again.status());
    assertTrue(again.err().contains("book.vtt exists already; give --overwrite"), again.err());
    assertTrue(rows.out().contains("\"begin\":0.0,\"end\":"), rows.out());
    refuses("--every 0.0 is not above 0", "--every", "0", book);
    refuses("leave --csv", "--every", "1", "--csv", out.resolve("x.csv").toString(), book);
    refuses("2 videos make as many tracks", "--every", "1", book, clips + "/short.mp4");
    CliRun folder = CliRun.of(with(command, clips + "/frames"));
    assertEquals(1, folder.status());
    assertTrue(folder.err().contains("a folder of frames has no times"), folder.err());
  }

  private static void refuses(String why, String... rest) {
    String[] all = with(new String[] {"caption", "--model", captioner}, rest);
    CliRun run = CliRun.of(all);
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(why), run.err());
    assertEquals("", run.out());
  }

  private static String[] with(String[] command, String... rest) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(rest)).toArray(String[]::new);
  }

  @Test
  void wrongUsageIsToldInOneLine() throws IOException {
    refuses("there is no such video", "absent.mp4");
    refuses("--frames 0 is less than 1", "--frames", "0", clips);
    refuses("without --prompts-from", "--prompts-from", "x", clips + "/book.mp4");
    Path empty = Files.createDirectory(out.resolve("empty"));
    refuses("no videos and no frames in this folder", "--frames", "2", empty.toString());
  }

  @Test
  void withoutTheModuleOnlyFoldersAreVideos() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    try {
      refuses("-Pvideo", "--frames", "2", clips);
      CliRun folder =
          CliRun.of("caption", "--model", captioner, "--frames", "2", clips + "/frames");
      assertEquals(0, folder.status(), folder.err());
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  @Test
  void questionsAreAnsweredFromAllFrames() throws IOException {
    String model = work.resolve("vqa").toString();
    TinyModel.write(Path.of(model), Task.VQA);
    String first = work.resolve("clips/frames/f1.png").toString();
    String book = clips + "/book.mp4";
    String[] ask = {"vqa", "--model", model, "--question", "a dog?", "--question", "red?"};

    CliRun image = CliRun.of(with(ask, "--image", first));
    CliRun one = CliRun.of(with(ask, "--frames", "1", "--image", book));
    CliRun many = CliRun.of(with(ask, "--json", "--image", book, "--image", clips + "/cut.mkv"));

    assertEquals(0, one.status(), one.err());
    assertEquals(image.out().replace(first, book), one.out());
    assertEquals(1, many.status(), many.err());
    assertEquals(2, many.lines().size());
    CliRun listed = CliRun.of(with(ask, "--image", book, "--answers", first));
    assertEquals(2, listed.status());
  }

  @Test
  void videosArePackedWithTheirTexts() throws IOException {
    Files.writeString(
        work.resolve("clips/captions.jsonl"),
        """
        {"video": "book", "caption": "a book"}
        {"video": "frames", "caption": "frames"}
        {"video": "frames", "caption": "many frames"}
        {"video": "cut", "caption": "cut"}
        {"video": "gone", "caption": "gone"}
        {"video": "short.mp4", "question": "what?", "answers": ["a dog"]}
        """);
    CliRun run = CliRun.of("records", "pack", clips, "--frames", "2", "--out", out.toString());
    Files.delete(work.resolve("clips/captions.jsonl"));

    assertEquals(1, run.status(), run.err());
    assertTrue(run.out().contains("3 videos with 4 texts in 1 shard(s)"), run.out());
    assertTrue(run.err().contains("cut.mkv: is no flip book"), run.err());
    assertTrue(run.err().contains("there is no video \"gone\""), run.err());
    try (TfRecordReader reader = TfRecordReader.open(out.resolve("data-00000-of-00001.tfrecord"))) {
      Sample.Video book = video(reader);
      Sample.Video frames = video(reader);
      Sample.Video asked = video(reader);
      ByteString sixth = ByteString.copyFrom(TinyModel.image(6, "png"));
      assertEquals(sixth, book.frames().get(1));
      assertEquals(sixth, frames.frames().get(1), "frame 6 is before frame 10");
      assertEquals(List.of("frames", "many frames"), frames.texts());
      assertEquals("short", asked.key());
      assertEquals("what?", asked.columns().text("question").orElseThrow());
      assertFalse(reader.skip());
    }
  }

  private static Sample.Video video(TfRecordReader reader) throws IOException {
    return (Sample.Video) ExampleCodec.standard().decode(reader.next().orElseThrow(), "no key");
  }
}
