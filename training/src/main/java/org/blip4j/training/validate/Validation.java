package org.blip4j.training.validate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.Map;
import org.blip4j.data.sample.Sample;
import org.blip4j.graph.config.ModelFolder;

/**
 * Measures a model while it is trained. A run does so after each epoch and after its last step, and
 * keeps the best model, as published (blip-spec 7.1, 7.2, 7.5).
 *
 * <pre>{@code
 * Validation validation =
 *     model -> new Validation.Findings(ImmutableMap.of("cider", scored(model)), ImmutableList.of());
 * Trainer.of(config, inputs).validatingWith(validation).run(folder, listener);
 * }</pre>
 */
@FunctionalInterface
public interface Validation {
  /** Figures of a model, and what to look at. */
  Findings measure(ModelFolder model) throws IOException;

  /**
   * What was found of a model.
   *
   * @param figures by name, such as {@code cider}; the first decides: the model of which it is
   *     highest is the best
   * @param examples small PNG pictures with lines of text, keyed {@code KIND/KEY}
   */
  record Findings(ImmutableMap<String, Double> figures, ImmutableList<Sample.ImageText> examples) {}

  /**
   * What a validation found.
   *
   * @param step steps taken
   * @param metric name of the figure that decides
   * @param figures by name
   */
  record Result(long step, String metric, Map<String, Double> figures) {
    /** Copies the figures. */
    public Result {
      figures = ImmutableMap.copyOf(figures);
      if (!figures.containsKey(metric)) {
        throw new IllegalArgumentException(
            "a validation found no %s, which decides, but %s".formatted(metric, figures.keySet()));
      }
    }

    /** What was found after some steps, the first figure to decide. */
    public static Result of(long step, ImmutableMap<String, Double> figures) {
      return new Result(step, figures.keySet().iterator().next(), figures);
    }

    /** Whether a model of which this was found is better than one of which that was. */
    public boolean isBetterThan(Result other) {
      return figures.get(metric) > other.figures.getOrDefault(metric, Double.NEGATIVE_INFINITY);
    }
  }
}
