package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens of captions against those of the published evaluation. */
final class PtbTokensTest {
  @Test
  void equalsReferenceOnHardLines() throws IOException {
    List<String> captions = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (String line :
        Resources.readLines(
            Resources.getResource("metric/ptb-tokens.tsv"), StandardCharsets.UTF_8)) {
      List<String> fields = Splitter.on('\t').splitToList(line);
      captions.add(fields.get(0));
      expected.add(fields.get(1));
    }
    captions.add("");
    expected.add("");
    assertEquals(300, expected.size() - 1);
    List<String> found = PtbTokens.lines(captions);
    for (int i = 0; i < captions.size(); i++) {
      assertEquals(expected.get(i), found.get(i), captions.get(i));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "A man's dog can't swim.|a man 's dog ca n't swim",
        "Mr. Smith, Ph.D., of the U.S.|mr. smith ph.d. of the u.s.",
        "It's 5 p.m. (or so)...|it 's 5 p.m. -lrb- or so -rrb-",
        "a 6' by 4\" half-eaten left/right thing|a 6 by 4 half-eaten left/right thing",
        "wow!!! what?! no?|wow !!! what ?! no"
      })
  void keepsWhatTheEvaluationKeeps(String caption, String tokens) {
    assertEquals(tokens, PtbTokens.line(caption));
    assertEquals(Splitter.on(' ').splitToList(tokens), PtbTokens.of(caption));
  }

  @Test
  void endOfTextDiffersFromEndOfLine() {
    assertEquals("she 'll ve", PtbTokens.line("she'll've"));
    assertEquals(List.of("she 'll 've", ""), PtbTokens.lines(List.of("she'll've", "")));
  }

  @Test
  void everyCaptionIsOneLine() {
    assertEquals(
        List.of("a b c", "", "d"), PtbTokens.lines(List.of("a\nb\u2028c", "...", "\r\nD ")));
    assertEquals(List.of(), PtbTokens.lines(List.of()));
    assertEquals(List.of(), PtbTokens.of(""));
  }

  @Test
  void longTextsNeedNoStack() {
    assertEquals(1, PtbTokens.of("a".repeat(200_000)).size());
    assertEquals(1, PtbTokens.of("a-".repeat(20_000) + "b").size());
    assertEquals(0, PtbTokens.of(".".repeat(100_000)).size());
  }
}
