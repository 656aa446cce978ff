package org.blip4j.beam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.BlipCli;
import org.blip4j.tools.console.Streams;

/**
 * Tiny models and small shards: well ones of unequal length, an empty one, one that is compressed
 * under a plain name, and one each with a flipped bit, cut short, and with a damaged length.
 *
 * @param folder that holds {@code web}, {@code captioner} and {@code filter}
 */
record WebShards(Path folder) {
  /** Records that are judged or reported; what follows the damaged length is lost. */
  static final int RECORDS = 30 + 0 + 20 + 17 + 12 + 8;

  /** How a command ended. */
  record Run(int status, String out, String err) {}

  /** A command, such as {@link BlipCli#run}. */
  interface Command {
    int run(Streams streams, String... args);
  }

  static WebShards write(Path folder) throws IOException {
    TinyModel.write(folder.resolve("captioner"), Task.CAPTION);
    TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL);
    Path web = Files.createDirectories(folder.resolve("web"));
    shard(web.resolve("a.tfrecord"), 30);
    shard(web.resolve("b.tfrecord"), 0);
    gzip(shard(web.resolve("c.tfrecord"), 20));
    Path flipped = shard(web.resolve("d.tfrecord"), 17);
    flip(flipped, Files.size(flipped) / 2 + 40);
    Path cut = shard(web.resolve("e.tfrecord"), 12);
    byte[] bytes = Files.readAllBytes(cut);
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 30));
    Path hidden = shard(web.resolve("f.tfrecord"), 7);
    long header = Files.size(hidden) + 3; // within the length of the record after these
    shard(hidden, 14);
    flip(hidden, header);
    return new WebShards(folder);
  }

  private static Path shard(Path path, int records) throws IOException {
    TfRecordWriter.Options options = TfRecordWriter.Options.plain().withOverwrite(true);
    try (TfRecordWriter writer = TfRecordWriter.create(path, options)) {
      for (int i = 0; i < records; i++) {
        String key = path.getFileName().toString().charAt(0) + "-" + i;
        writer.write(record(key, "a web text of " + key));
      }
      writer.commit();
    }
    return path;
  }

  /** A record with a picture of its own. */
  static byte[] record(String key, String text) throws IOException {
    Random random = new Random(key.hashCode());
    BufferedImage image = new BufferedImage(40, 36, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < image.getWidth() * image.getHeight(); i++) {
      int shade = random.nextInt(60);
      image.setRGB(
          i % image.getWidth(),
          i / image.getWidth(),
          new Color(key.length() * 20 + shade, 3 * shade, key.charAt(0) + shade).getRGB());
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return ExampleCodec.standard()
        .encode(Sample.ImageText.of(key, png.toByteArray(), ImmutableList.of(text)));
  }

  private static void gzip(Path shard) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(Files.readAllBytes(shard));
    }
    Files.write(shard, zipped.toByteArray());
  }

  private static void flip(Path shard, long at) throws IOException {
    byte[] bytes = Files.readAllBytes(shard);
    bytes[(int) at] ^= 4;
    Files.write(shard, bytes);
  }

  /** The options of CapFilt over all shards into a folder, then others. */
  String[] options(Path out, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("--data", folder.resolve("web").toString(), "--out", out.toString()));
    all.addAll(List.of("--captioner", folder.resolve("captioner").toString()));
    all.addAll(List.of("--filter", folder.resolve("filter").toString()));
    all.addAll(List.of("--threshold", "0.001", "--quiet"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  /** Runs the plain command. */
  Run plain(Path out, String... more) {
    String[] options = options(out, more);
    String[] args =
        Stream.concat(Stream.of("capfilt"), Arrays.stream(options)).toArray(String[]::new);
    return run(BlipCli::run, args);
  }

  /** Runs a command on streams of its own. */
  static Run run(Command command, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Streams streams =
        new Streams(new ByteArrayInputStream(new byte[0]), out, err, false, ImmutableMap.of());
    int status = command.run(streams, args);
    return new Run(status, out.toString(UTF_8), err.toString(UTF_8));
  }

  /**
   * All files of a result by name, the plan and the names of the marks included, speed left out.
   */
  static Map<String, String> content(Path out) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(out)) {
      for (Path file : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
        String name = out.relativize(file).toString();
        String text = Files.readString(file, ISO_8859_1);
        content.put(
            name,
            name.endsWith(".done")
                ? ""
                : text.replaceAll("\"(images_per_second|seconds)\" : .*", ""));
      }
    }
    return content;
  }
}
