package org.blip4j.data.sample;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.FeatureList;
import org.tensorflow.proto.SequenceExample;

/**
 * Reads samples out of {@code tf.train.Example} and {@code SequenceExample} records.
 *
 * <p>The two are one on the wire: an Example is a SequenceExample without feature lists. Of
 * im2txt's lists the words of a caption are joined to one text, its start and end marks taken off;
 * other lists become columns.
 *
 * <p>Further kinds are told by their columns: {@code question} (with {@code answers}, {@code
 * answer_weights}), {@code left right statement label}, {@code frames}. The image columns of these
 * kinds must hold images: a caption's record may have columns of such names that are something
 * else.
 *
 * <p>What is read are views of the record's bytes, which must not be changed afterwards.
 */
public final class ExampleCodec {
  static final String WORDS = "image/caption";

  /** Where a set that CapFilt made has all texts that were kept of an image. */
  public static final String ALL_TEXTS = "captions";

  private final Columns.Aliases aliases;

  /** Makes a codec that looks for columns under the given names. */
  public ExampleCodec(Columns.Aliases aliases) {
    this.aliases = aliases;
  }

  /** A codec with the standard names. */
  public static ExampleCodec standard() {
    return new ExampleCodec(Columns.Aliases.STANDARD);
  }

  /** The same for sets that CapFilt made, too: all texts that were kept of an image, not one. */
  public static ExampleCodec bootstrapped() {
    Columns.Aliases standard = Columns.Aliases.STANDARD;
    ImmutableList<String> texts =
        ImmutableList.<String>builder().add(ALL_TEXTS).addAll(standard.text()).build();
    return new ExampleCodec(new Columns.Aliases(standard.image(), texts, standard.key()));
  }

  /** The column names in use. */
  public Columns.Aliases aliases() {
    return aliases;
  }

  /** Writes a sample, see {@link ExampleWriter}. */
  public byte[] encode(Sample sample) {
    return ExampleWriter.encode(sample);
  }

  /**
   * Reads an image with texts, whatever other columns there are.
   *
   * @param otherwise the key of a record that has none
   * @throws SampleException if the record is no Example or has no image column
   */
  public Sample.ImageText imageText(byte[] record, String otherwise) throws SampleException {
    return imageText(parse(record), otherwise);
  }

  /** Reads a sample of the kind that the columns tell. */
  public Sample decode(byte[] record, String otherwise) throws SampleException {
    Map<String, Feature> all = parse(record);
    try {
      if (isImagePair(all)) {
        return imagePair(all, otherwise);
      }
      if (holdsImages(all, "frames")) {
        return video(all, otherwise);
      }
      return isQuestion(all) ? question(all, otherwise) : imageText(all, otherwise);
    } catch (IllegalArgumentException e) {
      throw new SampleException(e.getMessage(), e);
    }
  }

  /** Columns called left and right may be anything, such as the sides of a box. */
  private boolean isImagePair(Map<String, Feature> all) {
    return holdsImages(all, "left")
        && holdsImages(all, "right")
        && (all.containsKey("statement") || first(aliases.image(), all).isEmpty());
  }

  /** Captions may have a column of questions, too; a question has answers, or is the only text. */
  private boolean isQuestion(Map<String, Feature> all) {
    return all.containsKey("question")
        && (all.containsKey("answers") || first(aliases.text(), all).isEmpty());
  }

  /** Whether a column's bytes are images, or may be damaged ones of a record that has no others. */
  private boolean holdsImages(Map<String, Feature> all, String column) {
    List<ByteString> values =
        all.getOrDefault(column, Feature.getDefaultInstance()).getBytesList().getValueList();
    return !values.isEmpty()
        && (first(aliases.image(), all).isEmpty()
            || values.stream().allMatch(value -> ImageInfo.ImageFormat.of(value).isPresent()));
  }

  /** All columns of a record as they stand, whatever they are. */
  public Columns columns(byte[] record) throws SampleException {
    return Columns.of(parse(record));
  }

  private Sample.ImageText imageText(Map<String, Feature> all, String otherwise)
      throws SampleException {
    String image = imageColumn(all);
    Optional<String> text = first(aliases.text(), all);
    ImmutableList<String> texts = text.map(name -> texts(all.get(name))).orElse(ImmutableList.of());
    return new Sample.ImageText(
        key(all, otherwise), one(all, image), texts, rest(all, image, "txt", "key"));
  }

  private String imageColumn(Map<String, Feature> all) throws SampleException {
    return first(aliases.image(), all).orElseThrow(() -> missing("image", aliases.image(), all));
  }

  private Sample.Question question(Map<String, Feature> all, String otherwise)
      throws SampleException {
    Sample.ImageText base = imageText(all, otherwise);
    List<String> answers = base.columns().texts("answers");
    List<Float> weights = base.columns().floats("answer_weights");
    if (!weights.isEmpty() && weights.size() != answers.size()) {
      throw new SampleException(
          "%d answers have %d answer_weights; there must be one each, or none"
              .formatted(answers.size(), weights.size()));
    }
    ImmutableList.Builder<Sample.Answer> weighted = ImmutableList.builder();
    for (int i = 0; i < answers.size(); i++) {
      float weight = weights.isEmpty() ? 1f / answers.size() : weights.get(i);
      weighted.add(new Sample.Answer(answers.get(i), weight));
    }
    return new Sample.Question(
        base.key(),
        base.image(),
        base.columns().text("question").orElse(""),
        weighted.build(),
        rest(all, imageColumn(all), "key", "question", "answers", "answer_weights"));
  }

