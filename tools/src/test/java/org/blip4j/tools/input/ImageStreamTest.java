package org.blip4j.tools.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Streams;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ImageStreamTest {
  @TempDir private Path folder;

  @BeforeEach
  void make() throws IOException {
    for (String name : List.of("b.jpg", "a.JPG", "sub/deep/c.png", "sub/.hidden.jpg", "note.txt")) {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.write(folder.resolve(name), TinyModel.image(1, name.endsWith("png") ? "png" : "jpg"));
    }
    Path shard = folder.resolve("set-00000-of-00001.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (String key : List.of("x", "y")) {
        writer.write(
            ExampleCodec.standard()
                .encode(Sample.ImageText.of(key, TinyModel.image(2, "jpg"), List.of("a dog"))));
      }
      writer.commit();
    }
  }

  private ImageStream open(String list, String... arguments) throws IOException {
    ImageArguments options = new ImageArguments();
    if (!list.isEmpty()) {
      new CommandLine(new Listed(options)).parseArgs("--images-from", "-");
    }
    Streams streams =
        new Streams(
            new ByteArrayInputStream(list.getBytes(UTF_8)),
            OutputStream.nullOutputStream(),
            OutputStream.nullOutputStream(),
            false);
    return options.open(List.of(arguments), new Console(streams, false, false));
  }

  @CommandLine.Command
  private record Listed(@CommandLine.Mixin ImageArguments options) {}

  /** Names, relative to the folder, with an exclamation mark where there is no image. */
  private List<String> names(ImageStream stream) throws IOException {
    List<String> names = new ArrayList<>();
    try (stream) {
      for (List<LoadedImage> batch = stream.next(2); !batch.isEmpty(); batch = stream.next(2)) {
        assertTrue(batch.size() <= 2);
        for (LoadedImage image : batch) {
          names.add(image.name().replace(folder + "/", "") + (image.readable() ? "" : "!"));
        }
      }
    }
    return names;
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void aFolderIsReadWithAllBelowItByName() throws IOException {
    assertEquals(List.of("a.JPG", "b.jpg", "sub/deep/c.png"), names(open("", folder.toString())));
  }

  @Test
  void linksAreFollowedAndBrokenOnesNamed() throws IOException {
    Files.createSymbolicLink(folder.resolve("sub/loop"), folder);
    Files.createSymbolicLink(folder.resolve("sub/gone.jpg"), folder.resolve("nowhere.jpg"));

    assertEquals(
        List.of("sub/deep/c.png", "sub/gone.jpg!"),
        names(open("", at("sub"))).stream().filter(name -> !name.contains("loop")).toList());
  }

  @Test
  void argumentsKeepTheirOrderWhateverTheyAre() throws IOException {
    assertEquals(
        List.of("sub/deep/c.png", "x", "y", "a.JPG", "b.jpg", "a.JPG"),
        names(open("", at("sub"), at("set-00000-of-00001.tfrecord"), at("?.[jJ]*"), at("a.JPG"))));
  }

  @Test
  void whatIsMissingIsNamedAmongTheOthers() throws IOException {
    assertEquals(List.of("absent.jpg!", "b.jpg"), names(open("", at("absent.jpg"), at("b.jpg"))));
    IOException alone = assertThrows(IOException.class, () -> open("", at("absent.jpg")));
    assertTrue(alone.getMessage().contains("there is no such image"), alone.getMessage());
  }

  @Test
  void listsNameFilesFoldersAndShards() throws IOException {
    String list =
        String.join(
            "\n",
            at("b.jpg"),
            "",
            at("absent.jpg"),
            at("sub"),
            at("set-00000-of-00001.tfrecord"),
            at("note.txt") + "\0",
            at("a.JPG"));

    assertEquals(
        List.of("b.jpg", "absent.jpg!", "sub/deep/c.png", "x", "y", "note.txt\0!", "a.JPG"),
        names(open(list)));
  }

  @Test
  void namesOfOtherSystemsAreFound() throws IOException {
    Files.copy(folder.resolve("b.jpg"), folder.resolve("cafe\u0301.jpg"));
    String list =
        String.join(
            "\r\n",
            "\ufeff" + at("b.jpg"),
            at("SUB\\deep\\C.png"),
            at("caf\u00e9.jpg"),
            at("a.jpg"),
            at("d.jpg"));

    assertEquals(
        List.of("b.jpg", "sub/deep/c.png", "cafe\u0301.jpg", "a.JPG", "d.jpg!"), names(open(list)));
  }

  @Test
  void shardsAreToldByContent() throws IOException {
    Path shard = folder.resolve("set-00000-of-00001.tfrecord");
    Path other = Files.createDirectory(folder.resolve("o"));
    Files.copy(shard, other.resolve("train00-4.TFREC"));
    Files.copy(shard, other.resolve("any.data"));
    Files.copy(shard, other.resolve("noending"));

    assertEquals(List.of("x", "y"), names(open("", at("o/any.data"))));
    assertEquals(List.of("x", "y", "x", "y", "x", "y"), names(open("", at("o"))));
    assertEquals(List.of("x", "y"), names(open(at("o/noending"))));
  }

  @Test
  void damageInAShardIsNamedAndTheNextShardRead() throws IOException {
    Path shard = folder.resolve("set-00000-of-00001.tfrecord");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length - 100] ^= 1;
    Files.write(folder.resolve("bad.tfrecord"), bytes);

    assertEquals(
        List.of("x", "bad.tfrecord!", "x", "y"),
        names(open("", at("bad.tfrecord"), shard.toString())));
  }
}
