package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.weights.ImportReport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists of names that the two-image model's loader gives, each with something changed. */
class NlvrChecksTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/nlvr");

  @TempDir private Path folder;
  private String text;

  @BeforeEach
  void copy() throws IOException {
    for (String name : List.of("cases.json", "config.json", "pretrain_checkpoint.pth")) {
      Files.copy(GOLDEN.resolve(name), folder.resolve(name));
    }
    text = Files.readString(GOLDEN.resolve("key_conversion.json"));
  }

  @Test
  void whatIsLeftOverFollowsFromTheReport() throws IOException {
    List<CheckRow> rows = rows(text);
    assertEquals(
        List.of("before", "after", "copied", "missing_keys", "unexpected_keys"),
        rows.stream().map(row -> row.check().replace("key_conversion.", "")).toList());
    assertTrue(rows.get(0).ok() && rows.get(1).ok() && rows.get(2).ok(), rows.toString());
    assertTrue(rows.get(3).problem().contains("none at 0, expected cls_head.0.bias"));
    assertTrue(rows.get(4).problem().contains("expected "), rows.toString());
  }

  @Test
  void oneChangedNameFails() throws IOException {
    String first = "text_encoder.encoder.layer.3.crossattention.self1.value.bias";
    List<CheckRow> renamed = rows(text.replace("\"" + first + "\"", "\"another\""));
    assertTrue(renamed.get(0).ok());
    assertTrue(renamed.get(1).problem().contains(first + " at "), renamed.toString());
    assertTrue(renamed.get(2).problem().contains("expected "), renamed.toString());
    List<CheckRow> shorter = rows(text.replaceFirst("\"temp\",", ""));
    assertTrue(shorter.get(0).problem().contains("temp at 0"), shorter.toString());
  }

  /** With a report of a model that took nothing. */
  private List<CheckRow> rows(String json) throws IOException {
    Files.writeString(folder.resolve("key_conversion.json"), json);
    ImmutableList<String> none = ImmutableList.of();
    ImportReport report =
        new ImportReport(
            GOLDEN.resolve("pretrain_checkpoint.pth"),
            none,
            Map.of(),
            none,
            none,
            none,
            none,
            ImmutableList.of());
    List<CheckRow> rows = new ArrayList<>();
    NlvrChecks.keyConversion(new GoldenRun(Golden.of(folder), null, rows::add), report);
    return rows;
  }
}
