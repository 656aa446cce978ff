package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Caption;

/** Small pictures with lines of text that show what a model makes of them. */
final class Examples {
  /** How many examples of a kind are shown, and how large. */
  static final int SHOWN = 8;

  private static final int SIDE = 192;

  private Examples() {}

  /** The examples that were judged most wrongly, worst first. */
  static final class Worst {
    private final TreeMap<Double, List<Sample.ImageText>> byError =
        new TreeMap<>(Comparator.reverseOrder());
    private int kept;

    /** Whether an error is among the largest until now. */
    boolean takes(double error) {
      return error > 0 && (kept < SHOWN || error > byError.lastKey());
    }

    void add(double error, List<Sample.ImageText> shown) {
      byError.merge(
          error,
          shown,
          (one, other) ->
              ImmutableList.<Sample.ImageText>builder().addAll(one).addAll(other).build());
      if (++kept > SHOWN) {
        byError.pollLastEntry();
        kept = byError.size();
      }
    }

    /**
     * Adds a pair if it is judged wrongly, and more so than those before.
     *
     * @param logits of "no match" and "match"
     */
    void addPair(Sample.ImageText sample, String text, float[] logits) {
      boolean own = sample.texts().contains(text);
      float towardsMatch = logits[1] - logits[0];
      float error = own ? -towardsMatch : towardsMatch;
      if (takes(error)) {
        String judged =
            String.format(
                Locale.ROOT,
                "match probability %.3f, but the text is %s",
                1 / (1 + Math.exp(-towardsMatch)),
                own ? "the image's own" : "of another image");
        add(
            error,
            example("matching", sample.key(), sample.image(), List.of("text: " + text, judged)));
      }
    }

    List<Sample.ImageText> shown() {
      return byError.values().stream().flatMap(List::stream).toList();
    }
  }

  /** Captions of the first images of a batch. */
  static List<Sample.ImageText> captions(List<Sample.ImageText> samples, List<Caption> captions) {
    List<Sample.ImageText> shown = new ArrayList<>();
    for (int i = 0; i < Math.min(SHOWN, captions.size()); i++) {
      List<String> lines = new ArrayList<>(List.of("caption: " + captions.get(i).text()));
      samples.get(i).texts().forEach(text -> lines.add("record: " + text));
      shown.addAll(example("captions", samples.get(i).key(), samples.get(i).image(), lines));
    }
    return shown;
  }

  /** What was asked, answered and recorded. */
  static List<Sample.ImageText> answers(Sample.Question sample, Answer answer) {
    String people =
        sample.answers().stream().map(Sample.Answer::text).collect(Collectors.joining(" | "));
    return example(
        "answers",
        sample.key(),
        sample.image(),
        List.of("question: " + sample.question(), "answer: " + answer.text(), "record: " + people));
  }

  /** Both images of a statement. */
  static List<Sample.ImageText> statements(Sample.ImagePair sample, Answer.Nlvr answer) {
    List<String> lines =
        List.of(
            "statement: " + sample.statement(),
            String.format(Locale.ROOT, "judged: %s, %.3f", answer.label(), answer.probability()),
            "record: " + (sample.label() == 1 ? "True" : "False"));
    return Stream.of(
            example("statements", sample.key() + ", left", sample.left(), lines),
            example("statements", sample.key() + ", right", sample.right(), lines))
        .flatMap(List::stream)
        .toList();
  }

  /** An example; none if Java's library cannot decode the picture, which a model may yet read. */
  static List<Sample.ImageText> example(
      String kind, String key, ByteString image, List<String> lines) {
    try {
      ByteString small = EncodedImage.of(image).thumbnail(SIDE);
      return List.of(Sample.ImageText.of(kind + "/" + key, small.toByteArray(), lines));
    } catch (SampleException e) {
      return List.of();
    }
  }
}
