package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ErrorLineTest {
  @Test
  void userMistakesKeepTheirWordsOnOneLine() {
    assertLine("a; b", ExitCodes.USAGE, new IllegalArgumentException("a\n  b\n"));
    assertLine("bad file", ExitCodes.USAGE, new UncheckedIOException(new IOException("bad file")));
  }

  @Test
  void fileErrorsAreSpelledOut() {
    assertLine("x: no such file or folder", ExitCodes.USAGE, new NoSuchFileException("x"));
    assertLine(
        "x: exists already; choose another place, or give --overwrite",
        ExitCodes.USAGE,
        new FileAlreadyExistsException("x"));
  }

  @Test
  void fullDiskIsFoundInTheCauses() {
    assertLine(
        "no space left on the disk; free some, or write elsewhere, and run it again",
        ExitCodes.USAGE,
        new IllegalStateException("saving", new IOException("No space left on device")));
  }

  @Test
  void unexpectedIsToldAsSuch() {
    assertLine(
        "internal error: java.lang.IllegalStateException: odd (--debug shows where)",
        ExitCodes.SOME_FAILED,
        new ExecutionException(new IllegalStateException("odd")));
  }

  private static void assertLine(String message, int code, Throwable thrown) {
    assertEquals(new ErrorLine(message, code), ErrorLine.of(thrown));
  }
}
