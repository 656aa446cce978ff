package org.blip4j.data.sample;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.primitives.Floats;
import com.google.common.primitives.Longs;
import com.google.protobuf.ByteString;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.FloatList;
import org.tensorflow.proto.Int64List;

/** The columns of a record besides image, texts and key, in order of name; immutable. */
public record Columns(ImmutableSortedMap<String, Feature> features) {
  /** No columns. */
  public static final Columns NONE = new Columns(ImmutableSortedMap.of());

  /** The columns of a map. */
  public static Columns of(Map<String, Feature> features) {
    return new Columns(ImmutableSortedMap.copyOf(features));
  }

  /** Collects columns; a name that comes again replaces. */
  public static Builder builder() {
    return new Builder();
  }

  /** Columns that come one by one. */
  public static final class Builder {
    private final TreeMap<String, Feature> features = new TreeMap<>();

    private Builder() {}

    /** A UTF-8 text. */
    public Builder text(String name, String value) {
      features.put(name, feature(List.of(value)));
      return this;
    }

    /** An integer. */
    public Builder whole(String name, long value) {
      features.put(name, feature(value));
      return this;
    }

    /** A float. */
    public Builder number(String name, float value) {
      features.put(name, feature(value));
      return this;
    }

    /** The columns so far. */
    public Columns build() {
      return new Columns(ImmutableSortedMap.copyOfSorted(features));
    }
  }

  /** All texts of a column; bytes are taken as UTF-8, numbers are written out; empty if absent. */
  public List<String> texts(String name) {
    Feature feature = features.get(name);
    return feature == null ? List.of() : texts(feature);
  }

  /** The first text of a column, if it has any. */
  public Optional<String> text(String name) {
    return texts(name).stream().findFirst();
  }

  /** The numbers of a float column; empty if absent. */
  public List<Float> floats(String name) {
    Feature feature = features.get(name);
    return feature == null ? List.of() : feature.getFloatList().getValueList();
  }

  /** The same columns with one more (or another value) of UTF-8 texts. */
  public Columns withTexts(String name, List<String> values) {
    return with(name, feature(values));
  }

  /** The same columns with one more (or another value) of one UTF-8 text. */
  public Columns withText(String name, String value) {
    return withTexts(name, List.of(value));
  }

  /** The same columns with one more (or another value) of floats. */
  public Columns withFloats(String name, float... values) {
    return with(name, feature(values));
  }

  /** The same columns with one more (or another value) of integers. */
  public Columns withLongs(String name, long... values) {
    return with(name, feature(values));
  }

  /** The same columns without some. */
  public Columns without(String... names) {
    ImmutableSortedMap.Builder<String, Feature> kept = ImmutableSortedMap.naturalOrder();
    features.forEach(
        (name, feature) -> {
          if (!Arrays.asList(names).contains(name)) {
            kept.put(name, feature);
          }
        });
    return new Columns(kept.build());
  }

  private Columns with(String name, Feature feature) {
    ImmutableMap.Builder<String, Feature> all = ImmutableMap.builder();
    all.putAll(features).put(name, feature);
    return of(all.buildKeepingLast());
  }

  private static Feature feature(List<String> texts) {
    BytesList.Builder list = BytesList.newBuilder();
    texts.forEach(text -> list.addValue(ByteString.copyFromUtf8(wellFormed(text))));
    return Feature.newBuilder().setBytesList(list).build();
  }

  private static Feature feature(float... values) {
    FloatList.Builder list = FloatList.newBuilder().addAllValue(Floats.asList(values));
    return Feature.newBuilder().setFloatList(list).build();
  }

  private static Feature feature(long... values) {
    Int64List.Builder list = Int64List.newBuilder().addAllValue(Longs.asList(values));
    return Feature.newBuilder().setInt64List(list).build();
  }

  /** With U+FFFD for halves of cut surrogate pairs, which UTF-8 cannot say. */
  private static String wellFormed(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
        .forEach(whole::appendCodePoint);
    return whole.toString();
  }

  static List<String> texts(Feature feature) {
    Stream<String> values =
        switch (feature.getKindCase()) {
          case BYTES_LIST ->
              feature.getBytesList().getValueList().stream().map(ByteString::toStringUtf8);
          case INT64_LIST -> feature.getInt64List().getValueList().stream().map(String::valueOf);
          case FLOAT_LIST -> feature.getFloatList().getValueList().stream().map(String::valueOf);
          case KIND_NOT_SET -> Stream.empty();
        };
    return values.toList();
  }

  /**
   * The column names under which image, text and key are looked for; the first that is present and
   * not empty is taken (img2dataset writes a missing value as empty bytes).
   */
  public record Aliases(
      ImmutableList<String> image, ImmutableList<String> text, ImmutableList<String> key)
      implements Serializable {
    /** The accepted spellings of img2dataset, TFDS, im2txt, the Model Garden and our own. */
    public static final Aliases STANDARD =
        new Aliases(
            ImmutableList.of("jpg", "jpeg", "png", "webp", "image", "image/encoded", "image/data"),
            ImmutableList.of("txt", "caption", "captions/text", "image/caption", "caption/text"),
            ImmutableList.of(
                "key", "image/id", "image/filename", "id", "image/image_id", "image/source_id"));

    public Aliases {
      if (image.isEmpty() || text.isEmpty() || key.isEmpty()) {
        throw new IllegalArgumentException(
            "image, text and key need at least one column name each");
      }
    }

    /** Looks for the image in this column only. */
    public Aliases withImage(String column) {
      return new Aliases(ImmutableList.of(column), text, key);
    }

    /** Looks for texts in this column only. */
    public Aliases withText(String column) {
      return new Aliases(image, ImmutableList.of(column), key);
    }

    /** Looks for the key in this column only. */
    public Aliases withKey(String column) {
      return new Aliases(image, text, ImmutableList.of(column));
    }
  }
}
