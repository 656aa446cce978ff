package org.blip4j.tools.infer;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.dataset.RowFile;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.NamedImages;
import org.blip4j.tools.input.TextLimit;

/**
 * Statements about two images with their paths, one a line ({@link RowFile}). A line that cannot be
 * used is a statement that cannot be judged.
 */
final class StatementFile implements Closeable {
  private final NamedImages images = new NamedImages();
  private final RowFile rows;
  private final TextLimit limit;

  /** Opens a file; {@code -} is standard input. */
  StatementFile(String name, InputStream in, TextLimit limit) throws IOException {
    this.rows = new RowFile(name, in, "left", "right", "statement");
    this.limit = limit;
  }

  /** Up to {@code count} further statements with their images; empty at the end. */
  List<Judge.Statement> next(int count) throws IOException {
    List<Judge.Statement> statements = new ArrayList<>();
    images.nextBatch();
    while (statements.size() < count) {
      Optional<RowFile.Row> row = rows.next();
      if (row.isEmpty()) {
        break;
      }
      statements.add(statement(row.get()));
    }
    return statements;
  }

  private Judge.Statement statement(RowFile.Row row) {
    Optional<String> problem =
        row.problem()
            .or(() -> limit.problem(row.values().get(2)).map(why -> "the statement " + why));
    if (problem.isPresent()) {
      LoadedImage none = LoadedImage.failed(row.place(), Optional.empty(), problem.get());
      return new Judge.Statement(none, none, "");
    }
    return new Judge.Statement(
        images.get(row.values().get(0)), images.get(row.values().get(1)), row.values().get(2));
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
