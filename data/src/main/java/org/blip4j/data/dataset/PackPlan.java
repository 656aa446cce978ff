package org.blip4j.data.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.sample.Columns;

/**
 * Which images are packed, with which texts, and which rows name no image.
 *
 * <p>Rows of one image become one record with several texts. The key is the file's name without
 * ending, or with its folders where two images share a name.
 */
public record PackPlan(List<Item> items, List<Missing> missing, long uncaptioned) {
  /** One image to pack. */
  public record Item(Path file, String key, List<String> texts, Columns columns) {}

  /** A row whose image is not there. */
  public record Missing(String place, String problem) {}

  public static PackPlan of(List<PackSource> sources) throws IOException {
    Map<Path, Item> items = new LinkedHashMap<>();
    List<Missing> missing = new ArrayList<>();
    long images = 0;
    for (PackSource source : sources) {
      images += source.folder().images().size();
      for (CaptionRow row : source.rows()) {
        Optional<Path> file = source.folder().find(row.image());
        if (file.isPresent()) {
          items.merge(file.get(), item(file.get(), source, row), PackPlan::joined);
        } else {
          String problem =
              "there is no image \"%s\" below %s".formatted(row.image(), source.folder().root());
          missing.add(new Missing(row.place(), problem));
        }
      }
    }
    return new PackPlan(withUniqueKeys(items), missing, images - items.size());
  }

  private static Item item(Path file, PackSource source, CaptionRow row) {
    Path root = source.folder().root().normalize();
    Path inside = file.startsWith(root) ? root.relativize(file) : file;
    return new Item(file, inside.toString(), row.texts(), row.columns());
  }

  private static Item joined(Item first, Item second) {
    List<String> texts = new ArrayList<>(first.texts());
    texts.addAll(second.texts());
    return new Item(first.file(), first.key(), texts, first.columns());
  }

  private static List<Item> withUniqueKeys(Map<Path, Item> items) {
    Map<String, Integer> stems = new HashMap<>();
    items.keySet().forEach(file -> stems.merge(ImageFolder.stem(file), 1, Integer::sum));
    List<Item> keyed = new ArrayList<>();
    for (Item item : items.values()) {
      String stem = ImageFolder.stem(item.file());
      String key = stems.get(stem) == 1 ? stem : item.key();
      keyed.add(new Item(item.file(), key, item.texts(), item.columns()));
    }
    return keyed;
  }
}
