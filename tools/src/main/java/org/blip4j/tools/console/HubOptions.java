package org.blip4j.tools.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.savedmodel.hub.HubSettings;
import org.blip4j.savedmodel.open.ModelSource;
import picocli.CommandLine.Option;

/** How models on the hub are had; mixed into every command that takes a model. */
public final class HubOptions {
  @Option(
      names = "--offline",
      description = "Never touch the network: hf:OWNER/NAME must be in the cache (BLIP_CACHE).")
  private boolean offline;

  /** Finds a model, downloading it if need be, with progress on the console. */
  public ModelSource resolve(String model, Optional<Path> config, Console console)
      throws IOException {
    HubSettings settings = HubSettings.of(System.getenv()).withOffline(offline);
    try (HubProgress progress = new HubProgress(console)) {
      return ModelSource.resolve(model, config, settings, progress);
    }
  }
}
