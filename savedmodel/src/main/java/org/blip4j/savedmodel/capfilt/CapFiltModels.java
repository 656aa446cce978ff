package org.blip4j.savedmodel.capfilt;

import java.io.IOException;
import java.util.Optional;
import org.blip4j.savedmodel.open.ModelSource;

/**
 * The models of a run, as the user named them.
 *
 * @param captioner writes texts; may be missing if only web texts are filtered
 * @param filter judges texts; may be missing if nothing is filtered
 */
public record CapFiltModels(Optional<ModelSource> captioner, Optional<ModelSource> filter) {
  ModelSource requireCaptioner() {
    return captioner.orElseThrow(
        () ->
            new IllegalArgumentException(
                "no captioner given; give --captioner MODEL, or --texts web to write no texts"));
  }

  ModelSource requireFilter() {
    return filter.orElseThrow(
        () ->
            new IllegalArgumentException(
                "no filter given; give --filter MODEL, or --no-filter to keep all texts"));
  }

  /** Identities of the models that the settings need. */
  public ModelIdentity captionerIdentity(CapFiltSettings settings) throws IOException {
    return settings.captions() ? ModelIdentity.of(requireCaptioner().path()) : ModelIdentity.NONE;
  }

  /** Identities of the models that the settings need. */
  public ModelIdentity filterIdentity(CapFiltSettings settings) throws IOException {
    return settings.scores() ? ModelIdentity.of(requireFilter().path()) : ModelIdentity.NONE;
  }
}
