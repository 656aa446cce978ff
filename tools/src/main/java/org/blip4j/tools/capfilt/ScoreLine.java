package org.blip4j.tools.capfilt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.savedmodel.capfilt.CapFiltPicture;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltRules;
import org.blip4j.savedmodel.capfilt.CapFiltText;

/**
 * A line of {@code scores/NAME.jsonl}: one image, kept or not.
 *
 * @param index number of the record in its shard
 * @param key of the sample
 * @param decision {@code kept}, {@code dropped} or {@code unreadable}
 * @param texts all judged texts
 * @param reason why it is unreadable; absent otherwise
 * @param picture what rules ask of it; absent if it is unreadable, and in what older versions wrote
 */
public record ScoreLine(
    long index,
    String key,
    String decision,
    List<CapFiltText> texts,
    String reason,
    CapFiltPicture picture) {
  /** At least one text is kept. */
  public static final String KEPT = "kept";

  /** No text is kept. */
  public static final String DROPPED = "dropped";

  /** The record or its image could not be read. */
  public static final String UNREADABLE = "unreadable";

  private static final JsonMapper MAPPER =
      JsonMapper.builder().serializationInclusion(JsonInclude.Include.NON_NULL).build();

  /** Refuses missing parts. */
  public ScoreLine {
    if (key == null
        || decision == null
        || texts == null
        || texts.stream().anyMatch(Objects::isNull)) {
      throw new IllegalArgumentException("key, decision or texts is missing");
    }
    texts = ImmutableList.copyOf(texts);
  }

  static ScoreLine of(long index, CapFiltRecord record) {
    return new ScoreLine(
        index,
        record.key(),
        record.usable() ? record.kept().isEmpty() ? DROPPED : KEPT : UNREADABLE,
        record.texts(),
        record.usable() ? null : record.problem(),
        record.picture().orElse(null));
  }

  /** What is known of the picture, if it is all that the rules ask. */
  Optional<CapFiltPicture> known(CapFiltRules rules) {
    boolean enough =
        picture != null && (picture.pixels() != null || !rules.repeats().uniquePictures());
    return enough ? Optional.of(picture) : Optional.empty();
  }

  /** Whether the image could be judged. */
  boolean readable() {
    return !UNREADABLE.equals(decision);
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
          place + " is no line of scores: " + reason(e) + "; run capfilt anew", e);
    }
  }

  /** Takes a line. */
  public interface Visitor {
    /** Is given the lines in their order. */
    void visit(ScoreLine line) throws IOException;
  }

  /** Reads a file, a line at a time. */
  public static void forEach(Path file, Visitor visitor) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      long number = 1;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        visitor.visit(parse(line, file + ", line " + number++));
      }
    }
  }

  private static String reason(JsonProcessingException e) {
    Throwable root = Throwables.getRootCause(e);
    return root instanceof JsonProcessingException json
        ? json.getOriginalMessage()
        : String.valueOf(root.getMessage());
  }
}
