package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.primitives.Bytes;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How pictures come to the page, and that what is shown is of the picture that is shown. */
class PagePicturesTest {
  private static final String EVENT =
      """
      const [type, target, base64, text] = arguments;
      const data = new DataTransfer();
      if (base64) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], "given.png", { type: "image/png" }));
      }
      if (text) {
        data.items.add(text, "text/plain");
      }
      const more = { bubbles: true, cancelable: true };
      const event = type === "paste"
        ? new ClipboardEvent(type, { clipboardData: data, ...more })
        : new DragEvent(type, { dataTransfer: data, ...more });
      return document.querySelector(target).dispatchEvent(event);
      """;

  @TempDir private static Path folder;
  private static PageBrowser page;

  @BeforeAll
  static void start() throws IOException {
    page = PageBrowser.open(folder.resolve("profile"));
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

  /** Red at the left, blue at the right. */
  private static Path picture(String name, int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.RED);
    graphics.fillRect(0, 0, width / 2, height);
    graphics.setColor(Color.BLUE);
    graphics.fillRect(width / 2, 0, width, height);
    graphics.dispose();
    Path file = folder.resolve(name);
    ImageIO.write(image, name.substring(name.indexOf('.') + 1), file.toFile());
    return file;
  }

  private static String base64(Path file) throws IOException {
    return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
  }

  private static String sent() {
    return page.lastRow().at("/image_bytes/b64").asText();
  }

