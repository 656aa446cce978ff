package org.blip4j.savedmodel.convert;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.config.Task;

/**
 * What a model is to become.
 *
 * @param target the folder, or for safetensors a file whose name ends so
 * @param form what to write
 * @param task what the model is for; empty for its own
 * @param overwrite whether an older model there may be replaced
 */
public record ConversionRequest(
    Path target, TargetForm form, Optional<Task> task, boolean overwrite) {
  public ConversionRequest {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(form, "form");
    Objects.requireNonNull(task, "task");
  }
}
