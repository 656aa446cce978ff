package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.FieldAliases;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.tensorflow.proto.Feature;

/** Lists a TFRecord file: how many records, and the columns of the examples in it. */
final class RecordListing {
  private RecordListing() {}

  /** Whether the first record of a file, packed or not, is framed as one. */
  static boolean isShard(Path file) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      return reader.next().isPresent();
    } catch (TfRecordException e) {
      return false;
    }
  }

  static Listing of(Path file) throws IOException {
    Listing listing = new Listing(file.toString(), "TFRecord");
    ExampleCodec codec = new ExampleCodec(FieldAliases.STANDARD);
    Map<String, Count> columns = new TreeMap<>();
    long records = 0;
    long others = 0;
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
    listing.fact("bytes", Files.size(file));
    listing.fact("records", records);
    if (others > 0) {
      listing.fact("not_examples", others);
    }
    columns.forEach(
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
