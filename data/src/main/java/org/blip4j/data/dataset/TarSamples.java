package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * The images with texts of a tar file as WebDataset lays it out and img2dataset writes it: files
 * that follow each other and have one name up to the first point of its last part are one sample.
 * Of {@code 000012.jpg}, {@code 000012.txt} and {@code 000012.json} the first is the image, the
 * second its text, the third an object whose fields become columns ({@code caption} is the text
 * where there is no other). Compression by gzip is told by content.
 */
public final class TarSamples implements Closeable {
  private static final int GZIP = 0x1f8b;

  /**
   * What files of one name make.
   *
   * @param key their name
   * @param sample image and texts; empty if it cannot be used
   * @param problem why it cannot be used, otherwise empty
   */
  public record Read(String key, Optional<Sample.ImageText> sample, String problem) {}

  private final TarArchiveInputStream tar;
  private TarArchiveEntry ahead;

  private TarSamples(TarArchiveInputStream tar) {
    this.tar = tar;
  }

  /**
   * Tars among some paths: files that end in {@code .tar}, {@code .tar.gz} or {@code .tgz}, and
   * those in folders that have neither pictures nor folders beside them.
   */
  public static ImmutableList<Path> find(List<Path> sources) throws IOException {
    ImmutableList.Builder<Path> tars = ImmutableList.builder();
    for (Path source : sources) {
      if (Files.isDirectory(source)) {
        tars.addAll(inFolder(source));
      } else if (isTar(source)) {
        tars.add(source);
      }
    }
    return tars.build();
  }

  private static List<Path> inFolder(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.sorted().toList();
    }
    boolean only =
        files.stream()
            .noneMatch(
                file -> Files.isDirectory(file) || ImageInfo.ImageFormat.isNameOfImage(file));
    return only ? files.stream().filter(TarSamples::isTar).toList() : List.of();
  }

  private static boolean isTar(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".tar") || name.endsWith(".tar.gz") || name.endsWith(".tgz");
  }

  /** Opens a tar file. */
  public static TarSamples open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    try {
      in.mark(2);
      int magic = in.read() << 8 | in.read();
      in.reset();
      return new TarSamples(
          new TarArchiveInputStream(
              magic == GZIP ? new GZIPInputStream(in, 1 << 16) : in,
              StandardCharsets.UTF_8.name()));
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /**
   * The next sample, or empty at the end.
   *
   * @throws IOException if the tar is cut short or damaged; what follows cannot be found
   */
  public Optional<Read> next() throws IOException {
    if (ahead == null) {
      ahead = nextFile();
    }
    if (ahead == null) {
      return Optional.empty();
    }
    String key = key(ahead);
    Map<String, ByteString> files = new TreeMap<>();
    String problem = "";
    while (ahead != null && key(ahead).equals(key)) {
      if (ahead.getSize() > TfRecordReader.DEFAULT_LIMIT) {
        problem = "%s has %d bytes, too many".formatted(ahead.getName(), ahead.getSize());
      } else {
        byte[] bytes = tar.readNBytes((int) ahead.getSize());
        if (bytes.length < ahead.getSize()) {
          throw new IOException(ahead.getName() + " is cut short");
        }
        files.put(ending(ahead), ByteString.copyFrom(bytes));
      }
      ahead = nextFile();
    }
    return Optional.of(read(key, files, problem));
  }

  private TarArchiveEntry nextFile() throws IOException {
    TarArchiveEntry entry = tar.getNextEntry();
    while (entry != null && !entry.isFile()) {
      entry = tar.getNextEntry();
    }
    return entry;
  }

  /** The name up to the first point of its last part. */
  private static String key(TarArchiveEntry entry) {
    String name = entry.getName();
    int point = name.indexOf('.', name.lastIndexOf('/') + 1);
    return point < 0 ? name : name.substring(0, point);
  }

  private static String ending(TarArchiveEntry entry) {
    return entry.getName().substring(key(entry).length());
  }

  private static Read read(String key, Map<String, ByteString> files, String problem) {
    if (!problem.isEmpty()) {
      return new Read(key, Optional.empty(), problem);
    }
    Optional<ByteString> image =
        files.entrySet().stream()
            .filter(file -> ImageInfo.ImageFormat.ENDINGS.contains(file.getKey()))
            .map(Map.Entry::getValue)
            .findFirst();
    if (image.isEmpty()) {
      return new Read(key, Optional.empty(), "has no image; it has " + files.keySet());
    }
    try {
      ImageInfo.inspect(image.get());
      Columns columns = Columns.NONE;
      ImmutableList<String> texts = ImmutableList.of();
      if (files.containsKey(".json")) {
        JsonNode fields = JsonFile.parse(files.get(".json").toStringUtf8(), key + ".json").tree();
        columns = columns(fields);
        texts = texts(fields.path("caption").asText());
      }
      if (files.containsKey(".txt")) {
        texts = texts(files.get(".txt").toStringUtf8());
      }
      return new Read(key, Optional.of(new Sample.ImageText(key, image.get(), texts, columns)), "");
    } catch (SampleException | IllegalArgumentException e) {
      return new Read(key, Optional.empty(), e.getMessage());
    }
  }

  private static ImmutableList<String> texts(String text) {
    return text.isBlank() ? ImmutableList.of() : ImmutableList.of(text.strip());
  }

  /** Fields that are no single value stay as JSON. */
  private static Columns columns(JsonNode fields) {
    Columns.Builder columns = Columns.builder();
    fields
        .properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue();
              String name = field.getKey();
              if (name.equals("key") || value.isNull()) {
                return;
              }
              if (value.isIntegralNumber() && value.canConvertToLong()) {
                columns.whole(name, value.longValue());
              } else if (value.isNumber()) {
                columns.number(name, value.floatValue());
              } else {
                columns.text(name, value.isTextual() ? value.textValue() : value.toString());
              }
            });
    return columns.build();
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }
}
