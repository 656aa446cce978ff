package org.blip4j.savedmodel.capfilt;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.blip4j.data.sample.Sample;
import org.blip4j.graph.config.TextSettings;

/**
 * All that decides what CapFilt makes of given samples with given models.
 *
 * @param policy which texts are kept
 * @param generation how the captioner writes
 * @param seed of sampling
 * @see CapFiltStep
 */
public record CapFiltSettings(CapFiltPolicy policy, Generation generation, long seed) {
  /**
   * How the captioner writes.
   *
   * @param candidates texts an image
   * @param beams 0 for nucleus sampling, otherwise the width of the beam search
   * @param nucleus probability mass that sampling draws from
   * @param repetitionPenalty logits of tokens already there are divided (or multiplied) by it
   * @param minLength shortest text in tokens, the prompt counted
   * @param maxLength longest text in tokens, the prompt counted
   */
  public record Generation(
      int candidates,
      int beams,
      double nucleus,
      double repetitionPenalty,
      int minLength,
      int maxLength) {
    /** Refuses what cannot be generated. */
    public Generation {
      if (candidates < 1 || beams < 0) {
        throw new IllegalArgumentException(
            "%d candidates and %d beams cannot be; use 1 candidate or more, and 0 beams (sampling)"
                    .formatted(candidates, beams)
                + " or more");
      }
      if (beams > 0 && candidates > 1) {
        throw new IllegalArgumentException(
            "beam search gives the same text each time, %d candidates would be equal; use 0 beams"
                    .formatted(candidates)
                + " (sampling)");
      }
      if (!(nucleus >= 0 && nucleus <= 1)) {
        throw new IllegalArgumentException(
            "nucleus " + nucleus + " is no probability mass; use a number from 0 to 1");
      }
      if (!(repetitionPenalty >= 1)) {
        throw new IllegalArgumentException(
            "repetition penalty " + repetitionPenalty + " is below 1; use 1 for none");
      }
      if (minLength < 0 || maxLength < 1 || minLength > maxLength) {
        throw new IllegalArgumentException(
            "lengths from %d to %d tokens cannot be; the shortest must not exceed the longest"
                .formatted(minLength, maxLength));
      }
    }

    /**
     * The published way: one text by nucleus sampling at 0.9.
     *
     * @param own the captioner's settings, whose lengths are kept (published: 5 to 20 tokens)
     */
    public static Generation published(TextSettings own) {
      return new Generation(1, 0, 0.9, 1.1, own.minCaptionTokens(), own.maxCaptionTokens());
    }
  }

  /** Refuses missing parts and more kept candidates than there are. */
  public CapFiltSettings {
    Objects.requireNonNull(policy, "policy is missing");
    Objects.requireNonNull(generation, "generation is missing");
    if (policy.keepTop() > generation.candidates()) {
      throw new IllegalArgumentException(
          "keep-top %d of %d candidates cannot be; raise candidates"
              .formatted(policy.keepTop(), generation.candidates()));
    }
  }

  /**
   * The published procedure with the lengths of a captioner.
   *
   * @param own the captioner's settings; {@link CapFiltModels#published} finds them
   */
  public static CapFiltSettings published(TextSettings own, long seed) {
    return new CapFiltSettings(CapFiltPolicy.published(), Generation.published(own), seed);
  }

  /** Whether a captioner is asked. */
  public boolean captions() {
    return policy.texts().includes(CapFiltText.Source.SYNTHETIC);
  }

  /** Whether a filter is asked, if only to rank candidates. */
  public boolean scores() {
    return policy.filter() || policy.keepTop() < generation.candidates();
  }

  /** The same with another policy. */
  public CapFiltSettings withPolicy(CapFiltPolicy other) {
    return new CapFiltSettings(other, generation, seed);
  }

  /** The same with another seed. */
  public CapFiltSettings withSeed(long other) {
    return new CapFiltSettings(policy, generation, other);
  }

  /**
   * The seed of one sampled text: of the run's seed, the sample's key, the bytes of its image and
   * the candidate's number, and of nothing else. So it does not depend on where the sample lies,
   * and samples of one key with different images have different ones.
   */
  long seed(Sample.ImageText sample, int candidate) {
    HashCode image = Hashing.murmur3_128().hashBytes(sample.image().asReadOnlyByteBuffer());
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(seed)
        .putBytes(image.asBytes())
        .putInt(candidate)
        .putString(sample.key(), StandardCharsets.UTF_8)
        .hash()
        .asLong();
  }
}
