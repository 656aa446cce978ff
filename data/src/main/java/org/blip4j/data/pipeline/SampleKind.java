package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.util.List;
import java.util.function.ToIntBiFunction;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ExampleOutline;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;

/**
 * What a record is to training, and how many items it makes: each text of an image or a video is
 * one (with the image or the frames), a question with all its answers is one, a pair of images with
 * its statement is one.
 *
 * @param <S> the samples
 */
public final class SampleKind<S extends Sample> {
  /** Images with texts, whatever other columns there are; each item has one text. */
  public static final SampleKind<Sample.ImageText> IMAGE_TEXT =
      new SampleKind<>(
          Sample.ImageText.class, "text", "pairs", (o, names) -> o.first(names.text()));

  /** Questions with their answers. */
  public static final SampleKind<Sample.Question> QUESTION =
      new SampleKind<>(
          Sample.Question.class,
          "question",
          "questions",
          (o, names) -> isQuestion(o, names) ? 1 : 0);

  /** Two images and a statement. */
  public static final SampleKind<Sample.ImagePair> IMAGE_PAIR =
      new SampleKind<>(
          Sample.ImagePair.class,
          "pair of images with a statement",
          "pairs of images",
          (o, names) -> isImagePair(o, names) ? 1 : 0);

  /** Videos with texts; each item has one text. */
  public static final SampleKind<Sample.Video> VIDEO =
      new SampleKind<>(
          Sample.Video.class,
          "frames with a text",
          "pairs",
          (o, names) -> o.has("frames") ? o.first(names.text()) : 0);

  private static boolean isQuestion(ExampleOutline outline, Columns.Aliases names) {
    return outline.has("question")
        && (outline.filled().containsKey("answers") || outline.first(names.text()) == 0);
  }

  private static boolean isImagePair(ExampleOutline outline, Columns.Aliases names) {
    return outline.has("left")
        && outline.has("right")
        && (outline.filled().containsKey("statement") || outline.first(names.image()) == 0);
  }

  private final Class<S> type;
  private final String wanted;
  private final String many;
  private final ToIntBiFunction<ExampleOutline, Columns.Aliases> items;

  private SampleKind(
      Class<S> type,
      String wanted,
      String many,
      ToIntBiFunction<ExampleOutline, Columns.Aliases> items) {
    this.type = type;
    this.wanted = wanted;
    this.many = many;
    this.items = items;
  }

  /** The images of an item, in order. */
  public static ImmutableList<ByteString> images(Sample sample) {
    if (sample instanceof Sample.ImageText s) {
      return ImmutableList.of(s.image());
    } else if (sample instanceof Sample.Question s) {
      return ImmutableList.of(s.image());
    } else if (sample instanceof Sample.ImagePair s) {
      return ImmutableList.of(s.left(), s.right());
    }
    return ((Sample.Video) sample).frames();
  }

  /** What a record must have to make an item, for messages. */
  String wanted() {
    return wanted;
  }

  /** What several items are called, in messages. */
  String many() {
    return many;
  }

  /** What decides how many items the records make; an index is made for one rule. */
  String rule(Columns.Aliases names) {
    return type.getSimpleName() + " " + String.join(",", names.text());
  }

  /** How many items a record makes. */
  int count(ExampleOutline outline, Columns.Aliases names) {
    return items.applyAsInt(outline, names);
  }

  /** The items of a record, in order. */
  List<S> items(byte[] record, ExampleCodec codec, String otherwise) throws SampleException {
    if (type == Sample.ImageText.class) {
      Sample.ImageText sample = codec.imageText(record, otherwise);
      return sample.texts().stream()
          .map(text -> type.cast(sample.withTexts(ImmutableList.of(text))))
          .toList();
    }
    Sample sample = codec.decode(record, otherwise);
    if (!type.isInstance(sample)) {
      return List.of();
    }
    if (sample instanceof Sample.Video s) {
      return s.texts().stream()
          .map(
              text ->
                  type.cast(
                      new Sample.Video(s.key(), s.frames(), ImmutableList.of(text), s.columns())))
          .toList();
    }
    return List.of(type.cast(sample));
  }
}
