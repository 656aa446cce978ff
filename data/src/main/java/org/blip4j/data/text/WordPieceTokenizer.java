package org.blip4j.data.text;

import com.google.common.primitives.Ints;
import java.text.Normalizer;
import java.util.ArrayList;
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
   * @param maxTokens cut there, or {@link #NO_LIMIT} (not with {@link
   *     TokenBatch.Padding#maxLength()})
   */
  public TokenBatch encode(List<String> texts, TokenBatch.Padding padding, int maxTokens) {
    List<int[]> rows = texts.stream().map(text -> encode(text, maxTokens)).toList();
    return TokenBatch.of(rows, padding, maxTokens, vocabulary.pad());
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

  /**
   * Splits a text into words before WordPiece: BERT's basic tokenizer, uncased.
   *
   * <p>In this order: lower-case character by character; drop U+0000, U+FFFD and control
   * characters; split at white space and around CJK ideographs; decompose (NFD) and drop
   * non-spacing marks; split off every punctuation character.
   */
  static final class WordSplitter {
    private WordSplitter() {}

    static List<String> split(String text) {
      List<String> words = new ArrayList<>();
      StringBuilder run = new StringBuilder();
      for (int i = 0; i < text.length(); ) {
        int c = text.codePointAt(i);
        i += Character.charCount(c);
        if (isSplitter(c)) {
          addRun(run, words);
        } else if (isIdeograph(c)) {
          addRun(run, words);
          run.appendCodePoint(c);
          addRun(run, words);
        } else if (!isDropped(c)) {
          PythonText.appendLower(run, c);
        }
      }
      addRun(run, words);
      return words;
    }

    /** Takes the accents off a run without white space and splits it at punctuation. */
    private static void addRun(StringBuilder run, List<String> words) {
      if (run.length() == 0) {
        return;
      }
      String decomposed = Normalizer.normalize(run, Normalizer.Form.NFD);
      run.setLength(0);
      StringBuilder word = new StringBuilder();
      for (int i = 0; i < decomposed.length(); ) {
        int c = decomposed.codePointAt(i);
        i += Character.charCount(c);
        if (isPunctuation(c)) {
          addWord(word, words);
          words.add(Character.toString(c));
        } else if (Character.getType(c) != Character.NON_SPACING_MARK) {
          word.appendCodePoint(c);
        }
      }
      addWord(word, words);
    }

    private static void addWord(StringBuilder word, List<String> words) {
      if (word.length() > 0) {
        words.add(word.toString());
        word.setLength(0);
      }
    }

    private static boolean isSplitter(int c) {
      return switch (Character.getType(c)) {
        case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
            true;
        default -> c == '\t' || c == '\n' || c == '\r';
      };
    }

    private static boolean isDropped(int c) {
      if (c == 0xfffd) {
        return true;
      }
      return switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.SURROGATE,
            Character.PRIVATE_USE,
            Character.UNASSIGNED ->
            true;
        default -> false;
      };
    }

    private static boolean isPunctuation(int c) {
      if ((c >= 33 && c <= 47)
          || (c >= 58 && c <= 64)
          || (c >= 91 && c <= 96)
          || (c >= 123 && c <= 126)) {
        return true;
      }
      return switch (Character.getType(c)) {
        case Character.CONNECTOR_PUNCTUATION,
            Character.DASH_PUNCTUATION,
            Character.START_PUNCTUATION,
            Character.END_PUNCTUATION,
            Character.INITIAL_QUOTE_PUNCTUATION,
            Character.FINAL_QUOTE_PUNCTUATION,
            Character.OTHER_PUNCTUATION ->
            true;
        default -> false;
      };
    }

    private static boolean isIdeograph(int c) {
      return (c >= 0x4e00 && c <= 0x9fff)
          || (c >= 0x3400 && c <= 0x4dbf)
          || (c >= 0x20000 && c <= 0x2a6df)
          || (c >= 0x2a700 && c <= 0x2b73f)
          || (c >= 0x2b740 && c <= 0x2b81f)
          || (c >= 0x2b820 && c <= 0x2ceaf)
          || (c >= 0xf900 && c <= 0xfaff)
          || (c >= 0x2f800 && c <= 0x2fa1f);
    }
  }
}
