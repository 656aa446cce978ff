package org.blip4j.savedmodel.capfilt;

import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.proto.ConfigProto;

/** Captioner and filter as TensorFlow graphs. */
public final class PredictorModels implements CaptionerAndFilter {
  private final Optional<Predictor> captioner;
  private final Optional<Predictor> filter;
  private final boolean searches;

  private PredictorModels(
      Optional<Predictor> captioner, Optional<Predictor> filter, boolean searches) {
    this.captioner = captioner;
    this.filter = filter;
    this.searches = searches;
  }

  /**
   * Opens the models that the settings need.
   *
   * @throws IllegalArgumentException if one is missing or was trained for something else
   */
  public static PredictorModels open(CapFiltModels models, CapFiltSettings settings, ConfigProto on)
      throws IOException {
    GenerationSettings generation = settings.generation();
    Optional<Predictor> captioner = Optional.empty();
    if (settings.captions()) {
      ModelSource source = models.requireCaptioner();
      captioner =
          Optional.of(
              open(source, options(on, generation, settings.batchSize()))
                  .requiring(ServingSignature.CAPTION_SAMPLE, source)
                  .predictor());
    }
    try {
      Optional<Predictor> filter = Optional.empty();
      if (settings.scores()) {
        ModelSource source = models.requireFilter();
        PredictorOptions options =
            PredictorOptions.defaults()
                .withSession(on)
                .withSettings(own -> own.withExpectedBatch(2 * settings.batchSize()));
        filter =
            Optional.of(
                open(source, options).requiring(ServingSignature.MATCH, source).predictor());
      }
      return new PredictorModels(captioner, filter, generation.beams() > 0);
    } catch (IOException | RuntimeException e) {
      captioner.ifPresent(Predictor::close);
      throw e;
    }
  }

  @Override
  public List<Row<String>> caption(List<CaptionRequest> requests) {
    Predictor model = captioner.orElseThrow();
    List<byte[]> images = requests.stream().map(request -> request.image().toByteArray()).toList();
    List<Caption> captions =
        searches
            ? model.caption(images)
            : model.sample(
                images,
                requests.stream()
                    .mapToLong(CaptionRequest::seed)
                    .collect(
                        ImmutableLongArray::builder,
                        ImmutableLongArray.Builder::add,
                        (one, two) -> one.addAll(two.build()))
                    .build());
    return captions.stream().map(caption -> new Row<>(caption.text(), caption.status())).toList();
  }

  @Override
  public List<Row<MatchScore>> match(List<MatchRequest> requests) {
    return filter
        .orElseThrow()
        .match(
            requests.stream().map(request -> request.image().toByteArray()).toList(),
            requests.stream().map(MatchRequest::text).toList())
        .stream()
        .map(
            score ->
                new Row<>(
                    score.ok() ? new MatchScore(score.itmProbability(), score.itcCosine()) : null,
                    score.status()))
        .toList();
  }

  @Override
  public void close() {
    captioner.ifPresent(Predictor::close);
    filter.ifPresent(Predictor::close);
  }

  private record Opened(Predictor predictor) {
    Opened requiring(ServingSignature signature, ModelSource source) {
      if (!predictor.has(signature)) {
        String task = predictor.model().config().task().toString();
        predictor.close();
        throw new IllegalArgumentException(
            "%s is a model for %s, it has no %s; give another one"
                .formatted(source.path(), task, signature.key()));
      }
      return this;
    }
  }

  private static Opened open(ModelSource source, PredictorOptions options) throws IOException {
    return new Opened(Predictor.open(source, options));
  }

  private static PredictorOptions options(
      ConfigProto session, GenerationSettings generation, int batch) {
    return PredictorOptions.defaults()
        .withSession(session)
        .withSettings(own -> adjusted(own, generation).withExpectedBatch(batch));
  }

  private static ServingSettings adjusted(ServingSettings own, GenerationSettings generation) {
    LengthLimits lengths = new LengthLimits(generation.minLength(), generation.maxLength());
    return generation.beams() > 0
        ? own.withSearch(
            own.search()
                .withBeams(generation.beams())
                .withLengths(lengths)
                .withRepetitionPenalty(generation.repetitionPenalty()))
        : own.withSampling(generation.sampling());
  }
}
