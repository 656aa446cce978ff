package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.weights.TorchCheckpoint;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;

/**
 * Reads every checkpoint container, a row a file: types, shapes and values of all tensors exactly,
 * and everything else that a nested checkpoint holds. Files named {@code refuse*}, {@code
 * truncated*} and {@code empty*} must be refused, the first with the name of the function that they
 * ask for.
 */
final class ContainersChecker implements GoldenChecker {
  private static final Pattern GLOBAL = Pattern.compile("global ([\\w.]+\\w)");
  private static final Pattern REFUSED = Pattern.compile("(refuse|truncated|empty).*");

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    JsonNode files = golden.cases().path("files");
    JsonNode expected = Golden.readJson(golden.file("expected.json"));
    Matcher global = GLOBAL.matcher(files.toString());
    String function = global.find() ? global.group(1) : "";
    for (Map.Entry<String, JsonNode> file : files.properties()) {
      String name = file.getKey();
      Path path = golden.file(name);
      if (!Files.exists(path)) {
        rows.accept(CheckRow.failed(golden.name(), name, "is missing"));
        continue;
      }
      rows.accept(
          REFUSED.matcher(name).matches()
              ? refused(golden, name, path, name.startsWith("refuse") ? function : "")
              : read(golden, name, path, expected));
    }
  }

  private static CheckRow refused(Golden golden, String name, Path path, String function)
      throws IOException {
    try (WeightFile file = WeightFile.open(path)) {
      return CheckRow.failed(
          golden.name(), name, "was read (" + file.kind() + "), but must be refused");
    } catch (WeightFileException e) {
      return e.getMessage().contains(function)
          ? CheckRow.passed(golden.name(), name, 0, 0)
          : CheckRow.failed(
              golden.name(), name, "is refused without naming " + function + ": " + e.getMessage());
    }
  }

  private static CheckRow read(Golden golden, String name, Path path, JsonNode expected)
      throws IOException {
    StoredContent differences = new StoredContent();
    try (WeightFile file = WeightFile.open(path)) {
      JsonNode nested = expected.path("nested");
      JsonNode model = nested.path("model");
      boolean isNested = model.has(file.tensors().keySet().stream().findFirst().orElse(""));
      differences.compare("", file.tensors(), isNested ? model : expected.path("state_dict"));
      if (isNested && file instanceof TorchCheckpoint checkpoint) {
        Map<String, Object> content = new LinkedHashMap<>();
        for (String entry : checkpoint.entries()) {
          content.put(entry, checkpoint.entry(entry));
        }
        differences.compare("", content, nested);
      }
    } catch (WeightFileException e) {
      return CheckRow.failed(golden.name(), name, e.getMessage());
    }
    return differences.row(golden.name(), name);
  }
}
