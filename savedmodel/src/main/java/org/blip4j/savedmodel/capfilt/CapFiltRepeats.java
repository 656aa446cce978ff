package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.HashCode;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.text.HashCounts;
import org.blip4j.data.text.NearTexts;
import org.blip4j.data.text.TextWords;

/**
 * The rules over the whole set ({@link CapFiltRules.Repeats}): of what comes again the first stays,
 * in the order of shards and of records in them, whoever works on them.
 *
 * <p>Only what all other rules and the filter would keep counts: a picture none of whose texts
 * stays hides no later one. A picture that is there already loses all its texts; of the others a
 * text that is there already is dropped; a written one also if it stays often enough. Every record
 * is {@link #count}ed in a first pass and {@link #apply}-ed in a second one.
 *
 * @see CapFiltStep
 */
public final class CapFiltRepeats {
  private final CapFiltRules.Repeats rules;
  private final HashCounts pictures = new HashCounts();
  private final HashCounts texts = new HashCounts();
  private final HashCounts written = new HashCounts();
  private final NearTexts near;

  /** Starts with an empty set. */
  public CapFiltRepeats(CapFiltRules.Repeats rules) {
    this.rules = rules;
    this.near = new NearTexts(rules.near());
  }

  /** Whether there must be a first pass. */
  public boolean counts() {
    return rules.uniqueTexts() == CapFiltRules.Same.near;
  }

  /** Sees the decided texts of a record in the first pass; the order does not matter. */
  public void count(List<CapFiltText> decided) {
    decided.stream().filter(CapFiltText::kept).forEach(text -> near.count(text.text()));
  }

  /**
   * Decides on the next record of the set.
   *
   * @param picture with the hash of its pixels, if pictures may not come again
   * @param decided its texts as {@link CapFiltPolicy#decide} left them
   */
  public List<CapFiltText> apply(Optional<CapFiltPicture> picture, List<CapFiltText> decided) {
    boolean again =
        rules.uniquePictures()
            && decided.stream().anyMatch(CapFiltText::kept)
            && pictures.add(pixels(picture)) > 0;
    return decided.stream()
        .map(
            text ->
                !text.kept()
                    ? text
                    : again ? text.asDropped(CapFiltText.Dropped.SAME_PICTURE) : decide(text))
        .collect(ImmutableList.toImmutableList());
  }

  private static HashCode pixels(Optional<CapFiltPicture> picture) {
    return picture
        .map(CapFiltPicture::pixels)
        .map(HashCode::fromString)
        .orElseThrow(() -> new IllegalArgumentException("the picture's pixels were not hashed"));
  }

  private CapFiltText decide(CapFiltText text) {
    boolean isNew =
        switch (rules.uniqueTexts()) {
          case none -> true;
          case exact -> texts.add(TextWords.hash(text.text())) == 0;
          case normalised -> texts.add(words(text)) == 0;
          case near -> near.add(text.text());
        };
    if (!isNew) {
      return text.asDropped(CapFiltText.Dropped.SAME_TEXT);
    }
    return rules.mostEqual() > 0
            && text.source() == CapFiltText.Source.SYNTHETIC
            && written.add(words(text)) >= rules.mostEqual()
        ? text.asDropped(CapFiltText.Dropped.TOO_OFTEN)
        : text;
  }

  private static HashCode words(CapFiltText text) {
    return TextWords.hash(TextWords.normalised(text.text()));
  }
}
