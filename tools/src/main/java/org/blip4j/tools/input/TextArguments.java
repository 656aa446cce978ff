package org.blip4j.tools.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.blip4j.data.file.TextFile;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Option;

/** Texts that are listed in a file. */
public final class TextArguments {
  @Option(
      names = "--texts-from",
      paramLabel = "FILE",
      description = "Texts, one a line; - is standard input.")
  private String file;

  /** Whether there is a list. */
  public boolean given() {
    return file != null;
  }

  /** Whether the list is read from standard input. */
  public boolean usesStandardInput() {
    return "-".equals(file);
  }

  /** Texts of the command line and those of the list; blank lines are passed over. */
  public List<String> with(List<String> texts, InputStream in) throws IOException {
    List<String> all = new ArrayList<>(texts);
    if (file != null) {
      lines(file, in).stream().filter(line -> !line.isBlank()).forEach(all::add);
    }
    return List.copyOf(all);
  }

  /**
   * The lines of a file, or of standard input for {@code -}.
   *
   * @throws IOException that names file, line and byte, if one is not UTF-8
   */
  public static List<String> lines(String file, InputStream in) throws IOException {
    if (!file.equals("-")) {
      return TextFile.lines(Path.of(file));
    }
    try (in) {
      return TextFile.decode(in.readAllBytes(), "standard input").lines().toList();
    }
  }

  /** Tells of texts that were cut, each once however many rows it is in. */
  public static final class Notes {
    private static final int SHOWN = 40;

    private final Console console;
    private final Set<String> told = new HashSet<>();

    public Notes(Console console) {
      this.console = console;
    }

    /** Tells what a result says of its text; nothing if it says nothing. */
    public void tell(String text, String note) {
      if (!note.isEmpty() && told.add(text)) {
        int end =
            text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length())));
        String shown = end < text.length() ? text.substring(0, end) + "..." : text;
        console.note("blip: \"%s\": %s", shown.replaceAll("\\R", " "), note);
      }
    }
  }
}
