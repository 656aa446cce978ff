package org.blip4j.tools.capfilt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.blip4j.savedmodel.capfilt.MatchScore;
import org.blip4j.savedmodel.capfilt.RawRecord;
import org.blip4j.savedmodel.capfilt.ScoredText;
import org.blip4j.savedmodel.capfilt.TextDecision;
import org.blip4j.savedmodel.capfilt.TextSource;

/**
 * A line of {@code scores/NAME.jsonl}: one image, kept or not.
 *
 * @param index number of the record in its shard
 * @param key of the sample
 * @param decision {@code kept}, {@code dropped} or {@code unreadable}
 * @param texts all judged texts
 * @param reason why it is unreadable; absent otherwise
 */
public record ScoreLine(long index, String key, String decision, List<Text> texts, String reason) {
  /** At least one text is kept. */
  public static final String KEPT = "kept";

  /** No text is kept. */
  public static final String DROPPED = "dropped";

  /** The record or its image could not be read. */
  public static final String UNREADABLE = "unreadable";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .build();

  /**
   * A text of the image.
   *
   * @param text as it came or was written
   * @param source {@code web} or {@code synthetic}
   * @param itmProbability match probability; absent without a filter
   * @param itcCosine cosine of the contrastive features; absent without a filter
   * @param kept the decision
   */
  public record Text(
      String text, TextSource source, Float itmProbability, Float itcCosine, boolean kept) {
    private static Text of(TextDecision decision) {
      ScoredText text = decision.text();
      return new Text(
          text.text(),
          text.source(),
          text.score().map(MatchScore::itmProbability).orElse(null),
          text.score().map(MatchScore::itcCosine).orElse(null),
          decision.kept());
    }

    private ScoredText scored() {
      Optional<MatchScore> score =
          itmProbability == null
              ? Optional.empty()
              : Optional.of(new MatchScore(itmProbability, itcCosine));
      return new ScoredText(text, source, score);
    }
  }

  /** Copies the list. */
  public ScoreLine {
    texts = ImmutableList.copyOf(texts);
  }

  static ScoreLine of(RawRecord record, List<TextDecision> decisions) {
    boolean kept = decisions.stream().anyMatch(TextDecision::kept);
    boolean usable = record.sample().isPresent();
    return new ScoreLine(
        record.index(),
        record.key(),
        usable ? kept ? KEPT : DROPPED : UNREADABLE,
        decisions.stream().map(Text::of).toList(),
        usable ? null : record.problem());
  }

  /** Whether the image could be judged. */
  boolean readable() {
    return !decision.equals(UNREADABLE);
  }

  ImmutableList<ScoredText> scoredTexts() {
    return texts.stream().map(Text::scored).collect(ImmutableList.toImmutableList());
  }

  String json() throws JsonProcessingException {
    return MAPPER.writeValueAsString(this);
  }

  /**
   * Reads a line.
   *
   * @param place named in the error
   */
  public static ScoreLine parse(String json, String place) throws IOException {
    try {
      return MAPPER.readValue(json, ScoreLine.class);
    } catch (JsonProcessingException e) {
      throw new IOException(
          place + " is no line of scores: " + e.getOriginalMessage() + "; run capfilt anew", e);
    }
  }
}
