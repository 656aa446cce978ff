package org.blip4j.tools.records;

import com.google.common.base.Joiner;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.tensorflow.proto.Feature;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code records show}: the first records of shards with all their columns. */
@Command(
    name = "show",
    description = "Show the first records of shards with all their columns.",
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records show shards/web.tfrecord --limit 3")
final class ShowCommand implements Callable<Integer> {
  private static final int SHOWN_CHARACTERS = 200;
  private static final int SHOWN_VALUES = 20;

  @Parameters(paramLabel = "SHARD", arity = "1..*", description = RecordsCommand.Shards.NAMES)
  private List<String> arguments;

  @Mixin private ColumnOptions columns;
  @Mixin private CommonOptions common;

  @Option(names = "--limit", paramLabel = "N", description = "Records to show (5); 0 shows all.")
  private long limit = 5;

  /** One record. */
  private record Shown(
      String shard,
      long index,
      long offset,
      String key,
      List<String> texts,
      Map<String, Object> columns) {}

  /** Bytes that are an image. */
  private record ShownImage(ImageInfo.ImageFormat format, int width, int height, int bytes) {}

  /** Bytes that are neither image nor text. */
  private record ShownBytes(int bytes) {}

  @Override
  public Integer call() throws IOException {
    if (limit < 0) {
      throw new IllegalArgumentException("--limit is " + limit + ", it must be 0 or more");
    }
    Console console = common.console();
    long left = limit == 0 ? Long.MAX_VALUE : limit;
    for (Path shard : ShardSet.find(arguments).paths()) {
      try (TfRecordReader reader = TfRecordReader.open(shard)) {
        for (long index = 0; left > 0; index++, left--) {
          Optional<byte[]> record = reader.next();
          if (record.isEmpty()) {
            break;
          }
          show(console, reader, index, record.get());
        }
      }
    }
    return console.exitCode();
  }

  private void show(Console console, TfRecordReader reader, long index, byte[] record)
      throws IOException {
    try {
      ExampleCodec codec = columns.codec();
      Map<String, Object> columns = new TreeMap<>();
      codec.columns(record).features().forEach((name, f) -> columns.put(name, values(f)));
      Optional<Sample> sample = sample(codec, record);
      Shown shown =
          new Shown(
              reader.shard().toString(),
              index,
              reader.offset(),
              sample.map(Sample::key).orElse(null),
              sample.map(ShowCommand::texts).orElse(null),
              columns);
      console.result(shown, text(shown));
    } catch (SampleException e) {
      console.failed(reader.where(), e.getMessage());
    }
  }

  /** Records of other programs may be no samples at all; their columns are shown still. */
  private static Optional<Sample> sample(ExampleCodec codec, byte[] record) {
    try {
      return Optional.of(codec.decode(record, ""));
    } catch (SampleException e) {
      return Optional.empty();
    }
  }

  private static List<String> texts(Sample sample) {
    if (sample instanceof Sample.ImageText s) {
      return s.texts();
    }
    return sample instanceof Sample.Video s ? s.texts() : null;
  }

  private static Object values(Feature feature) {
    List<Object> values =
        switch (feature.getKindCase()) {
          case BYTES_LIST ->
              new ArrayList<>(
                  feature.getBytesList().getValueList().stream().map(ShowCommand::value).toList());
          case INT64_LIST -> new ArrayList<>(feature.getInt64List().getValueList());
          case FLOAT_LIST -> new ArrayList<>(feature.getFloatList().getValueList());
          case KIND_NOT_SET -> List.of();
        };
    return values.size() == 1 ? values.get(0) : values;
  }

  private static Object value(ByteString bytes) {
    if (ImageInfo.ImageFormat.of(bytes).isPresent()) {
      try {
        ImageInfo info = ImageInfo.inspect(bytes);
        return new ShownImage(info.format(), info.width(), info.height(), bytes.size());
      } catch (SampleException e) {
        return new ShownBytes(bytes.size());
      }
    }
    return bytes.isValidUtf8() ? bytes.toStringUtf8() : new ShownBytes(bytes.size());
  }

  private static String text(Shown shown) {
    StringBuilder out = new StringBuilder();
    out.append("%s record %d at byte %d".formatted(shown.shard(), shown.index(), shown.offset()));
    shown
        .columns()
        .forEach((name, value) -> out.append("%n  %-20s %s".formatted(name, text(value))));
    return out.toString();
  }

  private static String text(Object value) {
    if (value instanceof ShownImage image) {
      return "%s, %d x %d, %,d bytes"
          .formatted(image.format(), image.width(), image.height(), image.bytes());
    }
    if (value instanceof ShownBytes bytes) {
      return "%,d bytes".formatted(bytes.bytes());
    }
    if (value instanceof List<?> list) {
      String more = list.size() > SHOWN_VALUES ? " ... (%d)".formatted(list.size()) : "";
      return Joiner.on(" | ")
              .join(list.stream().limit(SHOWN_VALUES).map(ShowCommand::text).toList())
          + more;
    }
    String text = value.toString().replace('\n', ' ');
    return text.length() > SHOWN_CHARACTERS ? text.substring(0, SHOWN_CHARACTERS) + " ..." : text;
  }
}
