package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.MoreExecutors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.convert.ConversionRequest;
import org.blip4j.savedmodel.convert.ModelConversion;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.ConfigProto;

/**
 * Whatever step of opening fails, what was opened before it is closed: the sessions and tensors
 * that JavaCPP lists, the files that the system lists, and graphs.
 */
final class NativeHoldersTest {
  @TempDir private Path folder;
  private ModelSource.Folder captioner;

  @BeforeEach
  void write() throws IOException {
    captioner = TinyModel.write(folder.resolve("captioner"), Task.CAPTION);
  }

  /** A failure leaves no session and no tensor open. */
  private static <E extends Throwable> E failsAndHoldsNothing(Class<E> expected, Executable opening)
      throws ReflectiveOperationException {
    List<String> before = held();
    E failure = assertThrows(expected, opening);
    assertEquals(List.of(), more(before, held()), "still open");
    return failure;
  }

  private static List<String> more(List<String> before, List<String> after) {
    List<String> more = new ArrayList<>(after);
    before.forEach(more::remove);
    return more;
  }

  /** The kinds of what is open, sessions and tensors, from JavaCPP's list. */
  private static List<String> held() throws ReflectiveOperationException {
    Class<?> list = Class.forName("org.bytedeco.javacpp.Pointer$DeallocatorReference");
    List<String> held = new ArrayList<>();
    synchronized (list) { // as JavaCPP does
      for (Object one = get(list, "head", null); one != null; one = get(list, "next", one)) {
        Object deallocator = get(list, "deallocator", one);
        String kind = deallocator == null ? "" : deallocator.getClass().getName();
        if (kind.matches(".*\\.AbstractTF_(Session|Tensor)\\$.*")) {
          held.add(kind);
        }
      }
    }
    return held;
  }

  private static Object get(Class<?> type, String name, Object of)
      throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  @Test
  void whatIsOpenIsCounted() throws Exception {
    List<String> before = held();
    try (Predictor model = Predictor.open(captioner, PredictorOptions.defaults())) {
      assertEquals(1, model.caption(List.of(TinyModel.image(1, "jpg"))).size());
      assertEquals(1, more(before, held()).size(), "the session");
    }
    assertEquals(List.of(), more(before, held()));
  }

  @Test
  void aGraphThatCannotBeBuilt() throws Throwable {
    UnaryOperator<ServingSettings> tooLong =
        own -> own.withSearch(own.search().withLengths(new DecodingSettings.Lengths(5, 10_000)));
    failsAndHoldsNothing(
        IllegalArgumentException.class,
        () -> Predictor.open(captioner, PredictorOptions.defaults().withSettings(tooLong)));
  }

  @Test
  void aSessionThatCannotRun() throws Throwable {
    ConfigProto session =
        ConfigProto.newBuilder()
            .setExperimental(ConfigProto.Experimental.newBuilder().setExecutorType("NONE"))
            .build();
    failsAndHoldsNothing(
        IOException.class,
        () -> Predictor.open(captioner, PredictorOptions.defaults().withSession(session)));
  }

