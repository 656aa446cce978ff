package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.PairFile;
import org.blip4j.tools.input.TextArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists of texts, prompts and pairs. */
class TextInputsTest {
  private static final InputStream NOTHING = InputStream.nullInputStream();

  @TempDir private Path folder;

  private String file(String content) throws IOException {
    return Files.writeString(folder.resolve("list.txt"), content).toString();
  }

  private static IllegalArgumentException refused(org.junit.jupiter.api.function.Executable body) {
    return assertThrows(IllegalArgumentException.class, body);
  }

  @Test
  void promptsAreALineForEachImage() throws IOException {
    Captioner.Prompts prompts = Captioner.Prompts.read(file("a red\n\nthe dog\n"), NOTHING);

    assertEquals(List.of("a red", "", "the dog"), prompts.prompts());
    assertTrue(prompts.has(2));
    assertFalse(prompts.has(3));
    prompts.require(3);
    prompts.require(-1);
    assertTrue(refused(() -> prompts.require(4)).getMessage().contains("has 3 lines for 4 images"));
    String empty = file("");
    assertTrue(
        refused(() -> Captioner.Prompts.read(empty, NOTHING)).getMessage().contains("is empty"));
  }

  @Test
  void listsAreUtf8() throws IOException {
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {(byte) 0xe4, '\n'});

    IOException thrown =
        assertThrows(IOException.class, () -> TextArguments.lines(latin.toString(), NOTHING));

    assertTrue(thrown.getMessage().contains("is not UTF-8"), thrown.getMessage());
    assertEquals(
        List.of("ä", "b"),
        TextArguments.lines("-", new ByteArrayInputStream("ä\r\nb".getBytes(UTF_8))));
  }

  @Test
  void pairsKeepTheirOrderAndBadLinesAreNamed() throws IOException {
    Path image = Files.write(folder.resolve("0.jpg"), TinyModel.image(0, "jpg"));
    String lines =
        String.join(
            "\n",
            image + "\ta dog\twith a tab",
            "no tab",
            "",
            "{\"image\": \"" + image + "\", \"text\": \"a cat\"}",
            "{\"image\": 5}",
            "absent.jpg\ta dog");
    try (PairFile file = new PairFile(file(lines), NOTHING, "text")) {
      List<PairFile.Pair> first = file.next(4);
      List<PairFile.Pair> rest = file.next(4);

      assertEquals("a dog\twith a tab", first.get(0).text());
      assertSame(first.get(0).image(), first.get(2).image());
      assertEquals("a cat", first.get(2).text());
      assertProblem("list.txt, line 2", "expected image<tab>text, or", first.get(1));
      assertProblem("list.txt, line 5", "strings image, text", first.get(3));
      assertProblem("absent.jpg", "no such file", rest.get(0));
      assertEquals(List.of(), file.next(4));
    }
  }

  @Test
  void aFileOfAnotherKindIsRefusedAtItsFirstLine() throws IOException {
    try (PairFile file = new PairFile(file("image,text\na,b\n"), NOTHING, "text")) {
      IOException thrown = assertThrows(IOException.class, () -> file.next(1));
      assertTrue(
          thrown.getMessage().contains("line 1: expected image<tab>text"), thrown.getMessage());
    }
  }

  private static void assertProblem(String name, String why, PairFile.Pair pair) {
    assertTrue(pair.image().name().endsWith(name), pair.image().name());
    String text = ((LoadedImage.Problem) pair.image().content()).text();
    assertTrue(text.contains(why), text);
  }
}
