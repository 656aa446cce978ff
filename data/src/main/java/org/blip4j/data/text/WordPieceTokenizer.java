package org.blip4j.data.text;

import com.google.common.primitives.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * BERT's uncased WordPiece tokenizer, equal to the published one (transformers' slow {@code
 * BertTokenizer.from_pretrained} with [DEC] and [ENC] added).
 *
 * <p>[CLS] [SEP] [PAD] [MASK] [UNK] [DEC] [ENC] written literally in a text are cut out wherever
 * they stand, case-sensitively and before lower-casing. The rest is split into words (see {@link
 * WordSplitter}), and each word into the longest pieces of the vocabulary from the left; a word of
 * more than 100 characters, or with a rest that no piece matches, is one [UNK].
 *
 * <p>Thread-safe.
 */
public final class WordPieceTokenizer {
  /** No truncation. */
  public static final int NO_LIMIT = Integer.MAX_VALUE;

  private static final int MAX_WORD_CHARACTERS = 100;

  private final Vocabulary vocabulary;

  /** Makes a tokenizer for a vocabulary. */
  public WordPieceTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** The vocabulary whose ids are produced. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Ids of the pieces of a text, without [CLS] and [SEP]. */
  public int[] pieces(String text) {
    List<Integer> ids = new ArrayList<>();
    int plain = 0;
    int i = text.indexOf('[');
    while (i >= 0) {
      String special = specialAt(text, i);
      if (special == null) {
        i = text.indexOf('[', i + 1);
      } else {
        addWords(text.substring(plain, i), ids);
        ids.add(vocabulary.find(special));
        plain = i + special.length();
        i = text.indexOf('[', plain);
      }
    }
    addWords(text.substring(plain), ids);
    return Ints.toArray(ids);
  }

  /** Ids of a text: [CLS], pieces, [SEP]. */
  public int[] encode(String text) {
    return encode(text, NO_LIMIT);
  }

  /** Ids of a text, at most {@code maxTokens}: [CLS], the first {@code maxTokens - 2}, [SEP]. */
  public int[] encode(String text, int maxTokens) {
    if (maxTokens < 2) {
      throw new IllegalArgumentException(
          "maximum number of tokens is %d, it must be 2 or more: [CLS] and [SEP] count"
              .formatted(maxTokens));
    }
    int[] pieces = pieces(text);
    int kept = Math.min(pieces.length, maxTokens - 2);
    int[] ids = new int[kept + 2];
    ids[0] = vocabulary.classify();
    System.arraycopy(pieces, 0, ids, 1, kept);
    ids[kept + 1] = vocabulary.separator();
    return ids;
  }

  /**
   * Ids from which generation starts: [DEC] and the pieces of the prompt, no [SEP]. An empty prompt
   * gives [DEC] alone.
   */
  public int[] encodePrompt(String prompt) {
    int[] pieces = pieces(prompt);
    int[] ids = new int[pieces.length + 1];
    ids[0] = vocabulary.decode();
    System.arraycopy(pieces, 0, ids, 1, pieces.length);
    return ids;
  }

  /**
   * Encodes texts into one padded batch.
   *
   * @param maxTokens cut there, or {@link #NO_LIMIT} (not with {@link Padding#maxLength()})
   */
  public TokenBatch encode(List<String> texts, Padding padding, int maxTokens) {
    List<int[]> rows = texts.stream().map(text -> encode(text, maxTokens)).toList();
    int longest = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    int columns = padding.columns(longest, maxTokens);
    if (columns == NO_LIMIT) {
      throw new IllegalArgumentException("padding to the maximum length needs a maximum length");
    }
    long[] ids = new long[Math.multiplyExact(rows.size(), columns)];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, vocabulary.pad());
    for (int r = 0; r < rows.size(); r++) {
      int[] row = rows.get(r);
      for (int c = 0; c < row.length; c++) {
        ids[r * columns + c] = row[c];
        mask[r * columns + c] = 1;
      }
    }
    return new TokenBatch(ids, mask, rows.size(), columns);
  }

  private static String specialAt(String text, int start) {
    for (String special : Vocabulary.specialTokens()) {
      if (text.startsWith(special, start)) {
        return special;
      }
    }
    return null;
  }

  private void addWords(String text, List<Integer> ids) {
    for (String word : WordSplitter.split(text)) {
      addPieces(word, ids);
    }
  }

  private void addPieces(String word, List<Integer> ids) {
    if (word.codePointCount(0, word.length()) > MAX_WORD_CHARACTERS) {
      ids.add(vocabulary.unknown());
      return;
    }
    int before = ids.size();
    int start = 0;
    while (start < word.length()) {
      String prefix = start == 0 ? "" : "##";
      int end = Math.min(word.length(), start + vocabulary.longestToken());
      int id = -1;
      while (end > start && (id = vocabulary.find(prefix + word.substring(start, end))) < 0) {
        end--;
      }
      if (id < 0) {
        ids.subList(before, ids.size()).clear();
        ids.add(vocabulary.unknown());
        return;
      }
      ids.add(id);
      start = end;
    }
  }
}
