package org.blip4j.data.sample;

import com.google.common.collect.ImmutableMap;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.FeatureList;
import org.tensorflow.proto.SequenceExample;

/**
 * Which columns a record has and how many values each, told without reading the values: of an
 * image, a few bytes are touched.
 *
 * @param filled for each column its values that are not empty; 1 for the words of an im2txt caption
 */
public record ExampleOutline(ImmutableMap<String, Integer> filled) {
  private static final int BUFFER = 256;

  /**
   * Reads an outline.
   *
   * @param record whose {@code skip} passes over bytes without reading them
   * @throws SampleException if the record is no {@code tf.train.Example}
   */
  public static ExampleOutline read(InputStream record) throws IOException {
    Map<String, Integer> filled = new HashMap<>();
    Map<String, Integer> lists = new HashMap<>();
    CodedInputStream in = CodedInputStream.newInstance(record, BUFFER);
    try {
      each(
          in,
          (field, part) -> {
            if (field == SequenceExample.CONTEXT_FIELD_NUMBER) {
              each(part, (feature, entry) -> entry(entry, ExampleOutline::feature, filled));
            } else {
              each(part, (list, entry) -> entry(entry, ExampleOutline::list, lists));
            }
          });
    } catch (InvalidProtocolBufferException e) {
      throw new SampleException("the record is not a tf.train.Example", e);
    }
    lists.computeIfPresent(ExampleCodec.WORDS, (name, words) -> Math.min(words, 1));
    filled.putAll(lists);
    return new ExampleOutline(ImmutableMap.copyOf(filled));
  }

  /** Whether a column is there and not empty. */
  public boolean has(String column) {
    return filled.getOrDefault(column, 0) > 0;
  }

  /** Values of the first of these columns that is there and not empty; 0 if none is. */
  public int first(List<String> columns) {
    return columns.stream().filter(this::has).findFirst().map(filled::get).orElse(0);
  }

  /** What is done with a part of a message. */
  private interface Part {
    void read(int field, CodedInputStream in) throws IOException;
  }

  /** What counts the values of a column. */
  private interface Counter {
    int count(CodedInputStream in) throws IOException;
  }

  /** Visits the parts that are messages or bytes; all else is passed over. */
  private static void each(CodedInputStream in, Part part) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int limit = in.pushLimit(in.readRawVarint32());
        part.read(WireFormat.getTagFieldNumber(tag), in);
        in.skipRawBytes(in.getBytesUntilLimit());
        in.popLimit(limit);
      } else if (!in.skipField(tag)) {
        return;
      }
    }
  }

  /** One name with its values; in the wire's order, so the name may come last. */
  private static void entry(CodedInputStream in, Counter counter, Map<String, Integer> filled)
      throws IOException {
    String[] name = {""};
    int[] count = {0};
    each(
        in,
        (field, part) -> {
          if (field == 1) {
            name[0] =
                new String(part.readRawBytes(part.getBytesUntilLimit()), StandardCharsets.UTF_8);
          } else if (field == 2) {
            count[0] = counter.count(part);
          }
        });
    filled.put(name[0], count[0]);
  }

  private static int list(CodedInputStream in) throws IOException {
    int[] count = {0};
    each(
        in,
        (field, part) -> {
          if (field == FeatureList.FEATURE_FIELD_NUMBER) {
            count[0] += feature(part);
          }
        });
    return count[0];
  }

  private static int feature(CodedInputStream in) throws IOException {
    int[] count = {0};
    each(
        in,
        (kind, values) ->
            each(
                values,
                (field, value) -> {
                  int bytes = value.getBytesUntilLimit();
                  if (kind == Feature.FLOAT_LIST_FIELD_NUMBER) {
                    count[0] += bytes / Float.BYTES;
                  } else if (kind == Feature.INT64_LIST_FIELD_NUMBER) {
                    count[0] += numbers(value);
                  } else if (bytes > 0) {
                    count[0]++;
                  }
                }));
    return count[0];
  }

  private static int numbers(CodedInputStream in) throws IOException {
    int count = 0;
    while (!in.isAtEnd()) {
      in.readRawVarint64();
      count++;
    }
    return count;
  }
}
