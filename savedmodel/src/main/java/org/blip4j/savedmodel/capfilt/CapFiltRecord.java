package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Floats;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;

/**
 * What CapFilt makes of one record.
 *
 * @param key of the sample, or its place if it has none
 * @param sample as read; empty if the record or its image cannot be used
 * @param texts first those of the web, then those of the captioner; none if it cannot be used
 * @param problem why it cannot be used, otherwise empty
 * @param picture what rules ask of it; empty as long as nobody looked
 * @see CapFiltStep
 */
public record CapFiltRecord(
    String key,
    Optional<Sample.ImageText> sample,
    List<CapFiltText> texts,
    String problem,
    Optional<CapFiltPicture> picture) {
  /** Refuses what is neither usable nor says why. */
  public CapFiltRecord {
    Objects.requireNonNull(key, "key");
    texts = ImmutableList.copyOf(texts);
    if (sample.isPresent() != problem.isEmpty()) {
      throw new IllegalArgumentException(
          "record "
              + key
              + (problem.isEmpty() ? " has neither" : " has both")
              + " image and problem");
    }
  }

  /** A record that nobody has judged yet. */
  public static CapFiltRecord of(String key, Sample.ImageText sample) {
    return new CapFiltRecord(key, Optional.of(sample), ImmutableList.of(), "", Optional.empty());
  }

  /** A record that cannot be used. */
  public static CapFiltRecord unusable(String key, String problem) {
    return new CapFiltRecord(key, Optional.empty(), ImmutableList.of(), problem, Optional.empty());
  }

  /** The same record with judged texts. */
  public CapFiltRecord withTexts(List<CapFiltText> judged) {
    return new CapFiltRecord(key, sample, judged, problem, picture);
  }

  /** The same record with what is known of its picture. */
  public CapFiltRecord withPicture(CapFiltPicture known) {
    return new CapFiltRecord(key, sample, texts, problem, Optional.of(known));
  }

  /** The same record under another key. */
  public CapFiltRecord withKey(String other) {
    return new CapFiltRecord(other, sample, texts, problem, picture);
  }

  /** Whether the image could be judged. */
  public boolean usable() {
    return sample.isPresent();
  }

  /** The texts that stay. */
  public List<CapFiltText> kept() {
    return texts.stream().filter(CapFiltText::kept).collect(ImmutableList.toImmutableList());
  }

  /**
   * The sample of the new set, empty if no text stays: {@code txt} is the kept text of the highest
   * match probability, {@code captions} are all kept ones with their {@code source}; {@code
   * web_caption} and {@code synthetic_caption} all judged ones with their scores {@code itm_web}
   * and {@code itm_synthetic}; every column that came in stays.
   */
  public Optional<Sample.ImageText> keptSample() {
    List<CapFiltText> kept = kept();
    if (sample.isEmpty() || kept.isEmpty()) {
      return Optional.empty();
    }
    Sample.ImageText own = sample.get();
    Columns columns =
        own.columns()
            .withTexts(ExampleCodec.ALL_TEXTS, words(kept))
            .withTexts("source", kept.stream().map(text -> text.source().word()).toList());
    columns = with(columns, CapFiltText.Source.WEB, "web_caption", "itm_web");
    columns = with(columns, CapFiltText.Source.SYNTHETIC, "synthetic_caption", "itm_synthetic");
    return Optional.of(
        new Sample.ImageText(key, own.image(), ImmutableList.of(best(kept).text()), columns));
  }

  private Columns with(
      Columns columns, CapFiltText.Source source, String texts, String probabilities) {
    List<CapFiltText> own = this.texts.stream().filter(text -> text.source() == source).toList();
    if (own.isEmpty()) {
      return columns;
    }
    List<Float> scores =
        own.stream().map(CapFiltText::itmProbability).filter(Objects::nonNull).toList();
    Columns named = columns.withTexts(texts, words(own));
    return scores.isEmpty() ? named : named.withFloats(probabilities, Floats.toArray(scores));
  }

  private static List<String> words(List<CapFiltText> texts) {
    return texts.stream().map(CapFiltText::text).toList();
  }

  /** The first, of equal ones or without a filter. */
  private static CapFiltText best(List<CapFiltText> kept) {
    CapFiltText best = kept.get(0);
    for (CapFiltText text : kept) {
      if (text.itmProbability() != null && text.itmProbability() > best.itmProbability()) {
        best = text;
      }
    }
    return best;
  }
}
