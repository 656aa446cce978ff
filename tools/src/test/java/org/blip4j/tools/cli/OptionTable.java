package org.blip4j.tools.cli;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The list {@code options.txt}, which says what each option changes.
 *
 * @param commands their rows by name, {@code *} for those of many commands
 */
record OptionTable(Map<String, List<Row>> commands) {
  private static final Splitter WORDS = Splitter.on(' ').omitEmptyStrings().trimResults();
  private static final Set<String> CONDITIONS = Set.of("slow", "x86", "bf16");

  /** What can differ between two runs. */
  enum Aspect {
    out,
    err,
    status,
    files,
    quieter,
    silent
  }

  /**
   * An option with what it changes.
   *
   * @param whole whether these are all arguments, in place of the command's own
   * @param without arguments of both runs
   * @param option the option and its value
   * @param conditions where it can be tried
   * @param text what only the second run has, if that is known
   * @param absent whether it is the first run alone that has the text
   */
  record Row(
      boolean whole,
      List<String> without,
      List<String> option,
      Set<String> conditions,
      Aspect aspect,
      Optional<String> text,
      boolean absent) {

    String name() {
      return option.get(0);
    }

    /** Arguments of the run with the option; one that is there already gets the other value. */
    List<String> with() {
      List<String> all = new ArrayList<>(without);
      int at = all.indexOf(name());
      if (at < 0) {
        all.addAll(option);
      } else {
        all.set(at + 1, option.get(1));
      }
      return all;
    }

    /** The same with other arguments of both runs. */
    Row after(List<String> base) {
      return whole
          ? this
          : new Row(false, joined(base, without), option, conditions, aspect, text, absent);
    }
  }

  static OptionTable read() throws IOException {
    String file =
        Resources.toString(
            Resources.getResource(OptionTable.class, "options.txt"), StandardCharsets.UTF_8);
    Map<String, List<Row>> commands = new TreeMap<>();
    List<Row> rows = new ArrayList<>();
    List<String> base = List.of();
    for (String line : file.lines().toList()) {
      if (line.startsWith("  ")) {
        rows.add(row(line, base));
      } else if (!line.isBlank() && !line.startsWith("#")) {
        int sign = line.indexOf('=');
        base = WORDS.splitToList(line.substring(sign + 1));
        rows = commands.computeIfAbsent(line.substring(0, sign).strip(), name -> new ArrayList<>());
        rows.add(new Row(true, base, List.of(""), Set.of(), Aspect.out, Optional.empty(), false));
      }
    }
    return new OptionTable(commands);
  }

  private static Row row(String line, List<String> base) {
    List<String> cells = Splitter.on(" | ").trimResults().splitToList(line);
    List<String> difference = new ArrayList<>(WORDS.splitToList(cells.get(1)));
    Set<String> conditions = new TreeSet<>();
    while (CONDITIONS.contains(difference.get(0))) {
      conditions.add(difference.remove(0));
    }
    Aspect aspect = Aspect.valueOf(difference.remove(0));
    boolean absent = !difference.isEmpty() && difference.get(0).equals("not");
    String text = String.join(" ", difference.subList(absent ? 1 : 0, difference.size()));
    String more = cells.size() > 2 ? cells.get(2) : "";
    List<String> without =
        more.startsWith("=")
            ? WORDS.splitToList(more.substring(1))
            : joined(base, WORDS.splitToList(more));
    return new Row(
        more.startsWith("="),
        without,
        WORDS.splitToList(cells.get(0)),
        conditions,
        aspect,
        text.isEmpty() ? Optional.empty() : Optional.of(text),
        absent);
  }

  /** Arguments and further ones; an option that is in both has the later value. */
  private static List<String> joined(List<String> base, List<String> more) {
    List<String> all = new ArrayList<>(base);
    for (int i = 0; i < more.size(); i++) {
      int at = all.indexOf(more.get(i));
      if (more.get(i).startsWith("--") && at >= 0 && !more.get(i).equals("--set")) {
        all.set(at + 1, more.get(++i));
      } else {
        all.add(more.get(i));
      }
    }
    return all;
  }

  /** The rows of a command, of its own and of many commands. */
  List<Row> of(String command, Set<String> options) {
    List<Row> rows = new ArrayList<>(commands.getOrDefault(command, List.of()));
    if (rows.isEmpty()) {
      return rows;
    }
    List<String> base = rows.remove(0).without();
    Set<String> own = new TreeSet<>(rows.stream().map(Row::name).toList());
    List<Row> common = commands.get("*");
    for (Row row : common.subList(1, common.size())) {
      if (options.contains(row.name()) && !own.contains(row.name())) {
        rows.add(row.after(base));
      }
    }
    return rows;
  }
}
