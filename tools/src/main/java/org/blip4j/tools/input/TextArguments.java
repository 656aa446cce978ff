package org.blip4j.tools.input;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  /** The lines of a file, or of standard input for {@code -}. */
  public static List<String> lines(String file, InputStream in) throws IOException {
    try (InputStream bytes = file.equals("-") ? in : Files.newInputStream(Path.of(file));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()))) {
      return reader.lines().toList();
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw new IOException(file + " is not UTF-8 text; convert it", e);
      }
      throw e.getCause();
    }
  }
}
