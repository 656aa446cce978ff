package org.blip4j.data.text;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.TextFile;

/**
 * The list of WordPiece tokens, numbered by line, with BERT's five special tokens and BLIP's [DEC]
 * and [ENC].
 *
 * <p>[DEC] and [ENC] get the two ids after the last line (30522 and 30523 for bert-base-uncased)
 * unless the list already holds both. Ids are always looked up by name, so that a small vocabulary
 * works like the full one.
 *
 * <p>Errors: a list without one of [PAD] [UNK] [CLS] [SEP] [MASK], with only one of [DEC] [ENC], or
 * with a token twice is refused.
 */
public final class Vocabulary {
  private static final String BERT_BASE_UNCASED = "bert-base-uncased-vocab.txt";
  private static final ImmutableList<String> BERT_SPECIALS =
      ImmutableList.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
  private static final ImmutableList<String> BLIP_SPECIALS = ImmutableList.of("[DEC]", "[ENC]");
  private static final ImmutableList<String> SPECIALS =
      ImmutableList.<String>builder().addAll(BERT_SPECIALS).addAll(BLIP_SPECIALS).build();

  private final ImmutableList<String> tokens;
  private final Map<String, Integer> ids;
  private final int[] specialIds;
  private final int longestToken;

  private Vocabulary(ImmutableList<String> tokens, Map<String, Integer> ids) {
    this.tokens = tokens;
    this.ids = ids;
    this.specialIds = SPECIALS.stream().mapToInt(ids::get).toArray();
    this.longestToken = tokens.stream().mapToInt(String::length).max().orElse(0);
  }

  /** The vocabulary of bert-base-uncased plus [DEC] and [ENC]: 30,524 tokens. */
  public static Vocabulary bertBaseUncased() {
    try {
      List<String> lines =
          Resources.readLines(
              Resources.getResource(Vocabulary.class, BERT_BASE_UNCASED), StandardCharsets.UTF_8);
      return of(lines);
    } catch (IOException e) {
      throw new UncheckedIOException("the vocabulary inside the program cannot be read", e);
    }
  }

  /**
   * Reads a {@code vocab.txt}: UTF-8 (a byte order mark is skipped), one token a line, the line
   * number (from 0) is the id.
   */
  public static Vocabulary read(Path file) throws IOException {
    List<String> lines;
    try {
      lines = TextFile.lines(file);
    } catch (NoSuchFileException e) {
      throw new IOException(
          file + ": there is no such vocabulary file; a model folder needs its vocab.txt", e);
    }
    try {
      return of(lines);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** Makes a vocabulary of tokens in id order, appending [DEC] and [ENC] if they are absent. */
  public static Vocabulary of(List<String> tokens) {
    Map<String, Integer> ids = new HashMap<>(tokens.size() * 2);
    for (String token : tokens) {
      Integer earlier = ids.putIfAbsent(token, ids.size());
      if (earlier != null) {
        throw new IllegalArgumentException(
            "token \"%s\" stands on line %d and again on line %d of the vocabulary; remove one"
                .formatted(token, earlier + 1, ids.size() + 1));
      }
    }
    List<String> missing = BERT_SPECIALS.stream().filter(t -> !ids.containsKey(t)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "a vocabulary of %d tokens lacks %s; BLIP needs a BERT vocabulary with %s"
              .formatted(
                  tokens.size(), String.join(", ", missing), String.join(" ", BERT_SPECIALS)));
    }
    List<String> absent = BLIP_SPECIALS.stream().filter(t -> !ids.containsKey(t)).toList();
    if (absent.size() == 1) {
      throw new IllegalArgumentException(
          "the vocabulary has only one of [DEC] and [ENC], %s is missing; add it, or remove both"
              .formatted(absent.get(0)));
    }
    absent.forEach(token -> ids.put(token, ids.size()));
    return new Vocabulary(
        ImmutableList.<String>builder().addAll(tokens).addAll(absent).build(), ids);
  }

  /**
   * The same with tokens that no text has, for a word table with spare rows (some are rounded up to
   * a multiple of 64); a vocabulary that is as long, or longer, is returned as it is.
   */
  public Vocabulary filledUp(int rows) {
    if (rows <= tokens.size()) {
      return this;
    }
    List<String> all = new ArrayList<>(tokens);
    while (all.size() < rows) {
      all.add("[spare " + all.size() + "]");
    }
    return of(all);
  }

  /** Number of tokens, [DEC] and [ENC] included. */
  public int size() {
    return tokens.size();
  }

  /** All tokens in id order. */
  public ImmutableList<String> tokens() {
    return tokens;
  }

  /** The token of an id. */
  public String token(int id) {
    if (id < 0 || id >= tokens.size()) {
      throw new IllegalArgumentException(
          "token id %d is outside the vocabulary, which has ids 0 to %d; model and vocab.txt do"
                  .formatted(id, tokens.size() - 1)
              + " not belong together");
    }
    return tokens.get(id);
  }

  /** Whether a token is in the vocabulary. */
  public boolean contains(String token) {
    return ids.containsKey(token);
  }

  /** The id of a token, or -1. */
  int find(CharSequence token) {
    return ids.getOrDefault(token.toString(), -1);
  }

  /** The id of a token, or that of [UNK]. */
  public int id(String token) {
    return ids.getOrDefault(token, unknown());
  }

  /** [PAD]. */
  public int pad() {
    return specialIds[0];
  }

  /** [UNK]. */
  public int unknown() {
    return specialIds[1];
  }

  /** [CLS], the first token of an encoded text. */
  public int classify() {
    return specialIds[2];
  }

  /** [SEP], the last token of an encoded text and the end of a generated one. */
  public int separator() {
    return specialIds[3];
  }

  /** [MASK]. */
  public int mask() {
    return specialIds[4];
  }

  /** [DEC], the first token of the image-grounded decoder. */
  public int decode() {
    return specialIds[5];
  }

  /** [ENC], the first token of the image-grounded encoder. */
  public int encode() {
    return specialIds[6];
  }

  /** Whether an id is one of the seven special tokens. */
  public boolean isSpecial(int id) {
    for (int special : specialIds) {
      if (special == id) {
        return true;
      }
    }
    return false;
  }

  /** The seven special tokens, as written literally in a text. */
  static ImmutableList<String> specialTokens() {
    return SPECIALS;
  }

  /** Length of the longest token in UTF-16 units. */
  int longestToken() {
    return longestToken;
  }

  /** Writes all tokens, [DEC] and [ENC] included, one a line; what {@link #read} reads back. */
  public void write(Path file) throws IOException {
    String text = String.join("\n", tokens) + "\n";
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
