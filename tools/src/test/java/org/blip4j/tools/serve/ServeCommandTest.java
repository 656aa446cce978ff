package org.blip4j.tools.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Streams;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

class ServeCommandTest {
  @TempDir private Path folder;

  @Test
  void aFolderWithoutVersionsIsNamed() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("served"));
    CliRun run = CliRun.of("serve", "--check", "--model", "caption=" + empty);
    assertEquals(1, run.status());
    assertTrue(
        run.err()
            .contains(
                "model caption has no version in "
                    + empty
                    + "; a version is a folder whose name is a number"),
        run.err());
  }

  @Test
  void aLimitOfNoTimeIsRefused() {
    CliRun run = CliRun.of("serve", "--model", "caption=" + folder, "--timeout", "0.0004");
    assertTrue(run.err().contains("--timeout 4.0E-4 is out of range; use 0.001 to"), run.err());
  }

  /** One seed may stand for all rows; one picture for 100,000 seeds would take the memory. */
  @Test
  void onlySingleNumbersStandForAllRows() throws Exception {
    SignatureDef signature =
        SignatureDef.newBuilder()
            .putInputs("pixels", info(DataType.DT_FLOAT, -1, 384, 384, 3))
            .putInputs("seed", info(DataType.DT_INT64, -1))
            .build();
    TensorData picture = zeros(DataType.DT_FLOAT, 1, 384, 384, 3);
    TensorData seeds = zeros(DataType.DT_INT64, 100_000);
    ServingException refused =
        assertThrows(
            ServingException.class,
            () ->
                SignatureShapes.fitting(signature, Map.of("pixels", picture, "seed", seeds), true));
    assertEquals(
        "input pixels has 1 rows and another one 100000; give all inputs the same number of rows",
        refused.getMessage());
    TensorData pictures = zeros(DataType.DT_FLOAT, 3, 384, 384, 3);
    Map<String, TensorData> fitting =
        SignatureShapes.fitting(
            signature, Map.of("pixels", pictures, "seed", zeros(DataType.DT_INT64, 1)), true);
    assertEquals(3, fitting.get("seed").rows());
  }

  private static TensorData zeros(DataType type, long... shape) {
    int size = Math.toIntExact(TensorData.size(shape));
    return TensorData.ofNumbers(type, shape, Collections.nCopies(size, 0));
  }

  private static TensorInfo info(DataType type, long... shape) {
    TensorInfo.Builder info = TensorInfo.newBuilder().setDtype(type);
    for (long size : shape) {
      info.getTensorShapeBuilder().addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return info.build();
  }

  @Test
  void whatBecomesOfVersionsIsLoggedOnce() throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console =
        new Console(
            new Streams(InputStream.nullInputStream(), new ByteArrayOutputStream(), err, false),
            false,
            false);
    List<ModelConfigs.Model> models = List.of(ModelConfigs.Model.of("caption", folder));
    ModelServer.Settings settings =
        new ModelServer.Settings(
            PredictorOptions.defaults().session(),
            new DynamicBatching.Settings(8, Duration.ofMillis(2), 64, 1),
            Duration.ofSeconds(20),
            1 << 20);
    try (ModelServer server = new ModelServer(models, settings, Runnable::run)) {
      Set<String> told = new HashSet<>();
      server.load();
      ServeCommand.tell(server, models, console, told);
      Files.createDirectories(folder.resolve("2"));
      server.load();
      ServeCommand.tell(server, models, console, told);
      ServeCommand.tell(server, models, console, told);
    }
    List<String> lines = err.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(2, lines.size(), lines.toString());
    assertTrue(lines.get(0).contains("model caption has no version in " + folder), lines.get(0));
    assertTrue(lines.get(1).contains("version 2 of caption is not served: "), lines.get(1));
  }
}
