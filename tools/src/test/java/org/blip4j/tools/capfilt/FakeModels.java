package org.blip4j.tools.capfilt;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter;

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
  public int rows() {
    return 3;
  }

  @Override
  public Images read(List<ByteString> files) {
    return new Images() {
      @Override
      public List<String> problems() {
        return files.stream().map(file -> file.equals(unreadable) ? PROBLEM : "").toList();
      }

      @Override
      public List<String> captions(long[] seeds) {
        pause();
        captioned.addAndGet(seeds.length);
        return LongStream.of(seeds).mapToObj(s -> "synthetic " + Long.toHexString(s)).toList();
      }

      @Override
      public List<CapFiltText> scored(int[] rows, List<CapFiltText> texts) {
        List<CapFiltText> scored = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
          float score = score(files.get(rows[i]), texts.get(i).text());
          scored.add(texts.get(i).withScores(score, 2 * score - 1));
        }
        return scored;
      }

      @Override
      public void close() {}
    };
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
