package org.blip4j.tools.bootstrap;

import java.nio.file.Path;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.tools.capfilt.CapFiltFolder;

/**
 * Where the stages write: {@code first} is the run of the model pre-trained on raw texts, {@code
 * round-R} has the runs {@code captioner}, {@code filter}, the set {@code capfilt} and the run
 * {@code model} of the new model.
 *
 * @param path the folder
 */
public record BootstrapFolder(Path path) {
  /** The run on raw web texts. */
  public Path first() {
    return path.resolve("first");
  }

  /** The run of the captioner of a round, counted from 1. */
  public Path captioner(int round) {
    return round(round).resolve("captioner");
  }

  /** The run of the filter of a round. */
  public Path filter(int round) {
    return round(round).resolve("filter");
  }

  /** The bootstrapped set of a round. */
  public CapFiltFolder capfilt(int round) {
    return new CapFiltFolder(round(round).resolve("capfilt"));
  }

  /** The run on the bootstrapped set of a round; round 0 is the run on raw texts. */
  public Path model(int round) {
    return round == 0 ? first() : round(round).resolve("model");
  }

  /** The model that a run leaves. */
  public static ModelFolder modelOf(Path run) {
    return new ModelFolder(run.resolve("model"));
  }

  Path config() {
    return path.resolve("bootstrap.json");
  }

  /** The mark of a stage. */
  public Path mark(String stage) {
    return path.resolve("stages").resolve(stage + ".json");
  }

  private Path round(int round) {
    return path.resolve("round-" + round);
  }
}
