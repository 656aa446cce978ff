package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.blip4j.savedmodel.serve.MatchScore;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.tools.cli.Console;

/**
 * Scores pairs in batches and prints them in order; an unreadable image is named once.
 *
 * <p>All texts of an image are in one call as far as the batch size allows, so that it is encoded
 * once for them.
 */
final class Matcher {
  private final Predictor model;
  private final int batchSize;
  private final Console console;
  private final Set<String> named = new HashSet<>();

  /**
   * A matcher.
   *
   * @param batchSize pairs at once
   * @param console where rows and failures go
   */
  Matcher(Predictor model, int batchSize, Console console) {
    this.model = model;
    this.batchSize = batchSize;
    this.console = console;
  }

  /** An image with a text. */
  record Pair(LoadedImage image, String text) {}

  /** Every image with every text, images one after another. */
  void table(List<LoadedImage> images, List<String> texts) throws IOException {
    List<Pair> open = new ArrayList<>();
    for (LoadedImage image : images) {
      for (String text : texts) {
        open.add(new Pair(image, text));
        if (open.size() == batchSize) {
          pairs(open);
          open.clear();
        }
      }
    }
    pairs(open);
  }

  /** Given pairs. */
  void pairs(List<Pair> pairs) throws IOException {
    List<Pair> readable = pairs.stream().filter(pair -> pair.image().readable()).toList();
    Iterator<MatchScore> scores =
        model
            .match(
                readable.stream()
                    .map(pair -> ((LoadedImage.Bytes) pair.image().content()).value())
                    .toList(),
                readable.stream().map(Pair::text).toList())
            .iterator();
    for (Pair pair : pairs) {
      String name = pair.image().name();
      if (pair.image().content() instanceof LoadedImage.Problem problem) {
        fail(name, problem.text());
        continue;
      }
      MatchScore score = scores.next();
      if (score.ok()) {
        MatchRow row = MatchRow.of(name, pair.text(), score);
        console.result(row, row.line());
      } else {
        fail(name, score.status());
      }
    }
  }

  private void fail(String image, String why) {
    if (named.add(image)) {
      console.failed(image, why);
    }
  }
}
