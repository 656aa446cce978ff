package org.blip4j.data.text;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonValue;
import org.blip4j.data.sample.Sample;

/**
 * A dialogue about an image, round by round (VisDial), and how its rounds are joined to texts that
 * a model reads.
 *
 * <p>The paper leaves the joining open. Here a text is [CLS], then for each earlier round, the
 * oldest first, the question, {@code ?}, the answer, {@code .}, then the question with {@code ?}
 * and an answer to it, and [SEP]. Where that is too long the oldest rounds are left out, whole; of
 * a question that alone is too long the beginning is.
 */
public record Dialogue(ImmutableList<Round> rounds) {
  /** Ids of a text at most where nothing else is said: nine long rounds and a question. */
  public static final int MAX_TOKENS = 256;

  private static final int CAPTION_TOKENS = 40;

  /** The column of a record that has it, as JSON. */
  public static final String COLUMN = "dialog";

  /**
   * A question with its answer.
   *
   * @param answer the true one; empty where it is not given away, as in a test set
   * @param options answers to be ranked; may be none
   * @param truth which of the options is the true one; -1 if that is not known
   */
  public record Round(
      String question, Optional<String> answer, ImmutableList<String> options, int truth) {
    /** Checks that the true answer is among the options. */
    public Round {
      if (truth < -1 || truth >= options.size()) {
        throw new IllegalArgumentException(
            "gt_index is %d, but there are %d options".formatted(truth, options.size()));
      }
    }
  }

  /** Checks that there is a round. */
  public Dialogue {
    if (rounds.isEmpty()) {
      throw new IllegalArgumentException("the dialogue has no round");
    }
  }

  /**
   * The dialogue in the column {@value #COLUMN} of a sample.
   *
   * @throws IllegalArgumentException that names the sample and what is wrong
   */
  public static Dialogue of(Sample.ImageText sample) {
    String name = "sample \"%s\": %s".formatted(sample.key(), COLUMN);
    return parse(
        sample
            .columns()
            .text(COLUMN)
            .orElseThrow(() -> new IllegalArgumentException(name + ": there is no such column")),
        name);
  }

  /**
   * Reads a list of objects with {@code question}, {@code answer}, {@code options} and {@code
   * gt_index}; only the question must be there.
   *
   * @param name begins every error
   * @throws IllegalArgumentException that names what is wrong
   */
  public static Dialogue parse(String json, String name) {
    ImmutableList.Builder<Round> rounds = ImmutableList.builder();
    List<JsonValue> all = JsonFile.parse(json, name).root().items();
    for (int i = 0; i < all.size(); i++) {
      JsonValue round = all.get(i);
      ImmutableList.Builder<String> options = ImmutableList.builder();
      round
          .find("options")
          .ifPresent(list -> list.items().forEach(option -> options.add(option.text())));
      String question = round.get("question").text();
      Optional<String> answer = round.find("answer").map(JsonValue::text);
      int truth = round.find("gt_index").map(index -> index.whole(0, Integer.MAX_VALUE)).orElse(-1);
      try {
        rounds.add(new Round(question, answer, options.build(), truth));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s: round %d: %s".formatted(name, i, e.getMessage()), e);
      }
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(name + ": the dialogue has no round");
    }
    return new Dialogue(rounds.build());
  }

  /**
   * Ids of the dialogue up to a round's question, with an answer at its end.
   *
   * @param round from 0; earlier rounds without an answer are left out
   * @param most ids at most
   */
  public int[] ids(WordPieceTokenizer tokenizer, int round, String answer, int most) {
    int[] question = tokenizer.pieces(question(rounds.get(round).question()));
    int[] last = tokenizer.pieces(answer(answer));
    int room = most - 2; // [CLS] and [SEP]
    if (last.length > room) {
      last = Arrays.copyOf(last, Math.max(0, room));
    }
    int kept = Math.min(question.length, room - last.length);
    List<int[]> parts = new ArrayList<>();
    parts.add(last);
    parts.add(0, Arrays.copyOfRange(question, question.length - kept, question.length));
    room -= kept + last.length;
    for (int earlier = round - 1; earlier >= 0 && kept == question.length; earlier--) {
      Round before = rounds.get(earlier);
      if (before.answer().isPresent()) {
        int[] pieces =
            tokenizer.pieces(question(before.question()) + answer(before.answer().get()) + " .");
        if (pieces.length > room) {
          break;
        }
        room -= pieces.length;
        parts.add(0, pieces);
      }
    }
    parts.add(0, new int[] {tokenizer.vocabulary().classify()});
    parts.add(new int[] {tokenizer.vocabulary().separator()});
    return Ints.concat(parts.toArray(new int[0][]));
  }

  /** Lower case, without the characters that captions lose, and one question mark at its end. */
  private static String question(String text) {
    return CaptionText.cleanQuestion(text, Integer.MAX_VALUE).strip().replaceAll("[?\\s]+$", "")
        + " ? ";
  }

  private static String answer(String text) {
    return CaptionText.cleanQuestion(text, Integer.MAX_VALUE).strip();
  }

  /**
   * Ids of a caption as unimodal text: cleaned as captions are, [CLS], pieces, [SEP].
   *
   * @param most ids at most, though never more than {@value #CAPTION_TOKENS}
   */
  public static int[] captionIds(
      WordPieceTokenizer tokenizer, String caption, int maxWords, int most) {
    return tokenizer.encode(
        CaptionText.cleanCaption(caption, maxWords), Math.min(CAPTION_TOKENS, most));
  }
}