  @Test
  void weightsThatCannotBeRead() throws Throwable {
    Path data = folder.resolve("captioner/variables.data-00000-of-00001");
    byte[] whole = Files.readAllBytes(data);
    failsAndHoldsNothing(
        IOException.class,
        () -> {
          try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
            file.setLength(whole.length / 2);
          }
          try {
            Predictor.open(captioner, PredictorOptions.defaults());
          } finally {
            Files.write(data, whole);
          }
        });
  }

  @Test
  void anExportedModelThatCannotBeLoaded() throws Throwable {
    ModelExporter.export(
        captioner,
        PredictorOptions.defaults(),
        new ModelExporter.Target(folder.resolve("served"), 1, false));
    ModelSource exported = ModelSource.resolve(folder.resolve("served/1").toString());
    Path data = folder.resolve("served/1/variables/variables.index");
    byte[] whole = Files.readAllBytes(data);
    failsAndHoldsNothing(
        IOException.class,
        () -> {
          Files.write(data, new byte[10]);
          try {
            Predictor.open(exported, PredictorOptions.defaults());
          } finally {
            Files.write(data, whole);
          }
        });
  }

  @Test
  void aFilterThatCannotBeOpenedAfterTheCaptioner() throws Throwable {
    ModelSource filter = TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL);
    CapFiltModels sound = new CapFiltModels(Optional.of(captioner), Optional.of(filter));
    PredictorOptions options = PredictorOptions.defaults();
    CapFiltStep.open(sound, sound.published(1), options).close();
    ModelSource other = TinyModel.write(folder.resolve("other"), Task.CAPTION);
    for (ModelSource unable : List.of(other, captioner)) { // open a second time, or open once
      CapFiltModels models = new CapFiltModels(Optional.of(captioner), Optional.of(unable));
      IllegalArgumentException refused =
          failsAndHoldsNothing(
              IllegalArgumentException.class,
              () -> CapFiltStep.open(models, models.published(1), options));
      assertTrue(refused.getMessage().contains("no match scores"), refused.getMessage());
    }
    Path data = folder.resolve("filter/variables.data-00000-of-00001");
    Files.write(data, new byte[10]);
    failsAndHoldsNothing(
        IOException.class, () -> CapFiltStep.open(sound, sound.published(1), options));
  }

  @Test
  void aCallWhoseInputsCannotAllBeMade() throws Throwable {
    try (LoadedModel loaded = LoadedModel.open(captioner, PredictorOptions.defaults());
        SignatureRunner runner =
            new SignatureRunner(
                loaded.session(),
                loaded.graph().signaturesOnDemand(),
                new CallParts(1 << 30, loaded.model().config()),
                MoreExecutors.newDirectExecutorService(),
                () -> {})) {
      failsAndHoldsNothing(
          IllegalArgumentException.class,
          () ->
              runner.run(
                  ServingSignature.CAPTION,
                  image().numbers("unknown", 1),
                  CallControl.NONE.begin("caption", 1),
                  out -> List.of(0)));
      failsAndHoldsNothing(
          IllegalStateException.class,
          () ->
              runner.run(
                  ServingSignature.CAPTION,
                  image(),
                  CallControl.NONE.begin("caption", 1),
                  out -> {
                    throw new IllegalStateException("while the outputs are read");
                  }));
    }
  }

  private static CallInputs image() {
    return new CallInputs()
        .files(ServingSignature.IMAGE_BYTES, "images", List.of(TinyModel.image(1, "jpg")));
  }

  @Test
  void publishedWeightsWhoseModelCannotBeTold() throws IOException {
    Path strange = folder.resolve("strange.safetensors");
    SafetensorsWriter.write(
        strange, List.of(new SafetensorsWriter.Floats("a", Shape.of(1), () -> new float[1])));
    ModelSource source = ModelSource.resolve(strange.toString());
    assertThrows(IOException.class, () -> OpenModel.open(source));
    assertEquals(List.of(), openFiles(strange));
    Path file = folder.resolve("weights.safetensors");
    ModelConversion.run(
        captioner,
        new ConversionRequest(file, ConversionRequest.Form.SAFETENSORS, Optional.empty(), false));
    try (OpenModel open = OpenModel.open(ModelSource.resolve(file.toString()))) {
      assertEquals(file, open.path());
      assertEquals(1, openFiles(file).size());
    }
    assertEquals(List.of(), openFiles(file));
  }

  private static List<Path> openFiles(Path file) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(one -> linksTo(one, file)).toList();
    }
  }

  private static boolean linksTo(Path link, Path file) {
    try {
      return Files.readSymbolicLink(link).equals(file.toRealPath());
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** Files that the graph reads as they are go to it without a copy on the Java heap. */
  @Test
  void filesAreNotCopiedBeforeTheyBecomeATensor() {
    byte[] picture = TinyModel.image(1, "png");
    byte[] large = Arrays.copyOf(picture, 8 << 20); // what follows the end is not looked at
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    new CallInputs().files("x", "images", List.of(large));
    long before = threads.getCurrentThreadAllocatedBytes();
    new CallInputs().files("x", "images", List.of(large, large));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 1 << 20, allocated + " bytes");
  }

  /** Graphs are in no list: what they hold outside the heap shows if it stays. */
  @Test
  @Tag("slow")
  void failuresHoldNoMemory() throws IOException {
    Path data = folder.resolve("captioner/variables.data-00000-of-00001");
    Files.write(data, new byte[10]);
    long after10 = 0;
    for (int open = 1; open <= 60; open++) {
      assertThrows(IOException.class, () -> Predictor.open(captioner, PredictorOptions.defaults()));
      if (open == 10) {
        after10 = residentMegabytes();
      }
    }
    long grown = residentMegabytes() - after10;
    System.out.println("resident: " + grown + " MB more after 50 failures");
    assertTrue(grown < 50, grown + " MB more after 50 failures");
  }

  /** What 50 opens have left over stays what 200 leave over. */
  @Test
  @Tag("slow")
  void twoHundredOpensHoldNoMoreMemoryThanFifty() throws IOException {
    byte[] image = TinyModel.image(1, "jpg");
    long after50 = 0;
    for (int open = 1; open <= 200; open++) {
      try (Predictor model = Predictor.open(captioner, PredictorOptions.defaults())) {
        assertEquals(1, model.caption(List.of(image)).size());
      }
      if (open == 50) {
        after50 = residentMegabytes();
      }
    }
    long grown = residentMegabytes() - after50;
    System.out.println(
        "resident: " + after50 + " MB after 50 opens, " + grown + " MB more after 200");
    assertTrue(grown < 100, grown + " MB more after 200 opens than after 50");
  }

  private static long residentMegabytes() throws IOException {
    System.gc();
    String resident =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(resident.replaceAll("\\D", "")) >> 10;
  }
}
