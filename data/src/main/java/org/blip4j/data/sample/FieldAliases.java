package org.blip4j.data.sample;

import com.google.common.collect.ImmutableList;

/**
 * The column names under which image, text and key are looked for; the first that is present and
 * not empty is taken (img2dataset writes a missing value as empty bytes).
 */
public record FieldAliases(
    ImmutableList<String> image, ImmutableList<String> text, ImmutableList<String> key) {
  /** The accepted spellings of img2dataset, TFDS, im2txt, the Model Garden and our own. */
  public static final FieldAliases STANDARD =
      new FieldAliases(
          ImmutableList.of("jpg", "jpeg", "png", "webp", "image", "image/encoded", "image/data"),
          ImmutableList.of("txt", "caption", "captions/text", "image/caption", "caption/text"),
          ImmutableList.of(
              "key", "image/id", "image/filename", "id", "image/image_id", "image/source_id"));

  public FieldAliases {
    if (image.isEmpty() || text.isEmpty() || key.isEmpty()) {
      throw new IllegalArgumentException("image, text and key need at least one column name each");
    }
  }

  /** Looks for the image in this column only ({@code --image-key}). */
  public FieldAliases withImage(String column) {
    return new FieldAliases(ImmutableList.of(column), text, key);
  }

  /** Looks for texts in this column only ({@code --text-key}). */
  public FieldAliases withText(String column) {
    return new FieldAliases(image, ImmutableList.of(column), key);
  }

  /** Looks for the key in this column only ({@code --id-key}). */
  public FieldAliases withKey(String column) {
    return new FieldAliases(image, text, ImmutableList.of(column));
  }
}
