package org.blip4j.savedmodel.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Requests to the hub. Redirects are followed by hand, so that the token never reaches another host
 * and what the hub says about a file is not lost on the way to its storage.
 */
final class HubHttp {
  /**
   * What the hub says about a file.
   *
   * @param address where it is asked for
   * @param size its bytes, if told
   * @param etag names its content; empty if not told
   * @param commit the commit it belongs to, if told
   */
  record Remote(URI address, OptionalLong size, String etag, Optional<String> commit) {
    /** The SHA-256 of the content, where the tag is one, as for large files. */
    Optional<String> sha256() {
      return etag.matches("[0-9a-f]{64}") ? Optional.of(etag) : Optional.empty();
    }
  }

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int MOST_REDIRECTS = 10;
  private static final int ATTEMPTS = 4;

  private final HubName repository;
  private final HubSettings settings;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(TIMEOUT)
          .build();

  HubHttp(HubName repository, HubSettings settings) {
    this.repository = repository;
    this.settings = settings;
  }

  URI address(String file) {
    return URI.create(settings.endpoint() + repository.path(file));
  }

  /** Asks about a file; empty if there is none of that name. */
  Optional<Remote> ask(String file) throws IOException {
    URI address = address(file);
    Described described = new Described();
    URI at = address;
    boolean trusted = true;
    String method = "HEAD";
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = retried(request(at, trusted, 0, method));
      response.body().close();
      int status = response.statusCode();
      if (method.equals("HEAD") && (status == 405 || status == 501)) {
        method = "GET";
        continue;
      }
      described.add(response.headers(), isRedirect(status));
      if (!isRedirect(status)) {
        if (status == 404 && isAbsent(response.headers())) {
          return Optional.empty();
        }
        requireOk(file, response);
        return Optional.of(described.file(address));
      }
      at = next(at, response);
      trusted = trusted && isEndpoint(at);
      if (described.linked && (described.size.isPresent() || !trusted)) {
        return Optional.of(described.file(address)); // the rest is where the content is stored
      }
    }
    throw new HubException(repository + ": more than " + MOST_REDIRECTS + " redirects for " + file);
  }

  /** Starts to read a file at a byte; the caller closes the body. */
  HttpResponse<InputStream> open(String file, long from) throws IOException {
    URI at = address(file);
    boolean trusted = true;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = send(request(at, trusted, from, "GET"));
      if (isBusy(response.statusCode())) {
        response.body().close();
        throw new IOException("the hub answers " + response.statusCode());
      }
      if (!isRedirect(response.statusCode())) {
        if (response.statusCode() != 416) {
          requireOk(file, response);
        }
        return response;
      }
      response.body().close();
      at = next(at, response);
      trusted = trusted && isEndpoint(at);
    }
    throw new HubException(repository + ": more than " + MOST_REDIRECTS + " redirects for " + file);
  }

  private HttpRequest request(URI at, boolean trusted, long from, String method) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at)
            .timeout(TIMEOUT)
            .method(method, BodyPublishers.noBody())
            .header("Accept-Encoding", "identity")
            .header("User-Agent", "blip4j");
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (trusted) {
      settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    return request.build();
  }

  /** Sends a request again while the hub is busy or the connection fails. */
  private HttpResponse<InputStream> retried(HttpRequest request) throws IOException {
    for (int attempt = 1; ; attempt++) {
      boolean last = attempt == ATTEMPTS;
      try {
        HttpResponse<InputStream> response = send(request);
        if (last || !isBusy(response.statusCode())) {
          return response;
        }
        response.body().close();
      } catch (IOException e) {
        if (last || e instanceof ConnectException) {
          throw new HubException(
              "%s: %s cannot be reached (%s); offline, what is in the cache is used"
                  .formatted(repository, settings.endpoint(), reason(e)),
              e);
        }
      }
      pause(settings.pause().multipliedBy(attempt));
    }
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    try {
      return client.send(request, BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException(repository + ": interrupted; run again to resume", e);
    }
  }

  static void pause(Duration duration) throws HubException {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException("interrupted; run again to resume", e);
    }
  }

  static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  static boolean isBusy(int status) {
    return status == 429 || status >= 500;
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /** A file that is not there, in a repository and revision that are. */
  private static boolean isAbsent(HttpHeaders headers) {
    return headers.firstValue("x-error-code").map("EntryNotFound"::equals).orElse(true);
  }

  private URI next(URI at, HttpResponse<?> response) throws HubException {
    String location =
        response
            .headers()
            .firstValue("location")
            .orElseThrow(() -> new HubException(repository + ": a redirect to nowhere"));
    URI next;
    try {
      next = at.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new HubException(repository + ": a redirect to '" + location + "'", e);
    }
    boolean downgrade = "https".equals(at.getScheme()) && !"https".equals(next.getScheme());
    if (next.getHost() == null || downgrade) {
      throw new HubException(repository + ": a redirect to " + next + " is not followed");
    }
    return next;
  }

  private boolean isEndpoint(URI address) {
    URI endpoint = settings.endpoint();
    return endpoint.getScheme().equals(address.getScheme())
        && endpoint.getHost().equalsIgnoreCase(address.getHost())
        && endpoint.getPort() == address.getPort();
  }

  private void requireOk(String file, HttpResponse<InputStream> response) throws IOException {
    int status = response.statusCode();
    if (status == 200 || status == 206) {
      return;
    }
    response.body().close();
    String token = settings.token().isPresent() ? "HF_TOKEN does not open it" : "set HF_TOKEN";
    String why =
        switch (status) {
          case 401 ->
              "access is refused (401): there is no such repository, or it is private or gated; "
                  + token;
          case 403 ->
              "access is forbidden (403): accept its terms at %s/%s/%s; %s"
                  .formatted(settings.endpoint(), repository.owner(), repository.name(), token);
          case 404 -> "there is no such repository or revision at " + settings.endpoint();
          default -> "the hub answers " + status + " for " + file + "; try again later";
        };
    throw new HubException(repository + ": " + why);
  }

  /** What the answers on the way say; the first word on each thing counts. */
  private static final class Described {
    private String etag = "";
    private boolean linked;
    private OptionalLong size = OptionalLong.empty();
    private Optional<String> commit = Optional.empty();

    void add(HttpHeaders headers, boolean redirect) {
      commit = commit.or(() -> headers.firstValue("x-repo-commit"));
      Optional<String> link = headers.firstValue("x-linked-etag");
      if (!linked && link.isPresent()) {
        etag = plain(link.get());
        linked = true;
      }
      if (size.isEmpty()) {
        size = headers.firstValueAsLong("x-linked-size");
      }
      if (!redirect) {
        etag = etag.isEmpty() ? headers.firstValue("etag").map(Described::plain).orElse("") : etag;
        OptionalLong length = headers.firstValueAsLong("content-length");
        // Some servers answer HEAD with a length of 0.
        size = size.isEmpty() && length.orElse(0) > 0 ? length : size;
      }
    }

    private static String plain(String etag) {
      return etag.replaceFirst("^W/", "").replace("\"", "");
    }

    Remote file(URI address) {
      return new Remote(address, size, etag, commit);
    }
  }
}
