package org.blip4j.tools.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate video} with tiny models. */
class EvaluateVideoTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private static Path work;
  @TempDir private Path out;

  @BeforeAll
  static void write() throws IOException {
    for (Task task : List.of(Task.CAPTION, Task.RETRIEVAL, Task.VQA)) {
      TinyModel.write(work.resolve(task.name()), task);
    }
  }

  @Test
  void videosAreFoundOrAskedAboutAsTheModelCan() throws IOException {
    List<Sample> videos = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ImmutableList<ByteString> frames =
          ImmutableList.of(
              ByteString.copyFrom(TinyModel.image(i, "png")),
              ByteString.copyFrom(TinyModel.image(i + 7, "png")));
      Columns columns =
          Columns.NONE.withText("question", "what is it").withTexts("answers", List.of("red"));
      videos.add(new Sample.Video("v" + i, frames, ImmutableList.of("a red dog " + i), columns));
    }
    Path shard = work.resolve("videos.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (Sample video : videos) {
        writer.write(ExampleCodec.standard().encode(video));
      }
      writer.commit();
    }
    Path file = out.resolve("found.jsonl");
    Path page = out.resolve("found.html");
    String data = shard.toString();
    String[] rest = {
      "--data", data, "--json", "--predictions", file.toString(), "--report", page.toString()
    };

    CliRun found = video(Task.RETRIEVAL, rest);
    CliRun again = video(Task.RETRIEVAL, rest);
    String[] replaced = Arrays.copyOf(rest, rest.length + 1);
    replaced[rest.length] = "--overwrite";
    List<String> lines = Files.readAllLines(file);
    CliRun asked = video(Task.VQA, replaced);
    CliRun wrong = video(Task.VQA, "--data", data, "--candidates", "3");
    CliRun writer = video(Task.CAPTION, "--data", data);

    assertEquals(0, found.status(), found.err());
    JsonNode row = JSON.readTree(found.out());
    assertEquals("video", row.get("task").textValue());
    assertEquals(4, row.get("videos").intValue());
    assertTrue(row.get("vid_mdR").doubleValue() >= 1);
    assertEquals(8, lines.size());
    assertTrue(lines.get(0).startsWith("{\"video\":\"v0\",\"rank\":"), lines.get(0));
    assertEquals(2, again.status());
    assertEquals(0, asked.status(), asked.err());
    assertEquals(4, JSON.readTree(asked.out()).get("measured").intValue());
    assertTrue(Files.readString(file).contains("\"question\":\"what is it\""));
    assertTrue(Files.readString(page).contains("Questions about videos"));
    assertTrue(wrong.err().contains("are about retrieval"), wrong.err());
    assertEquals(2, writer.status());
    assertTrue(writer.err().contains("matches no videos with texts"), writer.err());
  }

  private static CliRun video(Task task, String... rest) {
    List<String> all = new ArrayList<>(List.of("evaluate", "video", "--model"));
    all.add(work.resolve(task.name()).toString());
    all.addAll(List.of(rest));
    return CliRun.of(all.toArray(String[]::new));
  }
}
