package org.blip4j.tools.weights;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.blip4j.data.file.NearestName;
import org.blip4j.graph.config.Task;

/** Tasks as they are written on a command line: in lower case. */
final class TaskNames implements Iterable<String> {
  private static List<String> names() {
    return Arrays.stream(Task.values()).map(task -> task.name().toLowerCase(Locale.ROOT)).toList();
  }

  @Override
  public Iterator<String> iterator() {
    return names().iterator();
  }

  /**
   * The task of a name.
   *
   * @throws IllegalArgumentException if there is none; says which there are
   */
  static Task parse(String name) {
    return Arrays.stream(Task.values())
        .filter(task -> task.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--task %s is unknown%s; use one of %s"
                        .formatted(
                            name,
                            NearestName.among(names(), name)
                                .map(near -> " (did you mean " + near + "?)")
                                .orElse(""),
                            String.join(", ", names()))));
  }
}
