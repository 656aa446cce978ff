package org.blip4j.tools.infer;

import java.util.HashSet;
import java.util.Set;
import org.blip4j.tools.console.Console;

/** Tells of texts that were cut, each once however many rows it is in. */
final class TextNotes {
  private static final int SHOWN = 40;

  private final Console console;
  private final Set<String> told = new HashSet<>();

  TextNotes(Console console) {
    this.console = console;
  }

  /** Tells what a result says of its text; nothing if it says nothing. */
  void tell(String text, String note) {
    if (!note.isEmpty() && told.add(text)) {
      int end = text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length())));
      String shown = end < text.length() ? text.substring(0, end) + "..." : text;
      console.note("blip: \"%s\": %s", shown.replaceAll("\\R", " "), note);
    }
  }
}
