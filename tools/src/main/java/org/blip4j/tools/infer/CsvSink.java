package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.tools.console.Unfinished;
import org.blip4j.tools.input.LoadedImage;

/** A table with the columns image, caption, log_prob, tokens (RFC 4180). */
final class CsvSink implements CaptionSink {
  private final AtomicFile file;
  private final Unfinished unfinished;

  CsvSink(Path path) throws IOException {
    this.file = AtomicFile.create(path);
    this.unfinished = new Unfinished(file::abandon);
    write("image,caption,log_prob,tokens");
  }

  @Override
  public void accept(LoadedImage image, CaptionRow row) throws IOException {
    write(
        quoted(row.image())
            + ","
            + quoted(row.caption())
            + ","
            + row.logProb()
            + ","
            + row.tokens());
  }

  @Override
  public void commit() throws IOException {
    file.commit();
  }

  @Override
  public void close() throws IOException {
    file.close();
    unfinished.close();
  }

  private void write(String line) throws IOException {
    file.stream().write((line + "\r\n").getBytes(UTF_8));
  }

  private static String quoted(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }
}
