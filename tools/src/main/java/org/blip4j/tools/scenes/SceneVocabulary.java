package org.blip4j.tools.scenes;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The WordPiece vocabulary of the quickstart: BERT's five special tokens, every word that a text of
 * it can hold, and digits as first and later pieces ("4821" is {@code 4 ##8 ##2 ##1}).
 */
public final class SceneVocabulary {
  /** Tokens of the longest text, [CLS] and [SEP] counted. */
  public static final int LONGEST_TEXT = 14;

  private static final Splitter SPACE = Splitter.on(' ').omitEmptyStrings();
  private static final ImmutableList<String> SPECIAL =
      ImmutableList.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  private SceneVocabulary() {}

  /** All pieces, in the order of their ids. */
  public static ImmutableList<String> pieces() {
    ImmutableSet.Builder<String> pieces = ImmutableSet.<String>builder().addAll(SPECIAL);
    pieces.add("a", "and");
    texts().flatMap(SPACE::splitToStream).forEach(pieces::add);
    IntStream.range(0, 10).forEach(digit -> pieces.add(Integer.toString(digit)));
    IntStream.range(0, 10).forEach(digit -> pieces.add("##" + digit));
    return pieces.build().asList();
  }

  private static Stream<String> texts() {
    return Stream.of(
            Arrays.stream(SceneCaption.Opening.values()).map(SceneCaption.Opening::words),
            Arrays.stream(Appearance.Size.values()).map(Appearance.Size::word),
            Arrays.stream(Appearance.Color.values()).map(Appearance.Color::word),
            Arrays.stream(Appearance.Shape.values()).map(Appearance.Shape::word),
            WebText.Writer.FILE_PREFIXES.stream(),
            WebText.Writer.FILE_ENDINGS.stream(),
            WebText.Writer.OFFERS.stream(),
            WebText.Writer.LURES.stream(),
            WebText.Writer.ENDINGS.stream())
        .flatMap(words -> words);
  }
}
