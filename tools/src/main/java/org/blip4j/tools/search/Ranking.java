package org.blip4j.tools.search;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.TextArguments;

/**
 * Ranks the pictures of an index for one query after another, in two stages as retrieval is
 * evaluated: all by the cosine of features, and for a text the best of them by match logit plus
 * cosine. Those that were not matched come after those that were.
 */
final class Ranking {
  private final FeatureIndex index;
  private final Predictor model;
  private final int rerank;
  private final int batchSize;
  private final Console console;
  private final TextArguments.Notes notes;
  private final Set<String> named = new HashSet<>();

  /**
   * A picture that was found.
   *
   * @param cosine of its feature and the query's
   * @param score what the model says of it and the text, if it was asked
   */
  record Hit(Picture picture, float cosine, Optional<PairScore> score) {
    /** By which it was ranked the second time. */
    Optional<Float> order() {
      return score.map(pair -> pair.itmLogits().match() + cosine);
    }
  }

  /**
   * A ranking.
   *
   * @param rerank pictures that a text is matched with
   * @param batchSize of them at once
   * @param console where failures and times go
   */
  Ranking(FeatureIndex index, Predictor model, int rerank, int batchSize, Console console) {
    this.index = index;
    this.model = model;
    this.rerank = rerank;
    this.batchSize = batchSize;
    this.console = console;
    this.notes = new TextArguments.Notes(console);
  }

  /** The best pictures; none if the query failed, which is told then. */
  List<Hit> best(SearchCommand.Query query, int top) throws IOException {
    Optional<float[]> feature = feature(query);
    if (feature.isEmpty()) {
      return List.of();
    }
    int matched = query.image().isPresent() ? 0 : Math.min(rerank, index.size());
    long begin = System.nanoTime();
    float[] cosines = index.cosines(feature.get());
    List<Integer> rows = FeatureIndex.best(cosines, Math.max(top, matched));
    console.note(
        "searched %,d features in %.1f ms", index.size(), (System.nanoTime() - begin) / 1e6);
    List<Hit> hits = new ArrayList<>();
    for (int row : rows) {
      hits.add(new Hit(index.picture(row), cosines[row], Optional.empty()));
    }
    List<Hit> ranked = match(query.name(), hits.subList(0, Math.min(matched, hits.size())));
    ranked.addAll(hits.subList(Math.min(matched, hits.size()), hits.size()));
    return ranked.subList(0, Math.min(top, ranked.size()));
  }

  private Optional<float[]> feature(SearchCommand.Query query) {
    EmbeddingVector embedding;
    if (query.image().isEmpty()) {
      embedding = model.embedTexts(List.of(query.name())).get(0);
    } else if (query.image().get().content() instanceof LoadedImage.Bytes bytes) {
      embedding = model.embedImages(List.of(bytes.value())).get(0);
    } else {
      console.failed(query.name(), ((LoadedImage.Problem) query.image().get().content()).text());
      return Optional.empty();
    }
    if (!embedding.ok()) {
      console.failed(query.name(), embedding.status());
      return Optional.empty();
    }
    notes.tell(query.name(), embedding.note());
    return Optional.of(embedding.values());
  }

  /** Those that could be read, by match logit and cosine; the others are named. */
  private List<Hit> match(String text, List<Hit> candidates) {
    List<Hit> ranked = new ArrayList<>();
    for (int begin = 0; begin < candidates.size(); begin += batchSize) {
      List<Hit> readable = new ArrayList<>();
      List<byte[]> images = new ArrayList<>();
      for (Hit hit : candidates.subList(begin, Math.min(begin + batchSize, candidates.size()))) {
        LoadedImage image = hit.picture().read();
        if (image.content() instanceof LoadedImage.Bytes bytes) {
          readable.add(hit);
          images.add(bytes.value());
        } else {
          fail(hit, ((LoadedImage.Problem) image.content()).text());
        }
      }
      if (images.isEmpty()) {
        continue;
      }
      List<PairScore> scores = model.match(images, Collections.nCopies(images.size(), text));
      for (int i = 0; i < scores.size(); i++) {
        Hit hit = readable.get(i);
        if (scores.get(i).ok()) {
          ranked.add(new Hit(hit.picture(), hit.cosine(), Optional.of(scores.get(i))));
        } else {
          fail(hit, scores.get(i).status());
        }
      }
    }
    ranked.sort(Comparator.comparing((Hit hit) -> hit.order().orElseThrow()).reversed());
    return ranked;
  }

  private void fail(Hit hit, String why) {
    if (named.add(hit.picture().place())) {
      console.failed(hit.picture().image(), why);
    }
  }
}
