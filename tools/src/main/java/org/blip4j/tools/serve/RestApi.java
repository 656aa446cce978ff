package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.blip4j.tools.serve.ModelRepository.Available;
import org.tensorflow.proto.SignatureDef;

/**
 * TensorFlow Serving's REST API from a request in memory to an answer in memory: routes, statuses
 * and texts are those of its 2.18 ({@code http_rest_api_handler.cc}).
 */
public final class RestApi {
  private static final Pattern CALL =
      Pattern.compile(
          "(?i)/v1/models/([^/:]+)(?:/versions/([0-9]+)|/labels/([^/:]+))?:(classify|regress|predict)");
  private static final Pattern LOOK =
      Pattern.compile(
          "(?i)/v1/models(?:/([^/:]+))?(?:/versions/([0-9]+)|/labels/([^/:]+))?(?:/(metadata))?");
  private static final byte[] NOT_FOUND =
      """
      <HTML><HEAD>
      <TITLE>404 Not Found</TITLE>
      </HEAD><BODY>
      <H1>Not Found</H1>
      </BODY></HTML>
      """
          .getBytes(UTF_8);

  /**
   * A request.
   *
   * @param path with the query string, as it came
   * @param encoding the header {@code Content-Encoding}, or an empty text
   * @param origin the header {@code Origin}, or an empty text
   * @param client whose turn it is in queues
   */
  @SuppressWarnings("ArrayRecordComponent") // bytes that nobody compares or changes
  public record Request(
      String method, String path, String encoding, String origin, byte[] body, String client) {}

  /** An answer. */
  @SuppressWarnings("ArrayRecordComponent") // bytes that nobody compares or changes
  public record Answer(int status, String contentType, byte[] body) {
    private static Answer json(int status, byte[] body) {
      return new Answer(status, "application/json", body);
    }

    /** An error as TensorFlow Serving tells it. */
    static Answer error(int status, String text) {
      return json(status, JsonWriter.error(text));
    }
  }

  private final ModelRepository<ServedModel> models;
  private final ServerMetrics metrics;
  private final Duration limit;
  private final int mostBytes;
  private final Executor writing;

  /**
   * The API of some models.
   *
   * @param limit how long a call may take
   * @param mostBytes how long an unpacked body may be
   * @param writing where answers are written, so that the next batch does not wait for them
   */
  RestApi(
      ModelRepository<ServedModel> models,
      ServerMetrics metrics,
      Duration limit,
      int mostBytes,
      Executor writing) {
    this.models = models;
    this.metrics = metrics;
    this.limit = limit;
    this.mostBytes = mostBytes;
    this.writing = writing;
  }

  /** Answers a request; the future never fails. */
  public CompletableFuture<Answer> answer(Request request) {
    try {
      return route(request).exceptionally(failure -> error(ServingException.of(failure)));
    } catch (ServingException e) {
      return CompletableFuture.completedFuture(error(e));
    } catch (RuntimeException | Error e) { // out of memory in a large document, say
      return CompletableFuture.completedFuture(error(ServingException.of(e)));
    }
  }

  private static Answer error(ServingException failure) {
    return Answer.error(failure.code().status(), failure.getMessage());
  }

  private CompletableFuture<Answer> route(Request request) throws ServingException {
    if (!request.path().regionMatches(true, 0, "/v1/", 0, 4)) {
      return done(new Answer(404, "text/html", NOT_FOUND));
    }
    switch (request.method()) {
      case "OPTIONS" -> {
        boolean web = request.origin().matches("https?://.*");
        return done(new Answer(web ? 200 : 400, "text/html; charset=ISO-8859-1", new byte[0]));
      }
      case "HEAD" -> {
        return done(Answer.json(400, new byte[0]));
      }
      default -> {}
    }
    boolean post = request.method().equals("POST");
    Matcher route = (post ? CALL : LOOK).matcher(request.path());
    boolean known = post || request.method().equals("GET");
    String verb = known && route.matches() ? route.group(4) : null;
    boolean verbFits = post ? isLower(verb) : verb == null || isLower(verb);
    if (!known || !route.matches() || !verbFits) {
      return done(
          Answer.error(400, "Malformed request: " + request.method() + " " + request.path()));
    }
    if (route.group(1) == null) {
      return done(Answer.error(400, "Missing model name in request."));
    }
    Optional<Long> version;
    try {
      version = Optional.ofNullable(route.group(2)).map(Long::valueOf);
    } catch (NumberFormatException e) {
      return done(Answer.json(400, new byte[0])); // as it is there
    }
    Target target =
        new Target(
            decoded(route.group(1)),
            version,
            Optional.ofNullable(route.group(3)).map(RestApi::decoded));
    if (post) {
      byte[] body = isPacked(request.encoding()) ? unpacked(request) : request.body();
      return body.length > mostBytes
          ? done(Answer.error(413, tooLarge(mostBytes)))
          : call(request.client(), body, target, verb);
    }
    return done(
        Answer.json(
            200,
            verb == null
                ? AnswerJson.status(models.status(target.name(), target.version()))
                : AnswerJson.metadata(find(target))));
  }

