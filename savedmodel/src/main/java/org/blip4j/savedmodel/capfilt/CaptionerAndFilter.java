package org.blip4j.savedmodel.capfilt;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * The two models of CapFilt, over bytes and strings. Answers come in the order asked for; a row's
 * answer does not depend on the rows beside it. Used by several threads at once.
 */
public interface CaptionerAndFilter extends AutoCloseable {
  /**
   * What became of one row.
   *
   * @param value the answer; unspecified if there is a problem
   * @param problem empty, or why the image could not be used
   */
  record Row<T>(T value, String problem) {
    /** A good answer. */
    public static <T> Row<T> of(T value) {
      return new Row<>(value, "");
    }

    /** Whether there is an answer. */
    public boolean ok() {
      return problem.isEmpty();
    }
  }

  /**
   * An image to be captioned.
   *
   * @param image encoded bytes
   * @param seed decides what is sampled
   */
  record CaptionRequest(ByteString image, long seed) {}

  /**
   * An image and a text to be compared.
   *
   * @param image encoded bytes
   * @param text not cleaned
   */
  record MatchRequest(ByteString image, String text) {}

  /** Writes one text for each request. */
  List<Row<String>> caption(List<CaptionRequest> requests);

  /** Scores each pair. */
  List<Row<MatchScore>> match(List<MatchRequest> requests);

  @Override
  void close();
}
