package org.blip4j.savedmodel.predict;

import com.google.common.base.Splitter;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * An answer to a question about an image.
 *
 * @param text empty if the row failed
 * @param logProb the sum of the log-probabilities of its tokens
 * @param status empty, or why the row failed
 * @param note empty, or how the question was cut
 * @see Predictor
 */
public record Answer(String text, float logProb, String status, String note)
    implements Serializable {
  /** Whether there is an answer. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Answer> read(SignatureRunner.Outputs outputs) {
    List<String> texts = outputs.strings(ServingSignature.ANSWER);
    float[] logProbs = outputs.floats(ServingSignature.LOG_PROB);
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      answers.add(new Answer(texts.get(i), logProbs[i], outputs.status(i), outputs.note(i)));
    }
    return answers;
  }

  /**
   * Answers of a stage.
   *
   * @param statuses what was wrong with a row, or only worth saying
   */
  static List<Answer> of(List<String> texts, float[] logProbs, List<String> statuses) {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String status = statuses.get(i);
      answers.add(
          ServingSignature.RowStatus.failed(status)
              ? new Answer("", 0, status, "")
              : new Answer(texts.get(i), logProbs[i], "", status));
    }
    return answers;
  }

  /**
   * Answers to choose from, the same for every question.
   *
   * @param candidates the answers
   * @param topK how many are kept by the probabilities of their first tokens, to be compared whole
   */
  public record Choice(List<String> candidates, int topK) {
    /** The published number of kept answers. */
    public static final int PUBLISHED_TOP_K = 128;

    private static final Splitter LINES = Splitter.on('\n').omitEmptyStrings();

    /**
     * The answers that were kept of a list, the best first.
     *
     * @param answers none if the row failed
     * @param status empty, or why the row failed
     * @param note empty, or how the question or answers were cut
     */
    public record Ranking(List<Ranked> answers, String status, String note)
        implements Serializable {
      /** Copies the list. */
      public Ranking {
        answers = List.copyOf(answers);
      }

      /** Whether there are answers. */
      public boolean ok() {
        return status.isEmpty();
      }
    }

    /**
     * One answer.
     *
     * @param text as it stood in the list
     * @param logProb the sum of the log-probabilities of its tokens
     * @param score what answers are ordered by: the same with the label smoothing of training
     */
    public record Ranked(String text, float logProb, float score) implements Serializable {}

    /** Checks the parts. */
    public Choice {
      for (int i = 0; i < candidates.size(); i++) {
        String candidate = candidates.get(i);
        if (candidate == null) {
          throw new NullPointerException("candidates[" + i + "] is null; leave it away");
        }
        if (candidate.isBlank()) {
          throw new IllegalArgumentException(
              "one of the answers is empty (candidates[" + i + "]); leave it away");
        }
        if (candidate.contains("\n") || candidate.contains("\r")) {
          throw new IllegalArgumentException(
              "candidates[" + i + "] has several lines; an answer is one line");
        }
      }
      candidates = List.copyOf(candidates);
      if (candidates.isEmpty()) {
        throw new IllegalArgumentException("the list of answers is empty; give at least one");
      }
      if (topK < 1) {
        throw new IllegalArgumentException(
            "top-k %d is less than 1; the published value is %d".formatted(topK, PUBLISHED_TOP_K));
      }
    }

    CallInputs addTo(CallInputs inputs, int rows) {
      long[] most = new long[rows];
      Arrays.fill(most, topK);
      String lines = String.join("\n", candidates);
      String[] all = new String[rows];
      Arrays.fill(all, lines);
      return inputs
          .texts(ServingSignature.ANSWERS, "candidates", Arrays.asList(all))
          .numbers(ServingSignature.TOP_K, most);
    }

    static List<Ranking> read(SignatureRunner.Outputs outputs) {
      List<String> rankings = outputs.strings(ServingSignature.RANKING);
      List<String> scores = outputs.strings(ServingSignature.SCORES);
      List<Ranking> rows = new ArrayList<>();
      for (int row = 0; row < rankings.size(); row++) {
        List<String> lines = LINES.splitToList(rankings.get(row));
        List<String> numbers = LINES.splitToList(scores.get(row));
        List<Ranked> kept = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
          String line = lines.get(i);
          int tab = line.lastIndexOf('\t');
          kept.add(
              new Ranked(
                  line.substring(0, tab),
                  Float.parseFloat(line.substring(tab + 1)),
                  Float.parseFloat(numbers.get(i))));
        }
        rows.add(new Ranking(kept, outputs.status(row), outputs.note(row)));
      }
      return rows;
    }
  }

  /**
   * Whether a statement holds for two images.
   *
   * @param label {@code True} or {@code False}; empty if the row failed
   * @param probability of the label, so never less than a half; 0 if the row failed
   * @param status empty, or why the row failed, and for which image
   * @param note empty, or how the statement was cut
   */
  public record Nlvr(String label, float probability, String status, String note)
      implements Serializable {
    /** Whether both images and the statement were read. */
    public boolean ok() {
      return status.isEmpty();
    }

    static List<Nlvr> read(SignatureRunner.Outputs outputs) {
      List<String> labels = outputs.strings(ServingSignature.LABEL);
      float[] probability = outputs.floats(ServingSignature.PROBABILITY);
      List<Nlvr> answers = new ArrayList<>();
      for (int i = 0; i < labels.size(); i++) {
        answers.add(new Nlvr(labels.get(i), probability[i], outputs.status(i), outputs.note(i)));
      }
      return answers;
    }
  }
}
