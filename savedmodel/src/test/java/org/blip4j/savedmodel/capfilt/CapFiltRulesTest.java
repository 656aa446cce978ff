package org.blip4j.savedmodel.capfilt;

import static org.blip4j.savedmodel.capfilt.CapFiltText.Source.SYNTHETIC;
import static org.blip4j.savedmodel.capfilt.CapFiltText.Source.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;

class CapFiltRulesTest {
  private static final CapFiltPicture PICTURE = new CapFiltPicture(300, 200, 5000, null);

  private static CapFiltPolicy policy(String rules) {
    return CapFiltPolicy.published()
        .withRules(ConfigJson.parse(rules, "rules", CapFiltRules.class));
  }

  private static CapFiltText text(String text, CapFiltText.Source source, double itm) {
    return CapFiltText.of(text, source).withScores((float) itm, 0);
  }

  private static String why(String rules, String text) {
    return why(policy(rules), PICTURE, text);
  }

  private static String why(CapFiltPolicy policy, CapFiltPicture picture, String text) {
    CapFiltText decided = policy.decide(List.of(text(text, WEB, 0.9)), Optional.of(picture)).get(0);
    assertEquals(decided.kept(), decided.dropped() == null);
    return decided.kept() ? "" : decided.dropped().word();
  }

  @Test
  void eachSourceMayHaveItsThreshold() {
    CapFiltPolicy policy =
        new CapFiltPolicy(
            true,
            0.5,
            CapFiltPolicy.Texts.both,
            1,
            CapFiltPolicy.Rank.itm,
            ImmutableMap.of("synthetic", 0.8),
            CapFiltRules.NONE);
    List<CapFiltText> decided =
        policy.decide(List.of(text("w", WEB, 0.7), text("s", SYNTHETIC, 0.7)));
    assertNull(decided.get(0).dropped());
    assertEquals(CapFiltText.Dropped.THRESHOLD, decided.get(1).dropped());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ConfigJson.parse(
                ConfigJson.write(policy).replace("\"synthetic\"", "\"both\""),
                "plan",
                CapFiltPolicy.class));
  }

  /** What older versions wrote has none of the newer fields. */
  @Test
  void policiesWithoutRulesAreRead() {
    String old =
        "{\"filter\":true,\"threshold\":0.5,\"texts\":\"both\",\"keepTop\":1,\"rank\":\"itm\"}";
    assertEquals(CapFiltPolicy.published(), ConfigJson.parse(old, "plan", CapFiltPolicy.class));
    CapFiltPolicy now =
        policy("{\"repeats\":{\"uniqueTexts\":\"near\"},\"text\":{\"minWords\":2}}");
    assertEquals(now, ConfigJson.parse(ConfigJson.write(now), "plan", CapFiltPolicy.class));
  }

  @Test
  void textsObeyTheirRules() {
    assertEquals("length", why("{\"text\":{\"minWords\":3}}", "a dog"));
    assertEquals("", why("{\"text\":{\"minWords\":2}}", "a dog"));
    assertEquals("length", why("{\"text\":{\"maxWords\":2}}", "a red dog"));
    assertEquals("length", why("{\"text\":{\"minCharacters\":6}}", "a dog"));
    assertEquals("length", why("{\"text\":{\"maxCharacters\":4}}", "a dog"));
    assertEquals("script", why("{\"text\":{\"scripts\":[\"Latin\"]}}", "собака dog"));
    assertEquals("", why("{\"text\":{\"scripts\":[\"Latin\",\"Cyrillic\"]}}", "собака dog 3"));
    assertEquals("pattern", why("{\"text\":{\"refuse\":[\"https?://\"]}}", "see http://x"));
    assertEquals("pattern", why("{\"text\":{\"require\":[\"dog\",\"red\"]}}", "a dog"));
    assertEquals("", why("{\"text\":{\"require\":[\"dog\",\"red\"]}}", "a red dog"));
  }

  @Test
  void picturesObeyTheirRules() {
    assertEquals("picture", why("{\"picture\":{\"minSide\":201}}", "a dog"));
    assertEquals("", why("{\"picture\":{\"minSide\":200}}", "a dog"));
    assertEquals("picture", why("{\"picture\":{\"maxAspect\":1.4}}", "a dog"));
    assertEquals("", why("{\"picture\":{\"maxAspect\":1.5}}", "a dog"));
    assertEquals("picture", why("{\"picture\":{\"minBytes\":5001}}", "a dog"));
    assertEquals("picture", why("{\"picture\":{\"maxBytes\":4999}}", "a dog"));
    assertThrows(
        IllegalArgumentException.class,
        () -> policy("{\"picture\":{\"minSide\":1}}").decide(List.of(text("x", WEB, 1))));
  }

  /** A candidate that breaks a rule takes no place among the best. */
  @Test
  void rulesComeBeforeRanks() {
    CapFiltPolicy policy = policy("{\"text\":{\"refuse\":[\"cat\"]}}");
    List<CapFiltText> decided =
        policy.decide(
            List.of(
                text("a cat", SYNTHETIC, 0.9),
                text("a dog", SYNTHETIC, 0.6),
                text("a cow", SYNTHETIC, 0.55)));
    assertEquals(
        List.of("pattern", "", "rank"),
        decided.stream().map(t -> t.kept() ? "" : t.dropped().word()).toList());
  }

  @Test
  void whatCannotBeIsRefused() {
    for (String wrong :
        List.of(
            "{\"text\":{\"minWords\":5,\"maxWords\":4}}",
            "{\"text\":{\"scripts\":[\"English\"]}}",
            "{\"text\":{\"refuse\":[\"(\"]}}",
            "{\"picture\":{\"maxAspect\":0.5}}",
            "{\"picture\":{\"minSide\":-1}}",
            "{\"repeats\":{\"near\":0}}",
            "{\"repeats\":{\"mostEqual\":-1}}",
            "{\"repeats\":{\"uniqueTexts\":\"alike\"}}")) {
      assertThrows(IllegalArgumentException.class, () -> policy(wrong), wrong);
    }
  }

  /**
   * What the rules over a set leave of texts, one picture of each name, all above the threshold.
   */
  private static List<String> left(String rules, String... records) {
    CapFiltPolicy policy = policy("{\"repeats\":" + rules + "}");
    CapFiltRepeats repeats = new CapFiltRepeats(policy.rules().repeats());
    List<List<CapFiltText>> decided = new ArrayList<>();
    for (String record : records) {
      String[] parts = record.split(":", -1);
      List<CapFiltText> texts = new ArrayList<>();
      texts.add(text(parts[1], WEB, parts[1].startsWith("-") ? 0.1 : 0.9));
      texts.add(text(parts[2], SYNTHETIC, 0.9));
      decided.add(policy.decide(texts));
      repeats.count(decided.get(decided.size() - 1));
    }
    List<String> left = new ArrayList<>();
    for (int i = 0; i < records.length; i++) {
      String name = records[i].split(":", -1)[0];
      String pixels = Hashing.murmur3_128().hashUnencodedChars(name).toString();
      Optional<CapFiltPicture> picture = Optional.of(new CapFiltPicture(1, 1, 1, pixels));
      for (CapFiltText text : repeats.apply(picture, decided.get(i))) {
        left.add(text.kept() ? name : text.dropped().word());
      }
    }
    return left;
  }

  @Test
  void ofWhatComesAgainTheFirstStays() {
    assertEquals(
        List.of("p", "p", "same picture", "same picture", "q", "q"),
        left("{\"uniquePictures\":true}", "p:a:b", "p:c:d", "q:a:b"));
    assertEquals(
        List.of("p", "p", "same text", "q", "q", "same text"),
        left("{\"uniqueTexts\":\"exact\"}", "p:a dog:cat", "q:a dog:A dog", "q:a cow:cat"));
    assertEquals(
        List.of("p", "p", "same text", "same text"),
        left("{\"uniqueTexts\":\"normalised\"}", "p:a dog:cat", "q:Cat:A dog!"));
    assertEquals(
        List.of("p", "p", "same text", "q"),
        left(
            "{\"uniqueTexts\":\"near\"}",
            "p:a brown dog runs over the wet sand near boats:x",
            "q:a brown dog runs over the wet sand near ships:y"));
    assertEquals(
        List.of("p", "p", "q", "q", "r", "too often"),
        left("{\"mostEqual\":2}", "p:a dog:a dog", "q:a dog:A dog.", "r:a dog:a dog"));
  }

  @Test
  void whatTheFilterDropsHidesNothing() {
    assertEquals(
        List.of("threshold", "p", "q", "q"),
        left("{\"uniqueTexts\":\"exact\"}", "p:-x:a", "q:x:b"));
  }

  @Test
  void picturesAreKnownByTheirFiles() throws IOException {
    ByteString png = ByteString.copyFrom(TinyModel.image(1, "png"));
    CapFiltPicture plain = CapFiltPicture.of(png, false);
    assertNull(plain.pixels());
    assertEquals(png.size(), plain.bytes());
    CapFiltPicture hashed = CapFiltPicture.of(png.concat(ByteString.copyFromUtf8("x")), true);
    assertEquals(CapFiltPicture.of(png, true).pixels(), hashed.pixels());
    assertTrue(hashed.pixels().matches("[0-9a-f]{32}"), hashed.pixels());
  }
}
