package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.io.Resources;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * The page in a browser, before a server that answers as a model would. Without Chromium it is
 * skipped, unless the property {@code blip.browser} is {@code required}.
 */
class PageTest {
  private static final Logger QUIET = Logger.getLogger("org.openqa.selenium");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SHOTS = Path.of("target", "page");
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html", "js", "text/javascript", "css", "text/css", "svg", "image/svg+xml");

  @TempDir private static Path folder;
  private static HttpServer server;
  private static ChromeDriver browser;
  private static Path photo;
  private static final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  private static Optional<File> program(String... names) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(path -> Stream.of(names).map(name -> new File(path, name)))
        .filter(File::canExecute)
        .findFirst();
  }

  @BeforeAll
  static void start() throws IOException {
    Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
    Optional<File> driver = program("chromedriver");
    if (chromium.isEmpty() || driver.isEmpty()) {
      assumeTrue(
          !"required".equals(System.getProperty("blip.browser")),
          () -> fail("there is no chromium with chromedriver on the PATH"));
      assumeTrue(false, "no chromium with chromedriver on the PATH");
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", PageTest::handle);
    server.start();
    photo = folder.resolve("photo.png");
    ImageIO.write(picture(), "png", photo.toFile());
    Files.createDirectories(SHOTS);
    QUIET.setLevel(Level.SEVERE);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options =
        new ChromeOptions()
            .setBinary(chromium.get())
            .addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"));
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.get())
            .withEnvironment(Map.of("SE_OFFLINE", "true"))
            .build();
    browser = new ChromeDriver(service, options);
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.quit();
    }
    if (server != null) {
      server.stop(0);
    }
  }

  private static BufferedImage picture() {
    BufferedImage image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(120, 160, 90));
    graphics.fillRect(0, 0, 320, 240);
    graphics.setColor(new Color(190, 40, 40));
    graphics.fillOval(60, 60, 120, 120);
    graphics.dispose();
    return image;
  }

  /** Serves the page as {@code serve} does, and models that know their answers. */
  private static void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/blip/models")) {
      send(exchange, 200, "application/json", JSON.writeValueAsBytes(models()));
    } else if (path.startsWith("/v1/")) {
      JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
      requests.add(request);
      Object answer = answer(path, request);
      int status = ((Map<?, ?>) answer).containsKey("error") ? 503 : 200;
      send(exchange, status, "application/json", JSON.writeValueAsBytes(answer));
    } else {
      String name = path.equals("/") ? "index.html" : path.substring(1);
      byte[] file =
          Resources.toByteArray(Resources.getResource("org/blip4j/tools/serve/page/" + name));
      send(exchange, 200, TYPES.get(name.substring(name.indexOf('.') + 1)), file);
    }
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange
        .getResponseHeaders()
        .set("Content-Security-Policy", "default-src 'self'; img-src 'self' blob:");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static Map<String, Object> models() {
    List<String> all =
        List.of("caption", "caption_prompted", "caption_sample", "match", "attribution", "vqa");
    return Map.of(
        "models",
        List.of(
            Map.of("name", "first", "signatures", all),
            Map.of("name", "second", "signatures", List.of("caption", "match"))));
  }

  private static Object answer(String path, JsonNode request) {
    String model = path.contains("/first:") ? "first" : "second";
    JsonNode row = request.path("instances").path(0);
    String text = row.path("text").asText();
    return switch (request.path("signature_name").asText()) {
      case "match" ->
          Map.of(
              "predictions",
              Stream.of("a dog", "a red circle", "green grass")
                  .map(
                      each ->
                          Map.of(
                              "itm_probability",
                              each.contains("red") ? 0.9 : 0.1,
                              "itc_cosine",
                              0.25,
                              "status",
                              ""))
                  .toList());
      case "attribution" ->
          text.equals("nothing")
              ? one(Map.of("heat", List.of(List.of(0)), "status", "the text is not UTF-8"))
              : one(Map.of("heat", heat(), "status", ""));
      case "vqa" ->
          row.path("question").asText().equals("overload?")
              ? Map.of("error", "the queue is full")
              : one(Map.of("answer", "red", "log_prob", -0.5, "status", ""));
      default ->
          one(
              Map.of(
                  "caption",
                  model + " sees a circle" + row.path("prompt").asText(),
                  "log_prob",
                  -1.25,
                  "status",
                  ""));
    };
  }

  private static Map<String, Object> one(Object row) {
    return Map.of("predictions", List.of(row));
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

  @BeforeEach
  void open() {
    requests.clear();
    size(1200, 900);
    browser.get("http://localhost:" + server.getAddress().getPort() + "/");
    until(() -> find("#model option").isPresent());
  }

  @AfterEach
  void nothingIsLogged() {
    List<LogEntry> logged = browser.manage().logs().get(LogType.BROWSER).getAll();
    assertEquals(
        List.of(),
        logged.stream().map(LogEntry::getMessage).filter(line -> !line.contains("503")).toList());
  }

  private static void size(int width, int height) {
    Map<String, Object> metrics =
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500);
    browser.executeCdpCommand("Emulation.setDeviceMetricsOverride", metrics);
  }

  private static Optional<WebElement> find(String css) {
    return browser.findElements(By.cssSelector(css)).stream().findFirst();
  }

  private static WebElement get(String css) {
    return find(css).orElseThrow();
  }

  private static void until(BooleanSupplier holds) {
    new WebDriverWait(browser, Duration.ofSeconds(20), Duration.ofMillis(50))
        .until(any -> holds.getAsBoolean());
  }

  private static void untilText(String css, String text) {
    until(() -> find(css).map(WebElement::getText).orElse("").contains(text));
  }

  private static void shoot(String name) throws IOException {
    Files.write(SHOTS.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
  }

  private static void give() {
    get("#file").sendKeys(photo.toAbsolutePath().toString());
    untilText("#captions", "first sees a circle");
  }

  @Test
  void aPictureIsCaptionedByTwoModels() throws IOException {
    give();
    assertEquals(
        Base64.getEncoder().encodeToString(Files.readAllBytes(photo)),
        requests.get(0).at("/instances/0/image_bytes/b64").asText());

    get("#other").sendKeys("second");
    get("#caption-form button").click();
    untilText("#captions", "second sees a circle");
    assertTrue(get("#captions").getText().contains("log probability -1.25"));
    shoot("captions");
    get("#prompt").sendKeys(" in the grass", Keys.ENTER);
    untilText("#captions", "first sees a circlein the grass");
    get("#sample").click();
    until(
        () -> requests.get(requests.size() - 1).path("signature_name").asText().endsWith("sample"));
    assertEquals(1, requests.get(requests.size() - 1).at("/instances/0/seed").asInt());
  }

  @Test
  void questionsTextsAndWordsAreAsked() throws IOException {
    give();
    get("#question").sendKeys("which colour?", Keys.ENTER);
    untilText("#replies", "red");
    get("#texts").sendKeys("a dog\na red circle\n\ngreen grass");
    get("#match-form button").click();
    untilText("#matches li", "a red circle 90.0 %, cosine 0.250");
    assertEquals(3, browser.findElements(By.cssSelector("#matches li")).size());
    get("#word-buttons button:last-child").click();
    untilText("#heat-note", "first looks at the coloured places for “circle”");
    assertTrue(get("#heat").isDisplayed());
    assertEquals("12", get("#heat").getAttribute("width"));
    shoot("heat");
    get("#words").clear();
    get("#words").sendKeys("nothing", Keys.ENTER);
    untilText("#heat-note", "the text is not UTF-8");
    assertTrue(!get("#heat").isDisplayed());
    get("#question").clear();
    get("#question").sendKeys("overload?", Keys.ENTER);
    untilText("#replies .failed", "first: the queue is full");
  }

  @Test
  void itWorksByKeyboardOnAPhoneInTheDark() throws IOException {
    browser.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
    size(375, 800);
    give();
    Object width = browser.executeScript("return document.documentElement.scrollWidth");
    assertEquals(375L, width);
    Actions keys = new Actions(browser);
    browser.executeScript("document.activeElement.blur(); window.scrollTo(0, 0)");
    for (int i = 0; i < 20 && !focused().equals("question"); i++) {
      keys.sendKeys(Keys.TAB).perform();
    }
    keys.sendKeys("which colour?", Keys.ENTER).perform();
    untilText("#replies", "red");
    assertEquals(
        "rgb(18, 21, 23)",
        browser.executeScript("return getComputedStyle(document.body).backgroundColor"));
    shoot("phone");
    browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
  }

  private static String focused() {
    return String.valueOf(browser.executeScript("return document.activeElement.id"));
  }

  @Test
  void whatIsNoPictureIsSaid() throws IOException {
    Path text = Files.writeString(folder.resolve("note.txt"), "no picture", UTF_8);
    get("#caption-form button").click();
    untilText("#problem", "Choose a picture first.");
    get("#file").sendKeys(text.toAbsolutePath().toString());
    untilText("#problem", "note.txt is no picture that this browser can show.");
  }
}
