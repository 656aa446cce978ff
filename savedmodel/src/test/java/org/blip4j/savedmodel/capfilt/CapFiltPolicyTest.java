package org.blip4j.savedmodel.capfilt;

import static org.blip4j.savedmodel.capfilt.CapFiltText.Source.SYNTHETIC;
import static org.blip4j.savedmodel.capfilt.CapFiltText.Source.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CapFiltPolicyTest {
  private static List<String> kept(CapFiltPolicy policy, CapFiltText... texts) {
    return policy.decide(List.of(texts)).stream()
        .filter(CapFiltText::kept)
        .map(CapFiltText::text)
        .toList();
  }

  private static CapFiltPolicy policy(
      CapFiltPolicy.Texts texts, int keepTop, CapFiltPolicy.Rank rank) {
    return new CapFiltPolicy(true, 0.5, texts, keepTop, rank);
  }

  @Test
  void judgesEachTextForItself() {
    CapFiltPolicy published = CapFiltPolicy.published();
    CapFiltText web = scored("w", WEB, 0.9, 0);
    CapFiltText synthetic = scored("s", SYNTHETIC, 0.7, 0);
    CapFiltText wrong = scored("x", WEB, 0.49999, 1);
    assertEquals(List.of("w", "s"), kept(published, web, synthetic));
    assertEquals(List.of("s"), kept(published, wrong, synthetic));
    assertEquals(List.of(), kept(published, wrong));
  }

  @Test
  void keepsExactlyFromTheThresholdOn() {
    CapFiltText half = scored("half", WEB, 0.5, 0);
    assertEquals(List.of("half"), kept(CapFiltPolicy.published(), half));
    assertEquals(List.of(), kept(CapFiltPolicy.published().withThreshold(0.5000001), half));
  }

  @Test
  void takesOnlyTheChosenTexts() {
    CapFiltText web = scored("w", WEB, 0.9, 0);
    CapFiltText synthetic = scored("s", SYNTHETIC, 0.7, 0);
    assertEquals(
        List.of("w"),
        kept(policy(CapFiltPolicy.Texts.web, 1, CapFiltPolicy.Rank.itm), web, synthetic));
    assertEquals(
        List.of("s"),
        kept(policy(CapFiltPolicy.Texts.synthetic, 1, CapFiltPolicy.Rank.itm), web, synthetic));
  }

  @Test
  void ranksCandidatesBeforeItFilters() {
    CapFiltText[] candidates = {
      scored("a", SYNTHETIC, 0.6, 0.1),
      scored("b", SYNTHETIC, 0.4, 0.9),
      scored("c", SYNTHETIC, 0.8, 0.2),
      scored("c", SYNTHETIC, 0.8, 0.2),
    };
    assertEquals(
        List.of("a", "c"),
        kept(policy(CapFiltPolicy.Texts.both, 2, CapFiltPolicy.Rank.itm), candidates));
    assertEquals(
        List.of("c"),
        kept(policy(CapFiltPolicy.Texts.both, 2, CapFiltPolicy.Rank.itc), candidates));
    assertEquals(
        List.of(), kept(policy(CapFiltPolicy.Texts.both, 1, CapFiltPolicy.Rank.itc), candidates));
  }

  @Test
  void keepsAllWithoutFilter() {
    CapFiltPolicy all =
        new CapFiltPolicy(false, 0.5, CapFiltPolicy.Texts.both, 1, CapFiltPolicy.Rank.itm);
    assertEquals(List.of("w"), kept(all, CapFiltText.of("w", WEB)));
  }

  @Test
  void refusesWhatCannotBe() {
    IllegalArgumentException threshold =
        assertThrows(
            IllegalArgumentException.class, () -> CapFiltPolicy.published().withThreshold(1.5));
    assertTrue(threshold.getMessage().contains("1.5"), threshold.getMessage());
    CapFiltText unscored = CapFiltText.of("w", WEB);
    assertThrows(
        IllegalArgumentException.class, () -> CapFiltPolicy.published().decide(List.of(unscored)));
    assertThrows(IllegalArgumentException.class, () -> scored("w", WEB, Double.NaN, 0));
  }

  private static CapFiltText scored(
      String text, CapFiltText.Source source, double itm, double itc) {
    return CapFiltText.of(text, source).withScores((float) itm, (float) itc);
  }
}
