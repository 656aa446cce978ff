package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs in processes of their own, with a small heap, that use what a build installs. */
class EmbedTest {
  @TempDir private static Path folder;
  private static Path model;

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  /** How a process ended. */
  private record Ended(int status, String out, String err) {}

  @BeforeAll
  static void write() throws IOException {
    boolean base = System.getProperty("embed.size").equals("base");
    BlipConfig sizes = base ? BlipConfig.base(384) : BlipConfig.tiny();
    ModelConfig config =
        ModelConfig.of(
            Task.PRETRAIN,
            sizes,
            TextSettings.published(),
            new ModelConfig.Provenance("embed", "embed", "unknown", 0));
    model = Files.createDirectories(folder.resolve("model"));
    ModelFolder files = new ModelFolder(model);
    ConfigJson.write(files.configFile(), config);
    Vocabulary vocabulary = vocabulary(sizes);
    vocabulary.write(files.vocabularyFile());
    Random random = new Random(1);
    try (ServingGraph graph =
            ServingGraph.build(
                new ServingModel(config, vocabulary), ServingSettings.of(config.textSettings()));
        TensorBundleWriter writer = TensorBundleWriter.create(files.variables())) {
      for (Variable<?> variable : graph.variables()) {
        float[] values = new float[Math.toIntExact(variable.shape().size())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (random.nextFloat() - 0.5f) / 10;
        }
        writer.add(variable.name(), variable.shape(), values);
      }
      writer.finish();
    }
  }

  private static Vocabulary vocabulary(BlipConfig sizes) {
    var special = sizes.text().tokens();
    List<String> tokens = new ArrayList<>();
    for (int id = 0; id < sizes.text().vocabularySize(); id++) {
      tokens.add("word" + id);
    }
    tokens.set(special.pad(), "[PAD]");
    tokens.set(special.unk(), "[UNK]");
    tokens.set(special.cls(), "[CLS]");
    tokens.set(special.sep(), "[SEP]");
    tokens.set(special.mask(), "[MASK]");
    tokens.set(special.dec(), "[DEC]");
    tokens.set(special.enc(), "[ENC]");
    return Vocabulary.of(tokens);
  }

  @Test
  void aProgramIsQuietAndItsProcessUntouched() throws Exception {
    Ended ended =
        java(CLASS_PATH, List.of("--add-opens=java.base/java.lang=ALL-UNNAMED"), "untouched");
    assertEquals(new Ended(0, "ok true true 0", ""), ended);
  }

  @Test
  void pointByPoint() throws Exception {
    Ended ended = java(CLASS_PATH, List.of(), "points");
    assertEquals("ok", ended.out(), ended.err());
  }

  @Test
  void aShadedJarIsEnough() throws Exception {
    assertEquals(new Ended(0, "ok", ""), java(shaded().toString(), List.of(), "once"));
  }

  @Test
  void twoClassLoadersHaveOneEach() throws Exception {
    List<String> options = List.of("-Dembed.paths=" + CLASS_PATH);
    Ended ended = java(CLASS_PATH, options, "org.example.TwoLoaders", "once", model.toString());
    assertEquals("ok ok", ended.out(), ended.err());
  }

  @Test
  void aReadOnlyHomeIsNoHindrance() throws Exception {
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    Ended ended =
        java(
            CLASS_PATH, List.of("-Duser.home=/proc/none", "-Djava.io.tmpdir=" + temporary), "once");
    assertEquals(new Ended(0, "ok", ""), ended);
  }

  @Test
  void theMissingArtifactIsNamed() throws Exception {
    Set<String> without = new HashSet<>(List.of(CLASS_PATH.split(File.pathSeparator)));
    without.removeIf(jar -> jar.matches(".*tensorflow-core-native-[0-9.]+-[a-z].*"));
    Ended ended = java(String.join(File.pathSeparator, without), List.of(), "once");
    assertTrue(ended.err().contains("depend on org.blip4j:blip-platform"), ended.err());
    Ended nowhere =
        java(CLASS_PATH, List.of("-Duser.home=/proc/none", "-Djava.io.tmpdir=/proc/none"), "once");
    assertTrue(nowhere.err().contains("-Dorg.bytedeco.javacpp.cachedir=DIR"), nowhere.err());
  }

  @Test
  void firstCallsAtOnceDoNotFail() throws Exception {
    assertEquals("ok", java(CLASS_PATH, List.of(), "opens", count("opens")).out());
  }

  @Test
  void callsEndWhenAskedToAndMemoryStaysFlat() throws Exception {
    flat(java(CLASS_PATH, List.of(), "interrupts", count("interrupts")), 1000, "interrupts");
    flat(java(CLASS_PATH, List.of(), "calls", count("calls")), 100_000, "calls");
  }

  /** Few calls still fill caches: the bound is for many. */
  private static void flat(Ended ended, int many, String what) {
    Matcher growth = Pattern.compile("ok growth (-?\\d+) %").matcher(ended.out());
    assertTrue(growth.matches(), ended.toString());
    int most = Integer.parseInt(count(what)) >= many ? 2 : 25;
    assertTrue(Integer.parseInt(growth.group(1)) <= most, what + ": " + ended.out());
    System.out.println(what + ": " + ended.out());
  }

  private static String count(String what) {
    return System.getProperty("embed." + what);
  }

  private static Ended java(String classPath, List<String> options, String kind, String... more)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.addAll(options);
    command.addAll(List.of("-cp", classPath));
    if (kind.startsWith("org.")) {
      command.add(kind);
    } else {
      command.addAll(List.of("org.example.Program", kind, model.toString()));
    }
    command.addAll(List.of(more));
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().remove("TF_CPP_MIN_LOG_LEVEL");
    Process process = builder.start();
    assertTrue(process.waitFor(10, TimeUnit.HOURS));
    return new Ended(
        process.exitValue(), Files.readString(out).strip(), Files.readString(err).strip());
  }

  /** All classes and files of the class path in one jar for Linux on x86-64, services joined. */
  private static Path shaded() throws IOException {
    Path jar = folder.resolve("all.jar");
    Set<String> written = new HashSet<>();
    java.util.Map<String, String> services = new java.util.TreeMap<>();
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.setLevel(1);
      for (String part : CLASS_PATH.split(File.pathSeparator)) {
        if (Files.isDirectory(Path.of(part))) {
          Path main = Path.of(part).resolve("org/example/Program.class");
          if (Files.exists(main)) {
            copy("org/example/Program.class", Files.newInputStream(main), out, written);
          }
          continue;
        }
        if (part.endsWith("arm64.jar")) {
          continue;
        }
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(Path.of(part)))) {
          for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
            String name = entry.getName();
            if (name.startsWith("META-INF/services/") && !entry.isDirectory()) {
              services.merge(name, new String(in.readAllBytes()) + "\n", String::concat);
            } else if (!entry.isDirectory()
                && !name.matches("META-INF/[^/]*|.*module-info.class")) {
              copy(name, in, out, written);
            }
          }
        }
      }
      for (var service : services.entrySet()) {
        out.putNextEntry(new ZipEntry(service.getKey()));
        out.write(service.getValue().getBytes());
      }
    }
    return jar;
  }

  private static void copy(String name, InputStream in, OutputStream stream, Set<String> written)
      throws IOException {
    assertNotNull(in);
    if (written.add(name)) {
      ZipOutputStream out = (ZipOutputStream) stream;
      out.putNextEntry(new ZipEntry(name));
      in.transferTo(out);
      out.closeEntry();
    }
  }
}
