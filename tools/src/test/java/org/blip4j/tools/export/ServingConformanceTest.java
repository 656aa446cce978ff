package org.blip4j.tools.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Exported models in Python TensorFlow 2.18, as {@code mvn -Pserving verify} runs them: answers are
 * those of the command line, and TensorFlow Serving's rules hold. The environment is described in
 * {@code tools/docs/serving.md}; the property {@code blip.python} names its interpreter.
 */
@Tag("serving")
class ServingConformanceTest {
  /** Narrow weights, or the last bits of an input alone would move a score by more than 1e-5. */
  private static final float WIDTH = 0.3f;

  private static final long SEED = 5;
  private static final Path SCRIPTS = Path.of("src", "test", "python");
  private static final Path PYTHON =
      Path.of(System.getProperty("blip.python", "/tmp/blip-python/bin/python"));

  @TempDir private Path folder;

  @BeforeAll
  static void requirePython() {
    assertTrue(
        Files.isExecutable(PYTHON),
        PYTHON
            + " is no Python; make the environment that tools/docs/serving.md describes, or name"
            + " another with -Dblip.python=PATH");
  }

  /** A launcher of the classes under test. */
  private Path launcher() throws IOException {
    Path launcher = folder.resolve("blip");
    Files.writeString(
        launcher,
        """
        #!/bin/sh
        exec "%s/bin/java" -Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 \\
          -cp '%s' org.blip4j.tools.cli.BlipCli "$@"
        """
            .formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
    assertTrue(launcher.toFile().setExecutable(true));
    return launcher;
  }

  private void run(String script, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(PYTHON.toString());
    command.add(SCRIPTS.resolve(script).toString());
    command.addAll(List.of(arguments));
    Path log = folder.resolve(script + ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    int status = process.waitFor();
    List<String> lines = Files.readAllLines(log);
    System.out.println(script + ": " + lines.get(lines.size() - 1));
    assertEquals(
        0,
        status,
        () -> String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size())));
  }

  private ModelExporter.Target target() {
    return new ModelExporter.Target(folder.resolve("served"), 1, false);
  }

  @ParameterizedTest
  @EnumSource(
      value = Task.class,
      names = {"PRETRAIN", "VQA", "NLVR", "DIALOGUE"})
  void aModelAnswersPythonAsItAnswersTheCommandLine(Task task) throws Exception {
    ModelSource model = TinyModel.write(folder.resolve("model"), task, SEED, WIDTH);
    Path version = ModelExporter.export(model, PredictorOptions.defaults(), target()).folder();
    run("serving_conformance.py", "--model", version.toString());
    if (task != Task.DIALOGUE) { // no command asks about one dialogue
      run("serving_check.py", "--model", model.path().toString(), "--blip", launcher().toString());
    }
  }

  @Test
  void aCaptionerWithItsFilterDoesToo() throws Exception {
    ModelExporter.Bundle models =
        new ModelExporter.Bundle(
            TinyModel.write(folder.resolve("captioner"), Task.CAPTION, SEED, WIDTH),
            TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL, SEED, WIDTH));
    Path version =
        ModelExporter.exportCapFilt(models, PredictorOptions.defaults(), target()).folder();
    run("serving_conformance.py", "--model", version.toString());
  }
}
