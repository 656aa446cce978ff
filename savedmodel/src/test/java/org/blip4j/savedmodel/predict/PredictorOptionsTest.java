package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.ConfigProto;

/** What a program gets that uses the library as it is described. */
class PredictorOptionsTest {
  private static final ConfigProto CPU = PredictorOptions.defaults().session();

  @TempDir private Path folder;

  @Test
  void theDefaultsTakeTheFastestKernelsOfTheCpu() {
    assertEquals(0, CPU.getDeviceCountOrThrow("GPU"));
    assertEquals(
        Kernels.forInference(Precision.FLOAT32, false), PredictorOptions.defaults().kernels());
    assumeTrue(Kernels.packedAvailable());
    assertEquals(Kernels.PACKED, PredictorOptions.defaults().kernels());
    assertEquals(Kernels.PACKED, PredictorOptions.defaults().withThreads(2).kernels());
  }

  @Test
  void kernelsThatWereChosenStay() {
    ConfigProto other = CPU.toBuilder().setInterOpParallelismThreads(1).build();
    for (Kernels chosen : List.of(Kernels.INT8, Kernels.PORTABLE)) {
      assertEquals(
          chosen, PredictorOptions.defaults().withKernels(chosen).withSession(other).kernels());
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            PredictorOptions.defaults()
                .withKernels(Kernels.INT8)
                .withSession(ConfigProto.getDefaultInstance()));
  }

  @Test
  void thePrecisionStaysWhereTheDevicesChange() {
    ConfigProto gpu = ConfigProto.getDefaultInstance();
    PredictorOptions half = PredictorOptions.defaults().withPrecision(Precision.BFLOAT16);
    assertEquals(Kernels.forInference(Precision.BFLOAT16, false), half.kernels());
    assertEquals(Kernels.BFLOAT16, half.withSession(gpu).kernels());
    assertEquals(half.kernels(), half.withSession(gpu).withSession(CPU).kernels());
    assertEquals(Kernels.PORTABLE_BFLOAT16, half.portable().kernels());
    PredictorOptions sixteen = PredictorOptions.of(gpu, Precision.FLOAT16);
    assertEquals(Kernels.FLOAT16, sixteen.kernels());
    assertThrows(IllegalArgumentException.class, () -> sixteen.withSession(CPU));
    assertThrows(
        IllegalArgumentException.class,
        () -> PredictorOptions.defaults().withKernels(Kernels.FLOAT16));
  }

  @Test
  void nothingIsNamedWithItsPlace() throws IOException {
    ModelSource source = TinyModel.write(folder.resolve("model"), Task.RETRIEVAL);
    byte[] image = TinyModel.image(1, "png");
    PredictorOptions options = PredictorOptions.defaults();
    refused("source is null", () -> Predictor.open(null, options));
    refused("options is null", () -> Predictor.open(source, null));
    try (Predictor model = Predictor.open(source, options)) {
      refused("images[1] is null", () -> model.embedImages(Arrays.asList(image, null)));
      refused("images is null", () -> model.embedImages(null));
      refused("change is null", () -> model.with(null));
      refused("change gave null", () -> model.with(settings -> null));
      refused("bounds is null", () -> model.batching(null));
      refused("call is null", () -> model.async(null));
      refused("other is null", () -> model.embedImage(image).cosine(null));
      refused("images is null", () -> model.match(null, List.of("a")));
      refused("texts is null", () -> model.match(List.of(image), null));
      refused("seeds is null", () -> model.captionSample(List.of(image), null));
      refused("right images is null", () -> model.nlvr(List.of(image), null, List.of("a")));
      refused("texts[0] is null", () -> model.embedTexts(Arrays.asList(null, "a")));
      refused(
          "texts[1] is null", () -> model.match(List.of(image, image), Arrays.asList("a", null)));
      EmbeddingVector one = model.embedImages(List.of(image)).get(0);
      float[] values = one.values();
      assertNotSame(values, one.values());
      values[0] += 1;
      assertEquals(one, model.embedImages(List.of(image)).get(0));
      assertArrayEquals(model.embedImages(List.of(image)).get(0).values(), one.values());
      assertEquals(values.length, one.dimension());
      assertEquals(1, one.cosine(one), 1e-9);
      EmbeddingVector text = model.embedTexts(List.of("a red dog")).get(0);
      PairScore score = model.match(List.of(image), List.of("a red dog")).get(0);
      assertEquals(score.itcCosine(), one.cosine(text), 1e-5);
      EmbeddingVector failed = model.embedImages(List.of(new byte[3])).get(0);
      assertEquals(0, one.cosine(failed));
    }
  }

  private static void refused(String why, Executable call) {
    NullPointerException thrown = assertThrows(NullPointerException.class, call);
    assertTrue(thrown.getMessage().contains(why), thrown.getMessage());
  }

  /** JavaCPP allows a process twice its heap; a process with TensorFlow in it holds more. */
  @Test
  void aSmallHeapIsNoLimitForTheModel() throws Exception {
    TinyModel.write(folder.resolve("model"), Task.RETRIEVAL);
    String path = System.getProperty("java.class.path");
    assumeFalse(path.contains("console-standalone"), "the class path is not that of the tests");
    assertEquals("true", inSmallHeap(path));
  }

  private String inSmallHeap(String classPath) throws Exception {
    Path out = folder.resolve("out");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", classPath, Opens.class.getName()));
    command.add(folder.resolve("model").toString());
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(new File("/dev/null"))
            .start();
    assertTrue(process.waitFor(5, TimeUnit.MINUTES));
    return Files.readString(out, StandardCharsets.UTF_8).strip();
  }

  /** Opens a model, calls it, and prints whether that went well. */
  static final class Opens {
    private Opens() {}

    public static void main(String[] args) throws IOException {
      PredictorOptions options = PredictorOptions.defaults();
      try (Predictor model = Predictor.open(ModelSource.resolve(args[0]), options)) {
        System.out.println(model.embedTexts(List.of("a dog")).get(0).ok());
      }
    }
  }
}
