package org.blip4j.data.text;

/**
 * Turns token ids back into text, as the published captioning code prints it.
 *
 * <p>Special tokens are dropped ([UNK] too), pieces are joined, {@code ##} continuations glued on,
 * and the spaces before punctuation and English contractions removed.
 */
public final class Detokenizer {
  private static final String[][] SPACING = {
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"}
  };

  private final Vocabulary vocabulary;

  /** Makes a detokenizer for the ids of a vocabulary. */
  public Detokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The text of ids; an id outside the vocabulary is refused. */
  public String decode(int... ids) {
    StringBuilder joined = new StringBuilder();
    String separator = "";
    for (int id : ids) {
      String token = vocabulary.token(id);
      if (!vocabulary.isSpecial(id)) {
        joined.append(separator).append(token);
        separator = " ";
      }
    }
    String text = joined.toString().replace(" ##", "").strip();
    for (String[] rule : SPACING) {
      text = text.replace(rule[0], rule[1]);
    }
    return text;
  }

  /** The text of ids as graphs fetch them. */
  public String decode(long[] ids) {
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return decode(narrow);
  }
}
