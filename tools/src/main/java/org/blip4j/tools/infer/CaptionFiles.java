package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.input.LoadedImage;

/**
 * The files that captions go to beside standard output: a table with the columns image, caption,
 * log_prob, tokens (RFC 4180), and a text beside each image, {@code photo.txt} beside {@code
 * photo.jpg}.
 */
final class CaptionFiles implements AutoCloseable {
  /** What an interrupted program waits for a file that is being written. */
  private static final long LONGEST_SECONDS = 2;

  private final Optional<AtomicFile> table;
  private final boolean sidecar;
  private final boolean overwrite;
  private final Map<Path, Path> written = new HashMap<>(); // image by text
  private final ReentrantLock writing = new ReentrantLock();
  private final InterruptWatch.Unfinished unfinished;

  /**
   * Starts to write.
   *
   * @param overwrite whether files of earlier runs may be replaced
   * @throws FileAlreadyExistsException if there is such a table, which may not be replaced
   */
  CaptionFiles(Optional<Path> csv, boolean sidecar, boolean overwrite) throws IOException {
    this.sidecar = sidecar;
    this.overwrite = overwrite;
    if (csv.isPresent() && !overwrite && Files.exists(csv.get())) {
      throw new FileAlreadyExistsException(csv.get().toString());
    }
    this.table = csv.isPresent() ? Optional.of(AtomicFile.create(csv.get())) : Optional.empty();
    this.unfinished = new InterruptWatch.Unfinished(this::interrupted);
    line("image,caption,log_prob,tokens");
  }

  /** Waits for a file that is being written, lets no other begin, and removes the table. */
  private void interrupted() throws IOException {
    try {
      boolean unused = writing.tryLock(LONGEST_SECONDS, TimeUnit.SECONDS); // and never unlocked
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (table.isPresent()) {
      table.get().abandon();
    }
  }

  private void line(String line) throws IOException {
    if (table.isPresent()) {
      table.get().stream().write((line + "\r\n").getBytes(UTF_8));
    }
  }

  /**
   * Takes the caption of an image.
   *
   * @return why its text was not written, if it was not
   */
  Optional<String> add(LoadedImage image, CaptionCommand.Row row) throws IOException {
    writing.lock();
    try {
      String quoted = quoted(row.image()) + "," + quoted(row.caption());
      line(quoted + "," + row.logProb() + "," + row.tokens());
      return sidecar ? beside(image.file().orElseThrow(), row.caption()) : Optional.empty();
    } finally {
      writing.unlock();
    }
  }

  private Optional<String> beside(Path image, String caption) throws IOException {
    Path text = besideOf(image);
    Path parent = text.toAbsolutePath().getParent().toRealPath();
    Path place = parent.resolve(text.getFileName());
    Path earlier = written.putIfAbsent(place, image);
    if (earlier != null) {
      return Files.isSameFile(earlier, image)
          ? Optional.empty()
          : Optional.of(
              "%s has the same sidecar, %s; rename one of the two, or use --csv"
                  .formatted(earlier, text.getFileName()));
    }
    if (!overwrite && Files.exists(text)) {
      return Optional.of(text + " exists already; give --overwrite");
    }
    AtomicFile.write(text, caption + "\n");
    return Optional.empty();
  }

  /** The file beside an image, also where its name is no text in the system's encoding. */
  static Path besideOf(Path image) {
    if (Path.of(image.toString()).equals(image)) {
      return image.resolveSibling(withEnding(image.getFileName().toString()));
    }
    String bytes = image.toAbsolutePath().toUri().toString(); // keeps each byte
    int name = bytes.lastIndexOf('/') + 1;
    return Path.of(URI.create(bytes.substring(0, name) + withEnding(bytes.substring(name))));
  }

  private static String withEnding(String name) {
    int point = name.lastIndexOf('.');
    return (point > 0 ? name.substring(0, point) : name) + ".txt";
  }

  private static String quoted(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }

  /** Makes the table final; not called if the command fails. */
  void commit() throws IOException {
    if (table.isPresent()) {
      table.get().commit();
    }
  }

  @Override
  public void close() throws IOException {
    if (table.isPresent()) {
      table.get().close();
    }
    unfinished.close();
  }
}
