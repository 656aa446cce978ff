package org.blip4j.tools.evaluate;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.savedmodel.evaluate.Gallery;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.evaluate.RankedSide;
import org.blip4j.savedmodel.evaluate.RetrievalProtocol;

/**
 * What retrieval has found, for each image and text and as a page.
 *
 * @param kind what is found beside texts
 * @param keys of the images or videos
 */
record RetrievalResults(
    RetrievalEvaluation.Kind kind,
    RetrievalProtocol.Found found,
    Gallery gallery,
    List<String> keys) {
  private static final int SHOWN = 10;
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** A line for each image and each text: its rank, and the best of the other kind. */
  void write(Path target) throws IOException {
    try (AtomicFile file = AtomicFile.create(target)) {
      write(file.stream(), found.toText(), kind.one(), keys, "texts", gallery.texts());
      write(file.stream(), found.toImage(), "text", gallery.texts(), kind.one() + "s", keys);
      file.commit();
    }
  }

  private static void write(
      OutputStream out,
      RankedSide side,
      String kind,
      List<String> queries,
      String others,
      List<String> items)
      throws IOException {
    for (int query = 0; query < side.queries(); query++) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put(kind, queries.get(query));
      if (!side.right().get(query).isEmpty()) {
        row.put("rank", side.rank(query));
        row.put("reached", side.reached(query));
      }
      List<Map<String, Object>> best = new ArrayList<>();
      for (RankedSide.Scored one : side.best(query, SHOWN)) {
        Map<String, Object> item = new LinkedHashMap<>();
        item.put(others.substring(0, others.length() - 1), items.get(one.item()));
        item.put("score", one.score());
        item.put("itc_cosine", one.cosine());
        best.add(item);
      }
      row.put(others, best);
      out.write((MAPPER.writeValueAsString(row) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The page; pictures are read from the records. */
  EvaluationReport report(LabelledRecords records) throws IOException {
    Map<String, Double> recalls = kind.recalls(found);
    List<List<String>> figures = new ArrayList<>();
    figures.add(List.of("found in %", "R@1", "R@5", "R@10", "mean"));
    for (String direction : List.of("txt", kind.figures())) {
      List<String> row = new ArrayList<>();
      row.add((direction.equals("txt") ? "texts by %ss" : "%ss by texts").formatted(kind.one()));
      for (String k : List.of("1", "5", "10", "_mean")) {
        row.add(String.format(Locale.ROOT, "%.1f", recalls.get(direction + "_r" + k)));
      }
      figures.add(row);
    }
    RankedSide side = found.toText();
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    for (int image : side.asked()) {
      List<EvaluationReport.Line> lines = new ArrayList<>();
      for (RankedSide.Scored one : side.best(image, 3)) {
        boolean own = side.right().get(image).contains(one.item());
        lines.add(
            new EvaluationReport.Line(
                String.format(Locale.ROOT, "found, %.2f", one.score()),
                gallery.texts().get(one.item()),
                own ? "yes" : "no"));
      }
      String rank =
          side.reached(image) ? " (rank " + (side.rank(image) + 1) + ")" : " (no candidate)";
      side.right()
          .get(image)
          .forEach(
              text ->
                  lines.add(
                      EvaluationReport.Line.of("own text" + rank, gallery.texts().get(text))));
      double margin = side.margin(image);
      rated.add(
          new EvaluationReport.Rated(
              new EvaluationReport.Item(image, lines), margin, Math.abs(margin)));
    }
    return EvaluationReport.of(
        "Retrieval",
        String.format(
            Locale.ROOT,
            "Among %d texts the first is right for %.1f %% of the %ss, among %d %ss for %.1f %% of"
                + " the texts; by chance it would be %.2f %%.",
            gallery.texts().size(),
            recalls.get("txt_r1"),
            kind.one(),
            gallery.size(),
            kind.one(),
            recalls.get(kind.figures() + "_r1"),
            100.0 / gallery.size()),
        figures,
        EvaluationReport.Choice.of(
            rated,
            "The best own text and the best other one score about equally.",
            "Another text scores far higher than the best own one.",
            "The best own text scores far higher than any other."),
        records,
        kind.type());
  }
}
