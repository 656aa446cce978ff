package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.blip4j.data.text.PtbTokens;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** BLEU, ROUGE-L and CIDEr against pycocoevalcap 1.2, within 1e-6. */
final class CaptionMetricsTest {
  private static final double TOLERANCE = 1e-6;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "main",
        "unedited_leave_one_out",
        "one_image",
        "two_images",
        "candidate_equals_reference",
        "candidate_of_another_image",
        "nlgeval"
      })
  void matchesReference(String name) throws IOException {
    JsonNode corpus = read().get("corpora").get(name);
    List<CaptionMetrics.CaptionItem> items = items(corpus);
    JsonNode expected = corpus.get("corpus");
    CaptionMetrics.BleuScore bleu = CaptionMetrics.BleuScore.of(items);
    for (int n = 1; n <= 4; n++) {
      assertEquals(expected.get("BLEU-" + n).asDouble(), bleu.bleu(n), TOLERANCE, "BLEU-" + n);
    }
    assertEquals(expected.get("ROUGE-L").asDouble(), RougeL.of(items), TOLERANCE);
    CaptionMetrics.CiderScore cider = CaptionMetrics.CiderScore.of(items);
    assertEquals(expected.get("CIDEr").asDouble(), cider.mean(), TOLERANCE);
    for (int i = 0; i < items.size(); i++) {
      JsonNode scores = corpus.get("items").get(i).get("scores");
      if (!scores.isEmpty()) {
        checkItem(scores, items.get(i), cider.byItem().get(i));
      }
    }
  }

  private static void checkItem(JsonNode expected, CaptionMetrics.CaptionItem item, double cider) {
    CaptionMetrics.BleuScore bleu = CaptionMetrics.BleuScore.of(List.of(item));
    for (int n = 1; n <= 4; n++) {
      assertEquals(expected.get("BLEU-" + n).asDouble(), bleu.bleu(n), TOLERANCE, item::candidate);
    }
    assertEquals(expected.get("ROUGE-L").asDouble(), RougeL.of(item), TOLERANCE, item::candidate);
    assertEquals(expected.get("CIDEr").asDouble(), cider, TOLERANCE, item::candidate);
  }

  /** Processor time, so that other work on the machine does not count. */
  @Tag("slow")
  @Test
  void fiveThousandImagesTakeLessThanFiveSeconds() {
    Random random = new Random(1);
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < 30_000; i++) {
      StringBuilder caption = new StringBuilder("A dog's");
      for (int word = 0; word < 9; word++) {
        caption.append(" w").append((char) ('a' + random.nextInt(26))).append(word);
      }
      captions.add(caption.append(" left-hand, half.").toString());
    }
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    List<String> lines = PtbTokens.lines(captions);
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    for (int i = 0; i < lines.size(); i += 6) {
      items.add(CaptionMetrics.CaptionItem.of(lines.get(i), lines.subList(i + 1, i + 6)));
    }
    double mean = CaptionMetrics.CiderScore.of(items).mean();
    double seconds = (threads.getCurrentThreadCpuTime() - start) / 1e9;
    assertTrue(mean > 0 && seconds < 5, seconds + " s");
  }

  @Test
  void noBreakSpaceSplitsForBleuAndCiderOnly() {
    CaptionMetrics.CaptionItem item =
        CaptionMetrics.CaptionItem.of("call 555\u00a01234", List.of("call 555 1234"));
    assertEquals(1, CaptionMetrics.BleuScore.of(List.of(item)).bleu(1), TOLERANCE);
    // One of two tokens matches one of three: P = 1/2, R = 1/3.
    assertEquals(2.44 * (0.5 / 3) / (1.0 / 3 + 1.44 * 0.5), RougeL.of(item), TOLERANCE);
  }

  @Test
  void shorterReferenceWinsTies() {
    CaptionMetrics.CaptionItem item =
        CaptionMetrics.CaptionItem.of("a b c", List.of("a b c d", "a b"));
    assertEquals(1, CaptionMetrics.BleuScore.of(List.of(item)).bleu(1), TOLERANCE);
  }

  @Test
  void refusesWhatCannotBeMeasured() {
    assertThrows(
        IllegalArgumentException.class, () -> CaptionMetrics.CaptionItem.of("a", List.of()));
    assertThrows(IllegalArgumentException.class, () -> CaptionMetrics.CiderScore.of(List.of()));
    assertThrows(IllegalArgumentException.class, () -> RougeL.of(List.of()));
    CaptionMetrics.BleuScore bleu =
        CaptionMetrics.BleuScore.of(List.of(CaptionMetrics.CaptionItem.of("a", List.of("a"))));
    Exception refused = assertThrows(IllegalArgumentException.class, () -> bleu.bleu(5));
    assertTrue(refused.getMessage().contains("1 to 4"), refused.getMessage());
  }

  private static List<CaptionMetrics.CaptionItem> items(JsonNode corpus) {
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    for (JsonNode item : corpus.get("items")) {
      List<String> references = new ArrayList<>();
      item.get("references").forEach(text -> references.add(text.asText()));
      items.add(CaptionMetrics.CaptionItem.of(item.get("candidate").asText(), references));
    }
    assertTrue(!items.isEmpty());
    return items;
  }

  private static JsonNode read() throws IOException {
    try (InputStream in =
        CaptionMetricsTest.class.getResourceAsStream("/metric/caption-metrics.json")) {
      return new ObjectMapper().readTree(in);
    }
  }
}