  private static BufferedImage sentPicture() throws IOException {
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(sent())));
  }

  private static void give(Path file) {
    int before = page.requests().size();
    page.give(file);
    page.until(() -> page.requests().size() > before);
  }

  private static List<?> box(String css) {
    return (List<?>)
        page.script(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                + "return [b.left, b.top, b.width, b.height].map(Math.round)",
            css);
  }

  private static void seek(String word) {
    page.script(
        "document.getElementById('words').value = arguments[0];"
            + "document.getElementById('heat-form').requestSubmit()",
        word);
  }

  @Test
  void theHeatLiesOverThePicture() throws IOException {
    page.size(375, 800);
    for (Path file : List.of(picture("wide.png", 640, 200), picture("high.png", 100, 900))) {
      give(file);
      seek("circle");
      page.untilText("#places [aria-pressed=true]", "“circle”");
      assertEquals(box("#photo"), box("#heat"));
      page.shoot("over-" + file.getFileName().toString().replace(".png", ""));
      long height = (Long) box("#photo").get(3);
      assertTrue(height <= 800, height + " px high");
    }
  }

  /** The JPEG with a tag of orientation, as cameras write it. */
  private static Path turned(int orientation, ByteOrder order) throws IOException {
    byte[] plain = Files.readAllBytes(picture("plain.jpg", 60, 30));
    ByteBuffer exif = ByteBuffer.allocate(36);
    exif.putShort((short) 0xffe1).putShort((short) 34).put("Exif\0\0".getBytes(US_ASCII));
    exif.order(order).put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(US_ASCII));
    exif.putShort((short) 42).putInt(8).putShort((short) 1);
    exif.putShort((short) 0x112).putShort((short) 3).putInt(1).putShort((short) orientation);
    return Files.write(
        folder.resolve("turned-%d-%s.jpg".formatted(orientation, order)),
        Bytes.concat(
            Arrays.copyOf(plain, 2), exif.array(), Arrays.copyOfRange(plain, 2, plain.length)));
  }

  @Test
  void turnedPhotosAreSentUpright() throws IOException {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      give(turned(6, order));
      BufferedImage upright = sentPicture();
      assertEquals(List.of(30, 60), List.of(upright.getWidth(), upright.getHeight()));
      assertTrue(new Color(upright.getRGB(15, 10)).getRed() > 200);
      assertTrue(new Color(upright.getRGB(15, 50)).getBlue() > 200);
    }
    Path asItIs = turned(1, ByteOrder.BIG_ENDIAN);
    give(asItIs);
    assertEquals(base64(asItIs), sent());
  }

  @Test
  void answersAboutAnOlderPictureAreDropped() throws Exception {
    Path older = picture("older.png", 40, 40);
    give(older);
    page.untilText("#captions", "first sees");
    String olderBytes = base64(older);
    CountDownLatch newerIsShown = new CountDownLatch(1);
    AtomicInteger late = new AtomicInteger();
    page.answer(
        (model, signature, rows) -> {
          if (rows.at("/0/image_bytes/b64").asText().equals(olderBytes)) {
            newerIsShown.await();
            late.incrementAndGet();
          }
          return PageTest.answer(model, signature, rows);
        });
    seek("circle");
    page.script("document.getElementById('caption-form').requestSubmit()");
    give(picture("newer.png", 50, 50));
    page.untilText("#captions", "first sees");
    newerIsShown.countDown();
    page.until(() -> late.get() == 2);
    frames();
    assertEquals("", page.get("#places").getText());
    assertFalse(page.get("#heat").isDisplayed());
    assertEquals("false", page.get("#captions").getAttribute("aria-busy"));
  }

  /** Lets the page do what it has to. */
  private static void frames() {
    page.browser()
        .executeAsyncScript(
            """
            let left = 10;
            const done = arguments[0];
            const next = () => (left-- ? requestAnimationFrame(next) : done());
            next();
            """);
  }

  @Test
  void theLastWordIsShown() throws Exception {
    give(picture("word.png", 40, 40));
    CountDownLatch secondIsShown = new CountDownLatch(1);
    AtomicInteger late = new AtomicInteger();
    page.answer(
        (model, signature, rows) -> {
          if (rows.at("/0/text").asText().equals("one")) {
            secondIsShown.await();
            late.incrementAndGet();
          }
          return PageTest.answer(model, signature, rows);
        });
    seek("one");
    seek("two");
    page.untilText("#places", "“two”");
    secondIsShown.countDown();
    page.until(() -> late.get() == 1);
    frames();
    page.untilText("#places", "“two”");
  }

  @Test
  void theLastOfTwoPicturesIsTaken() throws IOException {
    Path slow = picture("slow.png", 70, 40);
    Path quick = picture("quick.png", 40, 40);
    page.script(
        """
        const decode = window.createImageBitmap;
        window.createImageBitmap = async (file) => {
          if (file.name === "slow.png") {
            await new Promise((done) => { window.goOn = done; });
          }
          return decode(file);
        };
        """);
    page.give(slow);
    page.until(() -> page.script("return typeof window.goOn").equals("function"));
    give(quick);
    page.untilText("#captions", "first sees");
    page.script("window.goOn()");
    frames();
    page.get("#caption-form button").click();
    page.until(() -> page.requests().size() > 1);
    assertEquals("40", page.get("#photo").getAttribute("width"));
    assertEquals(base64(quick), sent());
  }

  @Test
  void theCameraIsUsedAndLeft() throws IOException {
    page.get("#film").click();
    page.until(() -> page.get("#shoot").isDisplayed());
    assertTrue(page.get("#camera").isDisplayed());
    page.shoot("camera");
    page.get("#stop").click();
    page.until(() -> !page.get("#camera").isDisplayed());
    assertTrue(page.get("#hint").isDisplayed() && page.get("#film").isDisplayed());
    assertEquals(null, page.script("return document.getElementById('camera').srcObject"));

    page.get("#film").click();
    page.until(() -> page.get("#shoot").isDisplayed());
    page.get("#shoot").click();
    page.untilText("#captions", "first sees");
    assertTrue(sentPicture().getWidth() > 100);
    assertFalse(page.get("#camera").isDisplayed());
    assertTrue(page.get("#photo").isDisplayed());
    page.get("#film").click();
    page.until(() -> page.get("#shoot").isDisplayed());
    assertFalse(page.get("#photo").isDisplayed());
    page.get("#stop").click();
    page.until(() -> page.get("#photo").isDisplayed());
  }

  @Test
  void aCameraThatFailsIsSaid() {
    page.script("HTMLMediaElement.prototype.play = () => Promise.reject(new Error('no power'))");
    page.get("#film").click();
    page.untilText("#problem", "The camera cannot be used: no power");
    assertTrue(page.get("#film").isDisplayed() && page.get("#hint").isDisplayed());
    assertEquals(null, page.script("return document.getElementById('camera').srcObject"));
  }

  @Test
  void withoutASecureContextThePhonesOwnCameraIsAsked() throws IOException {
    page.load(PageBrowser.PLAIN_HOST, PageTest::answer);
    assertEquals(false, page.script("return isSecureContext"));
    page.script(
        """
        document.addEventListener("click", (event) => {
          if (event.target.type === "file") {
            window.opened = event.target.id;
            event.preventDefault();
          }
        });
        """);
    page.get("#film").click();
    assertEquals("snap", page.script("return window.opened"));
    assertEquals("environment", page.get("#snap").getAttribute("capture"));
    page.get("#snap").sendKeys(picture("snap.png", 40, 40).toAbsolutePath().toString());
    page.untilText("#captions", "first sees");
  }

  @Test
  void theSameFileCanBeChosenAgain() throws IOException {
    Path file = picture("again.png", 40, 40);
    give(file);
    page.untilText("#captions", "first sees");
    give(file);
    assertEquals(2, page.requests().size());
  }

  @Test
  void picturesArePastedAndDropped() throws IOException {
    String picture = base64(picture("given.png", 40, 40));
    for (String type : List.of("paste", "drop")) {
      page.load(PageTest::answer);
      assertEquals(false, page.script(EVENT, type, "body", picture, null));
      page.untilText("#captions", "first sees");
      assertEquals(picture, sent());
    }
    page.requests().clear();
    assertEquals(false, page.script(EVENT, "paste", "#question", picture, null));
    page.until(() -> page.requests().size() == 1);
  }

  @Test
  void textForATextFieldIsLeftToIt() throws IOException {
    String picture = base64(picture("given.png", 40, 40));
    assertEquals(true, page.script(EVENT, "paste", "#texts", picture, "a table"));
    assertEquals(true, page.script(EVENT, "paste", "#texts", null, "a text"));
    assertEquals(true, page.script(EVENT, "dragover", "#texts", null, "a text"));
    assertEquals(true, page.script(EVENT, "drop", "#texts", null, "a text"));
    frames();
    assertEquals(List.of(), page.requests());
    assertFalse(page.get("#photo").isDisplayed());
  }
}
