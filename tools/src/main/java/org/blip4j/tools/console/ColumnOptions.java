package org.blip4j.tools.console;

import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import picocli.CommandLine.Option;

/** Options that say under which names the columns of records are found. */
public final class ColumnOptions {
  @Option(names = "--image-key", paramLabel = "COLUMN", description = "Column of the image.")
  private String image;

  @Option(names = "--text-key", paramLabel = "COLUMN", description = "Column of the texts.")
  private String text;

  @Option(names = "--id-key", paramLabel = "COLUMN", description = "Column of the key.")
  private String id;

  /** A codec that looks there. */
  public ExampleCodec codec() {
    Columns.Aliases aliases = Columns.Aliases.STANDARD;
    aliases = image == null ? aliases : aliases.withImage(image);
    aliases = text == null ? aliases : aliases.withText(text);
    return new ExampleCodec(id == null ? aliases : aliases.withKey(id));
  }
}
