package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.savedmodel.capfilt.TextSource;

/**
 * What CapFilt read, kept and dropped.
 *
 * @param read records read
 * @param captioned images that the captioner wrote for
 * @param imagesKept images with at least one kept text
 * @param kept kept texts by source
 * @param dropped dropped texts by source
 * @param unreadable records or images that could not be used
 * @param reasons how often each reason was met, numbers in it put as N
 */
public record CapFiltTotals(
    long read,
    long captioned,
    long imagesKept,
    BySource kept,
    BySource dropped,
    long unreadable,
    Map<String, Long> reasons) {
  private static final int MOST_REASONS = 50;

  /**
   * Numbers of texts.
   *
   * @param web that came with their image
   * @param synthetic that the captioner wrote
   */
  public record BySource(long web, long synthetic) {
    BySource plus(TextSource source) {
      return source == TextSource.WEB
          ? new BySource(web + 1, synthetic)
          : new BySource(web, synthetic + 1);
    }

    long sum() {
      return web + synthetic;
    }
  }

  /** Copies the map. */
  public CapFiltTotals {
    reasons = ImmutableMap.copyOf(ImmutableSortedMap.copyOf(reasons));
  }

  /** Counts finished shards by their scores. */
  static CapFiltTotals of(CapFiltFolder folder, List<String> names) throws IOException {
    Counter counter = new Counter();
    for (String name : names) {
      Path file = folder.scores(name);
      try (BufferedReader lines = Files.newBufferedReader(file)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          counter.count(ScoreLine.parse(line, file + ", line " + (counter.read + 1)));
        }
      }
    }
    return counter.totals();
  }

  private static final class Counter {
    private long read;
    private long captioned;
    private long imagesKept;
    private BySource kept = new BySource(0, 0);
    private BySource dropped = new BySource(0, 0);
    private long unreadable;
    private final Map<String, Long> reasons = new TreeMap<>();

    void count(ScoreLine line) {
      read++;
      if (!line.readable()) {
        unreadable++;
        String reason = line.reason().replaceAll("\\b([0-9a-f]{8}|\\d+)\\b", "N");
        boolean full = reasons.size() >= MOST_REASONS && !reasons.containsKey(reason);
        reasons.merge(full ? "other" : reason, 1L, Long::sum);
        return;
      }
      captioned +=
          line.texts().stream().anyMatch(text -> text.source() == TextSource.SYNTHETIC) ? 1 : 0;
      imagesKept += line.decision().equals(ScoreLine.KEPT) ? 1 : 0;
      for (ScoreLine.Text text : line.texts()) {
        if (text.kept()) {
          kept = kept.plus(text.source());
        } else {
          dropped = dropped.plus(text.source());
        }
      }
    }

    CapFiltTotals totals() {
      return new CapFiltTotals(read, captioned, imagesKept, kept, dropped, unreadable, reasons);
    }
  }
}
