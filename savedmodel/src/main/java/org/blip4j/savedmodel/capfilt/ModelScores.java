package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.stream.InOrder;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter.CaptionRequest;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter.MatchRequest;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter.Row;

/** Judges the records of a shard with the models, in batches of which two are in work at once. */
public final class ModelScores implements ScoredRecords {
  private static final int AT_ONCE = 2;

  private final InputShard shard;
  private final CapFiltSettings settings;
  private final CaptionerAndFilter models;
  private final ShardRecords records;
  private final InOrder<List<ScoredRecord>> judged;
  private final Deque<ScoredRecord> scored = new ArrayDeque<>();
  private boolean ended;

  private ModelScores(
      InputShard shard,
      CapFiltSettings settings,
      CaptionerAndFilter models,
      SourceOptions options) {
    this.shard = shard;
    this.settings = settings;
    this.models = models;
    this.records = new ShardRecords(shard, options);
    this.judged = new InOrder<>(AT_ONCE, this::nextBatch);
  }

  /** Opens shards to be judged by {@code models}. */
  public static Opener opener(
      CapFiltSettings settings, CaptionerAndFilter models, SourceOptions options) {
    return shard -> new ModelScores(shard, settings, models, options);
  }

  @Override
  public Optional<ScoredRecord> next() throws IOException {
    while (scored.isEmpty() && !ended) {
      judged.next().ifPresentOrElse(scored::addAll, () -> ended = true);
    }
    return Optional.ofNullable(scored.poll());
  }

  @Override
  public void close() throws IOException {
    judged.close();
    synchronized (records) { // a batch may still be being read
      records.close();
    }
  }

  private Optional<Callable<List<ScoredRecord>>> nextBatch() throws IOException {
    List<Draft> batch = new ArrayList<>();
    synchronized (records) {
      int usable = 0;
      while (usable < settings.batchSize()) {
        Optional<RawRecord> record = records.next();
        if (record.isEmpty()) {
          break;
        }
        Draft draft = new Draft(record.get());
        batch.add(draft);
        usable += draft.usable() ? 1 : 0;
      }
    }
    return batch.isEmpty() ? Optional.empty() : Optional.of(() -> judge(batch));
  }

  private List<ScoredRecord> judge(List<Draft> batch) {
    if (settings.captions()) {
      for (int candidate = 0; candidate < settings.generation().candidates(); candidate++) {
        caption(usable(batch), candidate);
      }
    }
    if (settings.scores()) {
      score(usable(batch));
    }
    return batch.stream().map(Draft::finish).toList();
  }

  private static List<Draft> usable(List<Draft> batch) {
    return batch.stream().filter(Draft::usable).toList();
  }

  private void caption(List<Draft> drafts, int candidate) {
    if (drafts.isEmpty()) {
      return;
    }
    List<CaptionRequest> requests =
        drafts.stream().map(draft -> draft.captionRequest(candidate)).toList();
    List<Row<String>> rows = models.caption(requests);
    for (int i = 0; i < rows.size(); i++) {
      Draft draft = drafts.get(i);
      if (rows.get(i).ok()) {
        draft.add(rows.get(i).value(), TextSource.SYNTHETIC);
      } else {
        draft.reject(rows.get(i).problem());
      }
    }
  }

  private record Place(Draft draft, int text) {
    MatchRequest request() {
      ScoredText scored = draft.texts.get(text);
      return new MatchRequest(draft.sample().image(), scored.text());
    }
  }

  private void score(List<Draft> drafts) {
    List<Place> places = new ArrayList<>();
    for (Draft draft : drafts) {
      for (int text = 0; text < draft.texts.size(); text++) {
        places.add(new Place(draft, text));
      }
    }
    for (List<Place> chunk : Lists.partition(places, 2 * settings.batchSize())) {
      List<Row<MatchScore>> rows = models.match(chunk.stream().map(Place::request).toList());
      for (int i = 0; i < rows.size(); i++) {
        Place place = chunk.get(i);
        if (rows.get(i).ok()) {
          place.draft().score(place.text(), rows.get(i).value());
        } else {
          place.draft().reject(rows.get(i).problem());
        }
      }
    }
  }

  /** A record while its texts are gathered and scored. */
  private final class Draft {
    private RawRecord record;
    private final List<ScoredText> texts = new ArrayList<>();

    Draft(RawRecord record) {
      this.record = record;
      if (settings.policy().texts().includes(TextSource.WEB) && usable()) {
        sample().texts().forEach(text -> add(text, TextSource.WEB));
      }
    }

    boolean usable() {
      return record.sample().isPresent();
    }

    Sample.ImageText sample() {
      return record.sample().orElseThrow();
    }

    CaptionRequest captionRequest(int candidate) {
      return new CaptionRequest(
          sample().image(), settings.seed(shard.name(), record.index(), candidate));
    }

    void add(String text, TextSource source) {
      texts.add(new ScoredText(text, source, Optional.empty()));
    }

    void score(int text, MatchScore score) {
      ScoredText old = texts.get(text);
      texts.set(text, new ScoredText(old.text(), old.source(), Optional.of(score)));
    }

    void reject(String why) {
      record = record.unusable(why);
    }

    ScoredRecord finish() {
      return record.scored(usable() ? ImmutableList.copyOf(texts) : ImmutableList.of());
    }
  }
}
