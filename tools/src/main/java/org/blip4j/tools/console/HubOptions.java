package org.blip4j.tools.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.blip4j.savedmodel.hub.HubRepository;
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
    HubSettings settings = HubSettings.of(console.environment()).withOffline(offline);
    try (Download progress = new Download(console)) {
      return ModelSource.resolve(model, config, settings, progress);
    }
  }

  /** Shows how far a download is, file by file, in MiB. */
  static final class Download implements HubRepository.Listener, AutoCloseable {
    private static final int MEBIBYTE = 20;

    private final Console console;
    private String file = "";
    private long shown;
    private Progress progress;

    Download(Console console) {
      this.console = console;
    }

    @Override
    public void progress(String name, long done, OptionalLong total) {
      long mebibytes = done >> MEBIBYTE;
      if (!name.equals(file)) {
        close();
        file = name;
        shown = 0;
        progress = console.progress("MiB of " + name, total.orElse(-1) >> MEBIBYTE);
      }
      progress.advance(mebibytes - shown);
      shown = mebibytes;
    }

    @Override
    public void close() {
      if (progress != null) {
        progress.close();
        progress = null;
      }
    }
  }
}
