package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.io.Resources;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in Chromium, before a server whose models answer as a test says. */
final class PageBrowser implements AutoCloseable {
  /** A host of this name is no secure context, in which a browser gives no camera. */
  static final String PLAIN_HOST = "page.test";

  private static final Logger QUIET = Logger.getLogger("org.openqa.selenium");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SHOTS = Path.of("target", "page");
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html", "js", "text/javascript", "css", "text/css", "svg", "image/svg+xml");

  /** What is answered to a call; null as body cuts the connection. */
  record Reply(int status, String body) {
    static Reply rows(Object... rows) throws IOException {
      return new Reply(200, JSON.writeValueAsString(Map.of("predictions", rows)));
    }

    static Reply error(int status, String error) throws IOException {
      return new Reply(status, JSON.writeValueAsString(Map.of("error", error)));
    }
  }

  /** A model's answers; a rule may wait before it gives one. */
  interface Rule {
    Reply answer(String model, String signature, JsonNode rows) throws Exception;
  }

  private final List<JsonNode> requests = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final ChromeDriver browser;
  private volatile Rule rule = (model, signature, rows) -> Reply.rows();

  private PageBrowser(File chromium, File driver, Path profile) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
    Files.createDirectories(SHOTS);
    QUIET.setLevel(Level.SEVERE);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options =
        new ChromeOptions()
            .setBinary(chromium)
            .addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                "--host-resolver-rules=MAP " + PLAIN_HOST + " 127.0.0.1",
                "--user-data-dir=" + profile);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver)
            .withEnvironment(Map.of("SE_OFFLINE", "true"))
            .build();
    browser = new ChromeDriver(service, options);
  }

  /**
   * Starts both. Without Chromium the tests are skipped, unless the property {@code blip.browser}
   * is {@code required}.
   */
  static PageBrowser open(Path profile) throws IOException {
    Optional<File> chromium = program("chromium", "chromium-browser", "google-chrome");
    Optional<File> driver = program("chromedriver");
    if (chromium.isEmpty() || driver.isEmpty()) {
      assumeTrue(
          !"required".equals(System.getProperty("blip.browser")),
          () -> fail("there is no chromium with chromedriver on the PATH"));
      assumeTrue(false, "no chromium with chromedriver on the PATH");
    }
    return new PageBrowser(chromium.orElseThrow(), driver.orElseThrow(), profile);
  }

  private static Optional<File> program(String... names) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(path -> Stream.of(names).map(name -> new File(path, name)))
        .filter(File::canExecute)
        .findFirst();
  }

  @Override
  public void close() {
    browser.quit();
    server.stop(0);
    threads.shutdownNow();
  }

  /** Serves the page as {@code serve} does. */
  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/blip/models")) {
      List<String> all =
          List.of("caption", "caption_prompted", "caption_sample", "match", "attribution", "vqa");
      List<?> models =
          List.of(
              Map.of("name", "first", "signatures", all),
              Map.of("name", "second", "signatures", List.of("caption", "match")),
              Map.of("name", "third", "signatures", List.of("attribution")));
      send(exchange, 200, "application/json", JSON.writeValueAsBytes(Map.of("models", models)));
    } else if (path.startsWith("/v1/models/")) {
      JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
      requests.add(request);
      String model = path.substring("/v1/models/".length()).replace(":predict", "");
      Reply reply;
      try {
        reply =
            rule.answer(model, request.path("signature_name").asText(), request.get("instances"));
      } catch (Exception e) {
        reply = Reply.error(500, e.toString());
      }
      if (reply.body() == null) {
        exchange.close();
      } else {
        send(exchange, reply.status(), "application/json", reply.body().getBytes(UTF_8));
      }
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

  /** Opens the page anew, on a desktop's screen; models answer by the rule. */
  void load(Rule answers) {
    load("localhost", answers);
  }

  void load(String host, Rule answers) {
    requests.clear();
    rule = answers;
    size(1200, 900);
    browser.get("http://%s:%d/".formatted(host, server.getAddress().getPort()));
    until(() -> find("#model option").isPresent());
  }

  void answer(Rule answers) {
    rule = answers;
  }

  ChromeDriver browser() {
    return browser;
  }

  List<JsonNode> requests() {
    return requests;
  }

  /** The row that was asked last. */
  JsonNode lastRow() {
    return requests.get(requests.size() - 1).at("/instances/0");
  }

  /** What the browser logged but failed calls, which it logs by itself. */
  String logged() {
    return browser.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .filter(line -> !line.contains(":predict - Failed to load resource"))
        .collect(joining("\n"));
  }

  void size(int width, int height) {
    Map<String, Object> metrics =
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500);
    browser.executeCdpCommand("Emulation.setDeviceMetricsOverride", metrics);
  }

  Optional<WebElement> find(String css) {
    return browser.findElements(By.cssSelector(css)).stream().findFirst();
  }

  WebElement get(String css) {
    return find(css).orElseThrow();
  }

  Object script(String script, Object... values) {
    return browser.executeScript(script, values);
  }

  void until(BooleanSupplier holds) {
    new WebDriverWait(browser, Duration.ofSeconds(20), Duration.ofMillis(50))
        .until(any -> holds.getAsBoolean());
  }

  void untilText(String css, String text) {
    until(() -> find(css).map(WebElement::getText).orElse("").contains(text));
  }

  void shoot(String name) throws IOException {
    Files.write(SHOTS.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
  }

  void give(Path file) {
    get("#file").sendKeys(file.toAbsolutePath().toString());
  }
}
