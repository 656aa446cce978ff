package org.blip4j.tools.capfilt;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter;
import org.blip4j.savedmodel.capfilt.MatchScore;

/** Answers that depend on their row alone: texts from the seed, scores from a hash of the pair. */
final class FakeModels implements CaptionerAndFilter {
  /** An image that only the model finds unreadable: its headers are well. */
  static final String PROBLEM = "the picture cannot be decoded";

  private final long pauseMillis;
  private final ByteString unreadable;
  final AtomicLong captioned = new AtomicLong();

  FakeModels(long pauseMillis, ByteString unreadable) {
    this.pauseMillis = pauseMillis;
    this.unreadable = unreadable;
  }

  static FakeModels quick() {
    return new FakeModels(0, ByteString.EMPTY);
  }

  @Override
  public List<Row<String>> caption(List<CaptionRequest> requests) {
    pause();
    captioned.addAndGet(requests.size());
    return requests.stream().map(this::row).toList();
  }

  private Row<String> row(CaptionRequest request) {
    return request.image().equals(unreadable)
        ? new Row<>("", PROBLEM)
        : Row.of("synthetic " + Long.toHexString(request.seed()));
  }

  @Override
  public List<Row<MatchScore>> match(List<MatchRequest> requests) {
    return requests.stream()
        .map(
            request -> {
              float score = score(request.image(), request.text());
              return Row.of(new MatchScore(score, 2 * score - 1));
            })
        .toList();
  }

  static float score(ByteString image, String text) {
    int hash =
        Hashing.murmur3_32_fixed()
            .newHasher()
            .putBytes(image.toByteArray())
            .putString(text, StandardCharsets.UTF_8)
            .hash()
            .asInt();
    return (hash & 0xffff) / 65535f;
  }

  private void pause() {
    if (pauseMillis > 0) {
      try {
        Thread.sleep(pauseMillis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {}
}
