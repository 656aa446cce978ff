package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.tensorflow.proto.Feature;

/** Lists TFRecord shards: how many records, and the columns of the examples in them. */
final class RecordListing {
  private final ExampleCodec codec = new ExampleCodec(Columns.Aliases.STANDARD);
  private final Map<String, Count> columns = new TreeMap<>();
  private long records;
  private long others;

  private RecordListing() {}

  /** Whether the first record of a file, packed or not, is framed as one. */
  static boolean isShard(Path file) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      return reader.next().isPresent();
    } catch (TfRecordException e) {
      return false;
    }
  }

  static InspectCommand.Listing of(Path file) throws IOException {
    return of(file, ShardSet.of(List.of(file)));
  }

  /** Lists the shards of a folder as one. */
  static InspectCommand.Listing of(Path path, ShardSet shards) throws IOException {
    InspectCommand.Listing listing = new InspectCommand.Listing(path.toString(), "TFRecord");
    RecordListing counts = new RecordListing();
    for (Path shard : shards.paths()) {
      counts.read(shard, listing);
    }
    if (shards.size() > 1) {
      listing.fact("shards", shards.size());
    }
    listing.fact("bytes", shards.bytes());
    listing.fact("records", counts.records);
    if (counts.others > 0) {
      listing.fact("not_examples", counts.others);
    }
    counts.columns.forEach(
        (name, count) ->
            listing.row(
                "name",
                name,
                "type",
                count.type,
                "records",
                count.records,
                "values",
                count.values));
    return listing;
  }

  private void read(Path file, InspectCommand.Listing listing) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      Optional<byte[]> record = reader.next();
      for (; record.isPresent(); record = reader.next()) {
        records++;
        try {
          Columns found = codec.columns(record.get());
          found
              .features()
              .forEach((name, f) -> columns.computeIfAbsent(name, n -> new Count()).add(f));
        } catch (SampleException e) {
          others++;
        }
      }
    } catch (TfRecordException e) {
      listing.fact("damage", e.getMessage());
    }
  }

  /** How often a column comes, of which type. */
  private static final class Count {
    private String type = "";
    private long records;
    private long values;

    void add(Feature feature) {
      records++;
      switch (feature.getKindCase()) {
        case BYTES_LIST -> add("bytes", feature.getBytesList().getValueCount());
        case INT64_LIST -> add("int64", feature.getInt64List().getValueCount());
        case FLOAT_LIST -> add("float", feature.getFloatList().getValueCount());
        case KIND_NOT_SET -> add("empty", 0);
      }
    }

    private void add(String kind, int count) {
      type = type.isEmpty() || type.equals(kind) ? kind : "mixed";
      values += count;
    }
  }
}
