package org.blip4j.savedmodel.capfilt;

import static org.blip4j.savedmodel.capfilt.TextSource.SYNTHETIC;
import static org.blip4j.savedmodel.capfilt.TextSource.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CapFiltPolicyTest {
  private static List<String> kept(CapFiltPolicy policy, ScoredText... texts) {
    return policy.decide(List.of(texts)).stream()
        .filter(TextDecision::kept)
        .map(decision -> decision.text().text())
        .toList();
  }

  private static CapFiltPolicy policy(TextChoice texts, int keepTop, Rank rank) {
    return new CapFiltPolicy(true, 0.5, texts, keepTop, rank);
  }

  @Test
  void judgesEachTextForItself() {
    CapFiltPolicy published = CapFiltPolicy.published();
    ScoredText web = scored("w", WEB, 0.9, 0);
    ScoredText synthetic = scored("s", SYNTHETIC, 0.7, 0);
    ScoredText wrong = scored("x", WEB, 0.49999, 1);
    assertEquals(List.of("w", "s"), kept(published, web, synthetic));
    assertEquals(List.of("s"), kept(published, wrong, synthetic));
    assertEquals(List.of(), kept(published, wrong));
  }

  @Test
  void keepsExactlyFromTheThresholdOn() {
    ScoredText half = scored("half", WEB, 0.5, 0);
    assertEquals(List.of("half"), kept(CapFiltPolicy.published(), half));
    assertEquals(List.of(), kept(CapFiltPolicy.published().withThreshold(0.5000001), half));
  }

  @Test
  void takesOnlyTheChosenTexts() {
    ScoredText web = scored("w", WEB, 0.9, 0);
    ScoredText synthetic = scored("s", SYNTHETIC, 0.7, 0);
    assertEquals(List.of("w"), kept(policy(TextChoice.web, 1, Rank.itm), web, synthetic));
    assertEquals(List.of("s"), kept(policy(TextChoice.synthetic, 1, Rank.itm), web, synthetic));
  }

  @Test
  void ranksCandidatesBeforeItFilters() {
    ScoredText[] candidates = {
      scored("a", SYNTHETIC, 0.6, 0.1),
      scored("b", SYNTHETIC, 0.4, 0.9),
      scored("c", SYNTHETIC, 0.8, 0.2),
      scored("c", SYNTHETIC, 0.8, 0.2),
    };
    assertEquals(List.of("a", "c"), kept(policy(TextChoice.both, 2, Rank.itm), candidates));
    assertEquals(List.of("c"), kept(policy(TextChoice.both, 2, Rank.itc), candidates));
    assertEquals(List.of(), kept(policy(TextChoice.both, 1, Rank.itc), candidates));
  }

  @Test
  void keepsAllWithoutFilter() {
    CapFiltPolicy all = new CapFiltPolicy(false, 0.5, TextChoice.both, 1, Rank.itm);
    assertEquals(List.of("w"), kept(all, new ScoredText("w", WEB, Optional.empty())));
  }

  @Test
  void refusesWhatCannotBe() {
    IllegalArgumentException threshold =
        assertThrows(
            IllegalArgumentException.class, () -> CapFiltPolicy.published().withThreshold(1.5));
    assertTrue(threshold.getMessage().contains("1.5"), threshold.getMessage());
    ScoredText unscored = new ScoredText("w", WEB, Optional.empty());
    assertThrows(
        IllegalArgumentException.class, () -> CapFiltPolicy.published().decide(List.of(unscored)));
    assertThrows(IllegalArgumentException.class, () -> new MatchScore(Float.NaN, 0));
  }

  private static ScoredText scored(String text, TextSource source, double itm, double itc) {
    return new ScoredText(text, source, Optional.of(new MatchScore((float) itm, (float) itc)));
  }
}