  private Sample.ImagePair imagePair(Map<String, Feature> all, String otherwise)
      throws SampleException {
    Columns columns = Columns.of(all);
    String statement =
        columns
            .text("statement")
            .orElseThrow(() -> missing("statement", ImmutableList.of("statement"), all));
    List<Long> label =
        all.getOrDefault("label", Feature.getDefaultInstance()).getInt64List().getValueList();
    return new Sample.ImagePair(
        key(all, otherwise),
        one(all, "left"),
        one(all, "right"),
        statement,
        label.isEmpty() ? -1 : Math.toIntExact(label.get(0)),
        columns.without("left", "right", "statement", "label", "key"));
  }

  private Sample.Video video(Map<String, Feature> all, String otherwise) {
    ImmutableList<String> texts =
        first(aliases.text(), all).map(name -> texts(all.get(name))).orElse(ImmutableList.of());
    return new Sample.Video(
        key(all, otherwise),
        ImmutableList.copyOf(all.get("frames").getBytesList().getValueList()),
        texts,
        rest(all, "frames", "txt", "key"));
  }

  private static Map<String, Feature> parse(byte[] record) throws SampleException {
    try {
      CodedInputStream in = shared(record);
      SequenceExample example = SequenceExample.parser().parseFrom(in);
      in.checkLastTagWas(0);
      Map<String, Feature> all = new TreeMap<>(example.getContext().getFeatureMap());
      example
          .getFeatureLists()
          .getFeatureListMap()
          .forEach((name, list) -> all.put(name, name.equals(WORDS) ? joined(list) : flat(list)));
      return all;
    } catch (InvalidProtocolBufferException e) {
      throw new SampleException(
          "the record is not a tf.train.Example (%d bytes); was the shard written by another program?"
              .formatted(record.length),
          e);
    }
  }

  /** Input whose byte strings are views of the record, so that no image is copied. */
  private static CodedInputStream shared(byte[] record) {
    CodedInputStream in = UnsafeByteOperations.unsafeWrap(record).newCodedInput();
    in.enableAliasing(true);
    return in;
  }

  /** One text of the words of a caption. */
  private static Feature joined(FeatureList words) {
    List<String> kept =
        texts(flat(words)).stream()
            .filter(Predicate.not(word -> word.equals("<S>") || word.equals("</S>")))
            .toList();
    BytesList text =
        BytesList.newBuilder().addValue(ByteString.copyFromUtf8(Joiner.on(' ').join(kept))).build();
    return Feature.newBuilder().setBytesList(text).build();
  }

  private static Feature flat(FeatureList list) {
    Feature.Builder all = Feature.newBuilder();
    list.getFeatureList().forEach(all::mergeFrom);
    return all.build();
  }

  private static Optional<String> first(List<String> names, Map<String, Feature> all) {
    return names.stream()
        .filter(name -> all.containsKey(name) && !isEmpty(all.get(name)))
        .findFirst();
  }

  private static boolean isEmpty(Feature feature) {
    return switch (feature.getKindCase()) {
      case BYTES_LIST ->
          feature.getBytesList().getValueList().stream().allMatch(ByteString::isEmpty);
      case INT64_LIST -> feature.getInt64List().getValueCount() == 0;
      case FLOAT_LIST -> feature.getFloatList().getValueCount() == 0;
      case KIND_NOT_SET -> true;
    };
  }

  private String key(Map<String, Feature> all, String otherwise) {
    return first(aliases.key(), all).map(name -> texts(all.get(name)).get(0)).orElse(otherwise);
  }

  private static ByteString one(Map<String, Feature> all, String column) throws SampleException {
    BytesList values = all.get(column).getBytesList();
    if (values.getValueCount() != 1) {
      throw new SampleException(
          "column \"%s\" holds %d byte strings, one image is expected"
              .formatted(column, values.getValueCount()));
    }
    return values.getValue(0);
  }

  private static ImmutableList<String> texts(Feature feature) {
    return Columns.texts(feature).stream()
        .filter(Predicate.not(String::isEmpty))
        .collect(ImmutableList.toImmutableList());
  }

  private static Columns rest(Map<String, Feature> all, String... taken) {
    return Columns.of(all).without(taken);
  }

  private static SampleException missing(
      String what, List<String> names, Map<String, Feature> all) {
    List<String> present = new ArrayList<>(all.keySet());
    return new SampleException(
        "the record has no %s column (%s); its columns are %s%s"
            .formatted(
                what,
                Joiner.on(", ").join(names),
                present.isEmpty() ? "none" : Joiner.on(", ").join(present),
                what.equals("image") ? "; name the right one as image key" : ""));
  }
}
