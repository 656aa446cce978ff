package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Streams;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.blip4j.tools.serve.PageBrowser.Reply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.Select;

/** What is asked of the models and how their answers are shown. */
class PageTest {
  @TempDir private static Path folder;
  private static PageBrowser page;
  private static Path photo;

  @BeforeAll
  static void start() throws IOException {
    page = PageBrowser.open(folder.resolve("profile"));
    BufferedImage image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(120, 160, 90));
    graphics.fillRect(0, 0, 320, 240);
    graphics.setColor(new Color(190, 40, 40));
    graphics.fillOval(60, 60, 120, 120);
    graphics.dispose();
    photo = folder.resolve("photo.png");
    ImageIO.write(image, "png", photo.toFile());
  }

  @AfterAll
  static void stop() {
    if (page != null) {
      page.close();
    }
  }

  @BeforeEach
  void open() {
    page.load(PageTest::answer);
  }

  @AfterEach
  void nothingIsLogged() {
    assertEquals("", page.logged());
  }

  /** Models that know their answers. */
  static Reply answer(String model, String signature, JsonNode rows) throws IOException {
    JsonNode row = rows.path(0);
    return switch (signature) {
      case "match" -> Reply.rows(Streams.stream(rows).map(PageTest::matched).toArray());
      case "attribution" ->
          row.path("text").asText().equals("nothing")
              ? Reply.rows(Map.of("heat", List.of(List.of(0)), "status", "the text is not UTF-8"))
              : Reply.rows(Map.of("heat", heat(), "status", ""));
      case "vqa" -> Reply.rows(Map.of("answer", "red", "log_prob", -0.5, "status", ""));
      default ->
          Reply.rows(
              Map.of(
                  "caption",
                  model + " sees a circle" + row.path("prompt").asText(),
                  "log_prob",
                  -1.25,
                  "status",
                  ""));
    };
  }

  private static Map<String, Object> matched(JsonNode row) {
    double probability = row.path("text").asText().contains("red") ? 0.9 : 0.1;
    return Map.of("itm_probability", probability, "itc_cosine", 0.25, "status", "");
  }

  private static float[][] heat() {
    float[][] heat = new float[12][12];
    for (int y = 3; y < 9; y++) {
      for (int x = 2; x < 7; x++) {
        heat[y][x] = 0.001f * (x + y);
      }
    }
    return heat;
  }

  private static void give() {
    page.give(photo);
    page.untilText("#captions", "first sees a circle");
  }

  private static void write(String css, CharSequence... keys) {
    page.get(css).clear();
    page.get(css).sendKeys(keys);
  }

  private static void choose(String css, String model) {
    new Select(page.get(css)).selectByVisibleText(model);
  }

  @Test
  void aPictureIsCaptionedByTwoModels() throws IOException {
    give();
    assertEquals(
        Base64.getEncoder().encodeToString(Files.readAllBytes(photo)),
        page.lastRow().at("/image_bytes/b64").asText());

    choose("#other", "second");
    page.untilText("#captions", "second sees a circle");
    assertTrue(page.get("#captions").getText().contains("circle log probability -1.25"));
    assertEquals(
        "first sees circle second",
        page.browser().findElements(By.cssSelector("#word-buttons button")).stream()
            .map(WebElement::getText)
            .collect(joining(" ")));
    page.shoot("captions");
    write("#prompt", " in the grass", Keys.ENTER);
    page.untilText("#captions", "first sees a circlein the grass");
    page.get("#sample").click();
    page.until(() -> page.lastRow().has("seed"));
    assertEquals(1, page.lastRow().path("seed").asInt());
  }

  @Test
  void questionsTextsAndWordsAreAsked() throws IOException {
    give();
    write("#question", "which colour?", Keys.ENTER);
    page.untilText("#replies", "red");
    write("#texts", "a dog\na red circle\n\ngreen grass");
    page.get("#match-form button").click();
    page.untilText("#matches li", "a red circle 90.0 %, cosine 0.250");
    assertEquals(3, page.browser().findElements(By.cssSelector("#matches li")).size());
    page.get("#word-buttons button:last-child").click();
    page.untilText("#places [aria-pressed=true]", "“circle” on the picture");
    assertTrue(page.get("#heat").isDisplayed());
    assertEquals("12", page.get("#heat").getAttribute("width"));
    page.shoot("heat");
    write("#words", "nothing", Keys.ENTER);
    page.untilText("#places .failed", "the text is not UTF-8");
    assertTrue(!page.get("#heat").isDisplayed());
  }

  @Test
  void itWorksByKeyboardOnAPhoneInTheDark() throws IOException {
    page.browser()
        .executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
    page.size(375, 800);
    give();
    assertEquals(375L, page.script("return document.documentElement.scrollWidth"));
    Actions keys = new Actions(page.browser());
    page.script("document.activeElement.blur(); window.scrollTo(0, 0)");
    for (int i = 0; i < 20 && !focused().equals("question"); i++) {
      keys.sendKeys(Keys.TAB).perform();
    }
    keys.sendKeys("which colour?", Keys.ENTER).perform();
    page.untilText("#replies", "red");
    assertEquals(
        "rgb(18, 21, 23)", page.script("return getComputedStyle(document.body).backgroundColor"));
    page.shoot("phone");
    page.browser().executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
  }

  private static String focused() {
    return String.valueOf(page.script("return document.activeElement.id"));
  }

  @Test
  void whatIsNoPictureIsSaid() throws IOException {
    Path text = Files.writeString(folder.resolve("note.txt"), "no picture", UTF_8);
    page.get("#caption-form button").click();
    page.untilText("#problem", "Choose a picture first.");
    page.give(text);
    page.untilText("#problem", "note.txt is no picture that this browser can show.");
  }

  @Test
  void whatOtherModelsSaidGoesWithThem() {
    give();
    write("#question", "which colour?", Keys.ENTER);
    page.untilText("#replies", "red");
    choose("#model", "second");
    page.untilText("#captions", "second sees a circle");
    assertEquals("", page.script("return document.getElementById('replies').textContent"));
    choose("#model", "first");
    page.untilText("#captions", "first sees a circle");
    choose("#other", "third");
    seek("circle");
    page.until(() -> page.browser().findElements(By.cssSelector("#places button")).size() == 2);
    assertTrue(pressed().startsWith("first"), pressed());
    page.get("#places div:last-child button").click();
    assertTrue(pressed().startsWith("third"), pressed());
    choose("#other", "none");
    page.until(() -> !page.get("#heat").isDisplayed());
  }

  private static String pressed() {
    return String.valueOf(
        page.script(
            "return document.querySelector('#places [aria-pressed=true]').parentNode.textContent"));
  }

  private static void seek(String word) {
    write("#words", word, Keys.ENTER);
  }

  @Test
  void whatIsWrongIsInSightOnAPhone() {
    page.size(360, 740);
    page.script("window.scrollTo(0, 0)");
    page.get("#caption-form button").click();
    page.untilText("#problem", "Choose a picture first.");
    assertInSight("#problem");
    give();
    assertInSight("#captions p");
    write("#texts", " ");
    page.get("#match-form button").click();
    page.untilText("#problem", "Give a text");
    assertInSight("#problem");
    assertInSight("#texts");
  }

  private static void assertInSight(String css) {
    Object bottom =
        page.script(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                + "return b.top >= 0 ? Math.round(b.bottom) : -1",
            css);
    long y = (Long) bottom;
    assertTrue(y >= 0 && y <= 740, css + " ends at " + y);
  }

  @Test
  void manyTextsAreSentInSeveralRequests() throws IOException {
    Path large = folder.resolve("large.png");
    BufferedImage noise = new BufferedImage(800, 800, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int i = 0; i < 800 * 800; i++) {
      noise.setRGB(i % 800, i / 800, random.nextInt());
    }
    ImageIO.write(noise, "png", large.toFile());
    assertTrue(Files.size(large) > 1_900_000 && Files.size(large) < 2 << 20);
    page.give(large);
    page.untilText("#captions", "first sees a circle");
    page.requests().clear();
    String texts =
        String.join(
            "\n", IntStream.range(0, 8).mapToObj(i -> (i == 6 ? "red " : "t") + i).toList());
    page.script("document.getElementById('texts').value = arguments[0]", texts);
    page.get("#match-form button").click();
    page.untilText("#matches li", "red 6 90.0 %");
    assertEquals(8, page.browser().findElements(By.cssSelector("#matches li")).size());
    List<Integer> rows = page.requests().stream().map(r -> r.get("instances").size()).toList();
    assertEquals(List.of(3, 3, 2), rows);
  }

  @Test
  void textsOfBlanksAreNotAsked() {
    give();
    page.requests().clear();
    write("#texts", "\n \n");
    page.get("#match-form button").click();
    page.untilText("#problem", "Give a text");
    write("#question", " ", Keys.ENTER);
    page.untilText("#problem", "Give a question");
    write("#words", " ", Keys.ENTER);
    page.untilText("#problem", "Give a word");
    assertEquals(List.of(), page.requests());
  }

  @Test
  void whatGoesWrongAtTheServerIsSaid() throws IOException {
    give();
    assertFails(Reply.error(413, "too long"), "first: too long; send a smaller picture");
    assertFails(Reply.error(429, "too late"), "first: too late; ask again in a moment");
    assertFails(Reply.error(503, "the queue is full"), "first: the queue is full; ask again");
    assertFails(new Reply(502, "<html>"), "first: status 502");
    assertFails(new Reply(200, "<html>"), "first: the server's answer is no JSON");
    assertFails(new Reply(200, "{}"), "first: the server's answer has 0 rows in place of 1");
    assertFails(new Reply(0, null), "first: the server does not answer");
    page.answer((model, signature, rows) -> new Reply(0, null));
    write("#words", "circle", Keys.ENTER);
    page.untilText("#places .failed", "first: the server does not answer");
  }

  private static void assertFails(Reply reply, String said) {
    page.answer((model, signature, rows) -> reply);
    write("#question", "why?", Keys.ENTER);
    page.untilText("#replies .failed", said);
  }
}