  /** A model as a path names it. */
  private record Target(String name, Optional<Long> version, Optional<String> label) {}

  private static CompletableFuture<Answer> done(Answer answer) {
    return CompletableFuture.completedFuture(answer);
  }

  private static boolean isLower(String verb) {
    return verb != null && verb.chars().allMatch(Character::isLowerCase);
  }

  /** Percent signs as curl reads them: those that begin no two digits stay. */
  private static String decoded(String part) {
    byte[] text = part.getBytes(UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length; i++) {
      boolean escape =
          text[i] == '%'
              && i + 2 < text.length
              && Character.digit(text[i + 1], 16) >= 0
              && Character.digit(text[i + 2], 16) >= 0;
      if (escape) {
        out.write(Character.digit(text[i + 1], 16) * 16 + Character.digit(text[i + 2], 16));
        i += 2;
      } else {
        out.write(text[i]);
      }
    }
    return out.toString(UTF_8);
  }

  private CompletableFuture<Answer> call(String client, byte[] body, Target target, String verb) {
    long start = System.nanoTime();
    return ModelServer.whileReplaced(
            () -> {
              if (verb.equals("predict")) {
                return predict(client, body, target);
              }
              String signature = ExamplesJson.read(body);
              throw ExamplesJson.refuse(verb, signature, find(target).model());
            })
        .whenComplete(
            (answer, failure) -> {
              if (models.names().contains(target.name())) { // other names are anybody's
                metrics.called(target.name(), ServingException.codeOf(failure), "REST", start);
              }
            });
  }

  private CompletableFuture<Answer> predict(String client, byte[] body, Target target)
      throws ServingException {
    AvailableSignature found = new AvailableSignature();
    RequestJson.Request read =
        RequestJson.read(
            body,
            name -> {
              found.model = find(target);
              String key = name.isEmpty() ? "serving_default" : name;
              SignatureDef signature = found.model.model().signatures().get(key);
              if (signature == null) {
                throw ServingException.invalid(
                    "Serving signature name: \"" + key + "\" not found in signature def");
              }
              return signature;
            });
    return found
        .model
        .model()
        .run(client, read.signature(), read.inputs(), limit)
        .thenApplyAsync(
            values -> {
              try {
                return Answer.json(200, AnswerJson.predictions(values, read.inByRows()));
              } catch (ServingException e) {
                throw new CompletionException(e);
              }
            },
            writing);
  }

  /** The version that was found while a request was read. */
  private static final class AvailableSignature {
    private Available<ServedModel> model;
  }

  private Available<ServedModel> find(Target target) throws ServingException {
    return models.find(target.name(), target.version(), target.label());
  }

  /**
   * Whether a header {@code Content-Encoding} says so, by Serving's rule; null if there is none.
   */
  static boolean isPacked(String encoding) {
    return encoding != null && encoding.contains("gzip");
  }

  static String tooLarge(int most) {
    return "the body has more than " + most + " bytes; send less at once";
  }

  /** The body without gzip, cut at one byte too many; no gzip is an empty document, as there. */
  private byte[] unpacked(Request request) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(request.body()))) {
      return in.readNBytes(mostBytes + 1);
    } catch (IOException e) {
      return new byte[0];
    }
  }
}
