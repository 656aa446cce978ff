package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code inspect}: what is in a file or folder. */
@Command(
    name = "inspect",
    description = {
      "Tell what is in a model folder, a .pth or safetensors file, a folder with shards, a"
          + " SavedModel, a checkpoint or a TFRecord file. Nothing in it is ever executed.",
      "With --json the first line is about the whole, and one line for each thing in it follows."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip inspect model_base.pth")
public final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "PATH", description = "The file, folder or checkpoint prefix.")
  private Path path;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    Listing listing = Inspection.of(path);
    console.json(listing.facts());
    for (Map<String, Object> row : listing.rows()) {
      console.json(row);
    }
    for (String line : listing.lines()) {
      console.text(line);
    }
    return ExitCodes.OK;
  }
}
