package org.blip4j.tools.console;

import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that say under which names the columns of records are found. */
public final class ColumnOptions {
  @Mixin private Contents contents;

  @Mixin private Key key;

  /** A codec that looks there. */
  public ExampleCodec codec() {
    return new ExampleCodec(key.in(contents.aliases()));
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

  /** That of the key, where images and texts have names of their own. */
  public static final class Key {
    @Option(names = "--id-key", paramLabel = "COLUMN", description = "Column of the key.")
    private String column;

    /** A codec that looks there. */
    public ExampleCodec codec() {
      return new ExampleCodec(in(Columns.Aliases.STANDARD));
    }

    private Columns.Aliases in(Columns.Aliases others) {
      return column == null ? others : others.withKey(column);
    }
  }

  /** Those of questions about images, which have names of their own. */
  public static final class Questions {
    @Mixin private Image image;
    @Mixin private Key key;

    /** A codec that looks there. */
    public ExampleCodec codec() {
      return new ExampleCodec(key.in(image.aliases()));
    }
  }
}
