package org.blip4j.data.dataset;

import com.google.common.base.Joiner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.Columns;

/**
 * Captions of a CSV file, one a row; an image may have several rows.
 *
 * <p>The first row is a header if it names both an image and a text column. Without header the
 * first cell is the image and the rest of the row its caption.
 */
public final class CsvCaptions {
  private final Path file;
  private final ColumnNames names;
  private final boolean noHeader;

  public CsvCaptions(Path file, ColumnNames names, boolean noHeader) {
    this.file = file;
    this.names = names;
    this.noHeader = noHeader;
  }

  public List<CaptionRow> read() throws IOException {
    CsvTable table = CsvTable.read(file);
    if (table.rows().isEmpty()) {
      throw new IOException(file + ": the file is empty, captions are expected");
    }
    List<String> header = table.rows().get(0).cells();
    Optional<String> image = names.imageOf(header);
    Optional<String> text = names.textOf(header);
    boolean headed = !noHeader && image.isPresent() && text.isPresent();
    if (!headed && names.given()) {
      throw new IOException(
          "%s: the first row has no column %s and %s; it has %s"
              .formatted(
                  file,
                  Joiner.on('/').join(names.image()),
                  Joiner.on('/').join(names.text()),
                  Joiner.on(", ").join(header)));
    }
    List<CaptionRow> rows = new ArrayList<>();
    for (CsvTable.Row row : table.rows().subList(headed ? 1 : 0, table.rows().size())) {
      rows.add(
          headed
              ? byHeader(table, row, header.indexOf(image.get()), header.indexOf(text.get()))
              : byPosition(table, row));
    }
    return rows;
  }

  private CaptionRow byPosition(CsvTable table, CsvTable.Row row) throws IOException {
    List<String> cells = row.cells();
    if (cells.size() < 2) {
      throw new IOException(
          "%s has one cell, an image and its caption are expected: \"%s\""
              .formatted(place(row), cells.get(0)));
    }
    String text = Joiner.on(table.separator()).join(cells.subList(1, cells.size()));
    return new CaptionRow(cells.get(0).strip(), List.of(text.strip()), Columns.NONE, place(row));
  }

  private CaptionRow byHeader(CsvTable table, CsvTable.Row row, int image, int text)
      throws IOException {
    List<String> header = table.rows().get(0).cells();
    List<String> cells = new ArrayList<>(row.cells());
    int last = header.size() - 1;
    if (cells.size() > header.size() && text == last) {
      List<String> rest = cells.subList(last, cells.size());
      String joined = Joiner.on(table.separator()).join(rest);
      rest.clear();
      cells.add(joined);
    }
    if (cells.size() != header.size()) {
      throw new IOException(
          "%s has %d cells, the header has %d; quote cells that hold a \"%s\""
              .formatted(place(row), cells.size(), header.size(), table.separator()));
    }
    Columns columns = Columns.NONE;
    for (int i = 0; i < cells.size(); i++) {
      if (i != image && i != text) {
        columns = columns.withText(header.get(i).strip(), cells.get(i).strip());
      }
    }
    List<String> texts = List.of(cells.get(text).strip());
    return new CaptionRow(cells.get(image).strip(), texts, columns, place(row));
  }

  private String place(CsvTable.Row row) {
    return file + " line " + row.line();
  }
}
