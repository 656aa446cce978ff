package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.blip4j.savedmodel.serve.MatchScore;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.tools.cli.Console;

/**
 * Scores pairs in batches and prints them in order; an unreadable image is named once a batch.
 *
 * @param model the model
 * @param batchSize pairs at once
 * @param console where rows and failures go
 */
record Matcher(Predictor model, int batchSize, Console console) {

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
    Set<String> named = new LinkedHashSet<>();
    for (Pair pair : pairs) {
      String name = pair.image().name();
      if (pair.image().content() instanceof LoadedImage.Problem problem) {
        fail(named, name, problem.text());
        continue;
      }
      MatchScore score = scores.next();
      if (score.ok()) {
        MatchRow row = MatchRow.of(name, pair.text(), score);
        console.result(row, row.line());
      } else {
        fail(named, name, score.status());
      }
    }
  }

  private void fail(Set<String> named, String image, String why) {
    if (named.add(image)) {
      console.failed(image, why);
    }
  }
}
