package org.blip4j.savedmodel.signature;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.model.Blip;
import org.blip4j.savedmodel.open.ServingModel;

/**
 * What signatures are made of.
 *
 * @param model what the model is
 * @param settings what is fixed
 * @param blip the weights
 * @param texts strings to tokens and back
 */
record ServingParts(ServingModel model, ServingSettings settings, Blip blip, ServingTexts texts) {

  /** Checks that the model can do what the settings ask for. */
  ServingParts {
    TextConfig text = model.config().architecture().text();
    int longest =
        Math.max(settings.search().lengths().maximum(), settings.sampling().lengths().maximum());
    if (longest > text.maxPositions()) {
      throw new IllegalArgumentException(
          "maximum length %d is more than the %d positions of the model"
              .formatted(longest, text.maxPositions()));
    }
    int beams = settings.search().beams();
    if (2L * beams > text.vocabularySize()) {
      throw new IllegalArgumentException(
          "beams %d are too many for a vocabulary of %d tokens; use %d or fewer"
              .formatted(beams, text.vocabularySize(), text.vocabularySize() / 2));
    }
  }
}
