package org.blip4j.savedmodel.hub;

import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.blip4j.data.file.AtomicFile;

/**
 * Downloads one file: appends to what an earlier start has left of the same content, goes on after
 * a cut connection, checks size and SHA-256, and gives the file its name when all is right.
 */
final class HubDownload {
  private static final int CHUNK = 1 << 20;
  private static final int ATTEMPTS = 5;
  private static final String PARTIAL = ".part";
  private static final long SILENCE_SECONDS = 60;

  private final HubName repository;
  private final HubSettings settings;
  private final HubHttp http;
  private final HubRepository.Listener listener;

  HubDownload(
      HubName repository, HubSettings settings, HubHttp http, HubRepository.Listener listener) {
    this.repository = repository;
    this.settings = settings;
    this.http = http;
    this.listener = listener;
  }

  void fetch(String name, HubHttp.Remote remote, Path target) throws IOException {
    String content = Hashing.sha256().hashString(remote.etag(), StandardCharsets.UTF_8).toString();
    Path partial = target.resolveSibling("." + name + "." + content.substring(0, 16) + PARTIAL);
    if (remote.etag().isEmpty()) {
      Files.deleteIfExists(partial); // nothing says that it is of the same content
    }
    int attempt = 0;
    while (!isWhole(partial, remote)) {
      long before = size(partial);
      try {
        append(name, remote, partial);
        if (remote.size().isEmpty()) {
          break;
        }
      } catch (HubException e) {
        throw e;
      } catch (IOException e) {
        attempt = size(partial) > before ? 1 : attempt + 1;
        if (attempt > ATTEMPTS || isLocal(e)) {
          throw new HubException(
              "%s: %s was cut off at byte %d%s (%s); run again to resume"
                  .formatted(repository, name, size(partial), of(remote), HubHttp.reason(e)),
              e);
        }
        HubHttp.pause(settings.pause().multipliedBy(attempt));
      }
    }
    check(name, remote, partial);
    AtomicFile.publish(partial, target);
    removeOthers(target);
  }

  /** What was begun of contents that the file had earlier. */
  private static void removeOthers(Path target) throws IOException {
    try (DirectoryStream<Path> begun =
        Files.newDirectoryStream(target.getParent(), "." + target.getFileName() + ".*" + PARTIAL)) {
      for (Path partial : begun) {
        Files.deleteIfExists(partial);
      }
    }
  }

  private static boolean isLocal(IOException e) {
    return e instanceof FileSystemException
        || String.valueOf(e.getMessage()).contains("No space left");
  }

  private boolean isWhole(Path partial, HubHttp.Remote remote) throws IOException {
    long have = size(partial);
    if (remote.size().isEmpty()) {
      return false;
    }
    if (have > remote.size().getAsLong()) {
      Files.delete(partial);
      return false;
    }
    return have == remote.size().getAsLong() && Files.exists(partial);
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private static String of(HubHttp.Remote remote) {
    return remote.size().isPresent() ? " of " + remote.size().getAsLong() : "";
  }

  private void append(String name, HubHttp.Remote remote, Path partial) throws IOException {
    long have = size(partial);
    HttpResponse<InputStream> response = http.open(name, have);
    try (InputStream in = response.body()) {
      if (response.statusCode() == 416) {
        Files.deleteIfExists(partial);
        throw new IOException("the hub has no byte " + have);
      }
      if (have > 0 && !continues(response, have)) {
        Files.delete(partial);
        have = 0;
        if (response.statusCode() == 206) {
          throw new IOException("the hub goes on at another byte");
        }
      }
      try (OutputStream out =
          Files.newOutputStream(partial, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        copy(name, remote, in, out, have);
      }
    }
    if (remote.size().isPresent() && size(partial) < remote.size().getAsLong()) {
      throw new IOException("the connection ended");
    }
  }

  private static boolean continues(HttpResponse<?> response, long have) {
    Optional<String> range = response.headers().firstValue("content-range");
    return response.statusCode() == 206
        && range.map(text -> text.startsWith("bytes " + have + "-")).orElse(false);
  }

  private void copy(String name, HubHttp.Remote remote, InputStream in, OutputStream out, long have)
      throws IOException {
    byte[] chunk = new byte[CHUNK];
    long done = have;
    ExecutorService reader =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "hub download");
              thread.setDaemon(true);
              return thread;
            });
    try {
      for (int count = read(reader, in, chunk); count >= 0; count = read(reader, in, chunk)) {
        out.write(chunk, 0, count);
        done += count;
        if (remote.size().isPresent() && done > remote.size().getAsLong()) {
          throw new HubException(
              "%s: %s is longer than the %d bytes that the hub tells; run again"
                  .formatted(repository, name, remote.size().getAsLong()));
        }
        listener.progress(name, done, remote.size());
      }
    } finally {
      reader.shutdownNow();
    }
  }

  /** Reads, but not for ever: a connection that is silent for a minute counts as cut off. */
  private static int read(ExecutorService reader, InputStream in, byte[] chunk) throws IOException {
    try {
      return reader.submit(() -> in.read(chunk)).get(SILENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IOException("nothing came for " + SILENCE_SECONDS + " seconds", e);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HubException("interrupted; run again to resume", e);
    }
  }

  private void check(String name, HubHttp.Remote remote, Path partial) throws IOException {
    if (remote.sha256().isEmpty()) {
      return;
    }
    String found = MoreFiles.asByteSource(partial).hash(Hashing.sha256()).toString();
    if (!found.equals(remote.sha256().get())) {
      Files.delete(partial);
      throw new HubException(
          "%s: %s has the SHA-256 %s, the hub tells %s; it was damaged on the way, run again"
              .formatted(repository, name, found, remote.sha256().get()));
    }
  }
}
