package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  private record Row(String image, double logProb, List<Integer> tokenIds, String absent) {}

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void resultsAreJsonLinesOrText() throws IOException {
    Row row = new Row("é.jpg", -0.5, List.of(1, 2), null);
    console(true, false, false).result(row, "for people");
    console(false, false, false).result(row, "for people");
    assertEquals(
        "{\"image\":\"é.jpg\",\"log_prob\":-0.5,\"token_ids\":[1,2]}\nfor people\n", text(out));
    assertEquals("", text(err));
  }

  @Test
  void failedItemsAreNamedAndMakeTheStatusOne() {
    Console console = console(true, true, false);
    assertEquals(ExitCodes.OK, console.exitCode());
    console.failed("x.jpg", "not an image");
    console.note("not shown when quiet");
    assertEquals("blip: x.jpg: not an image\n", text(err));
    assertEquals(ExitCodes.SOME_FAILED, console.exitCode());
  }

  @Test
  void closedPipeIsToldApart() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    Console console =
        new Console(new Streams(InputStream.nullInputStream(), closed, err, false), false, false);
    IOException e = assertThrows(Console.ClosedOutput.class, () -> console.text("line"));
    ErrorLine line = ErrorLine.of(e);
    assertEquals(new ErrorLine("", ExitCodes.CLOSED_PIPE), line);
  }

  @Test
  void barOnTerminalIsClearedForMessages() {
    Console console = console(false, false, true);
    try (Progress progress = console.progress("images", 4)) {
      progress.advance(2);
      console.bar("[bar]");
      console.failed("x.jpg", "not an image");
    }
    String shown = text(err);
    assertTrue(shown.contains("\r[bar]\033[K\r\033[Kblip: x.jpg: not an image\n"), shown);
    assertTrue(shown.contains("[############............] images 2/4 (50%)"), shown);
    assertTrue(shown.endsWith("\n"), shown);
  }

  @Test
  void shortWorkOffTerminalIsSilentAndSoIsQuiet() {
    try (Progress progress = console(false, false, false).progress("images", 4)) {
      progress.advance(4);
    }
    try (Progress progress = console(false, true, true).progress("images", 4)) {
      progress.advance(4);
    }
    assertEquals("", text(err));
  }

  @Test
  void progressLineGivesRateAndTimeLeft() {
    assertEquals("images 50/200 (25%), 5.00/s, 0:30 left", Progress.line("images", 50, 200, 10));
    assertEquals("images 500, 50/s, 0:10", Progress.line("images", 500, -1, 10));
    assertEquals("steps 1/7200 (0%), 1.00/s, 1:59:59 left", Progress.line("steps", 1, 7200, 1));
  }

  private Console console(boolean json, boolean quiet, boolean terminal) {
    return new Console(new Streams(InputStream.nullInputStream(), out, err, terminal), json, quiet);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
