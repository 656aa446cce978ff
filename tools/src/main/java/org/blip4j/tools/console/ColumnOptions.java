package org.blip4j.tools.console;

import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that say under which names the columns of records are found. */
public final class ColumnOptions {
  @Mixin private Contents contents;

  @Option(names = "--id-key", paramLabel = "COLUMN", description = "Column of the key.")
  private String id;

  /** A codec that looks there. */
  public ExampleCodec codec() {
    Columns.Aliases aliases = contents.aliases();
    return new ExampleCodec(id == null ? aliases : aliases.withKey(id));
  }

  /** Those of image and texts, where keys do not matter. */
  public static final class Contents {
    @Mixin private Image image;

    @Option(names = "--text-key", paramLabel = "COLUMN", description = "Column of the texts.")
    private String text;

    /** A codec that looks there. */
    public ExampleCodec codec() {
      return new ExampleCodec(aliases());
    }

    private Columns.Aliases aliases() {
      Columns.Aliases aliases = image.aliases();
      return text == null ? aliases : aliases.withText(text);
    }
  }

  /** That of the image, where texts and keys come from elsewhere. */
  public static final class Image {
    @Option(names = "--image-key", paramLabel = "COLUMN", description = "Column of the image.")
    private String column;

    /** A codec that looks there. */
    public ExampleCodec codec() {
      return new ExampleCodec(aliases());
    }

    private Columns.Aliases aliases() {
      Columns.Aliases aliases = Columns.Aliases.STANDARD;
      return column == null ? aliases : aliases.withImage(column);
    }
  }
}
