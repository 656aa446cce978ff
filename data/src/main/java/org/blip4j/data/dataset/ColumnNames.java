package org.blip4j.data.dataset;

import com.google.common.collect.ImmutableList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The names under which caption files give image and text; the first that is present is taken.
 *
 * @param given whether the user named them, so that a file without them is an error
 */
public record ColumnNames(List<String> image, List<String> text, boolean given) {
  private static final ImmutableList<String> IMAGE =
      ImmutableList.of(
          "image",
          "file",
          "file_name",
          "filename",
          "image_name",
          "image_path",
          "filepath",
          "path",
          "img",
          "jpg",
          "image_id");
  private static final ImmutableList<String> TEXT =
      ImmutableList.of(
          "caption", "captions", "text", "txt", "comment", "sentence", "sentences", "description");

  /** The usual names, or those given (either may be null). */
  public static ColumnNames of(String image, String text) {
    return new ColumnNames(
        image == null ? IMAGE : ImmutableList.of(image.toLowerCase(Locale.ROOT)),
        text == null ? TEXT : ImmutableList.of(text.toLowerCase(Locale.ROOT)),
        image != null || text != null);
  }

  Optional<String> imageOf(Collection<String> columns) {
    return first(image, columns);
  }

  Optional<String> textOf(Collection<String> columns) {
    return first(text, columns);
  }

  private static Optional<String> first(List<String> names, Collection<String> columns) {
    return names.stream()
        .flatMap(name -> columns.stream().filter(c -> c.strip().equalsIgnoreCase(name)))
        .findFirst();
  }
}
