package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a call has to do before its rows are computed is within its bounds, too. */
class PredictorLimitsTest {
  @TempDir private static Path folder;
  private static Predictor model;

  @BeforeAll
  static void open() throws IOException {
    model = Predictor.open(TinyModel.write(folder.resolve("model"), Task.PRETRAIN));
    model.warmUp();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Files of which the graph knows nothing are decoded in the parts, not when they are given. */
  @Test
  void picturesAreConvertedPartByPart() throws IOException {
    byte[] tiff = tiff(1000);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<byte[]> images = Stream.generate(tiff::clone).limit(6).toList();
    long before = threads.getCurrentThreadAllocatedBytes();
    CallInputs inputs = new CallInputs().files(ServingSignature.IMAGE_BYTES, "images", images);
    CallParts parts = new CallParts(32 << 20, model.model().config());
    assertEquals(1, parts.of(ServingSignature.CAPTION, inputs).size(), "equal files are one");
    for (int i = 0; i < images.size(); i++) {
      images.get(i)[tiff.length - 1] = (byte) i; // after the end of the picture
    }
    assertEquals(2, parts.of(ServingSignature.CAPTION, inputs).size(), "10 MB each");
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 3_000_000, allocated + " bytes, which hold a picture");
    CallInputs part = inputs.part(0, 1);
    assertEquals(2, part.unread().size());
    assertEquals(1, inputs.part(3, 3).unread().size());
  }

  @Test
  void aDeadlineAndAnInterruptEndTheConversionOfPictures() throws IOException {
    byte[] tiff = tiff(3000);
    List<byte[]> images = Stream.generate(tiff::clone).limit(60).toList();
    long began = System.nanoTime();
    Duration limit = Duration.ofMillis(30);
    for (Predictor each :
        List.of(model, model.batching(DynamicBatching.Settings.of(images.size())))) {
      String late =
          assertThrows(CancellationException.class, () -> each.within(limit).caption(images))
              .getMessage();
      assertEquals("caption was not done within 30 ms, with 0 of 60 rows computed", late);
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> each.caption(images));
      assertTrue(Thread.interrupted());
    }
    long millis = (System.nanoTime() - began) / 1_000_000;
    assertTrue(millis < 3000, millis + " ms");
  }

  /** The thread that waits goes on, and the part gives its place to those of other calls. */
  @Test
  void aPartOfACancelledCallThatWaitsNeverBegins() throws Exception {
    ExecutorService one = Executors.newSingleThreadExecutor();
    ExecutorService caller = Executors.newSingleThreadExecutor();
    try {
      CountDownLatch free = new CountDownLatch(1);
      Future<?> busy = one.submit(() -> free.await(1, TimeUnit.MINUTES));
      CompletableFuture<String> outcome = new CompletableFuture<>();
      CallControl control = new CallControl(Optional.empty(), Optional.of(outcome));
      AtomicBoolean begun = new AtomicBoolean();
      Future<String> call =
          caller.submit(
              () ->
                  control
                      .begin("caption", 5)
                      .await(one, Executors.callable(() -> begun.set(true), ""), 2));
      assertTrue(outcome.cancel(true));
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> call.get(1, TimeUnit.MINUTES));
      assertEquals(
          "caption was cancelled, with 2 of 5 rows computed", ended.getCause().getMessage());
      free.countDown();
      assertNotNull(busy.get());
      assertEquals("", one.submit(() -> "").get());
      assertFalse(begun.get());
    } finally {
      one.shutdown();
      caller.shutdown();
    }
  }

  /** Its graph is built all the same, and is there for the next call. */
  @Test
  void aDeadlineEndsTheFirstCallOfASetting() {
    byte[] image = TinyModel.image(1, "png");
    Predictor other = model.with(own -> own.withPrompt("the"));
    long began = System.nanoTime();
    assertThrows(
        CancellationException.class, () -> other.within(Duration.ofNanos(1)).caption(image));
    long late = System.nanoTime() - began;
    assertTrue(other.caption(image).ok());
    long built = System.nanoTime() - began;
    assertTrue(late * 3 < built, late + " ns, " + built + " with the graph");
  }

  /** Answers that are asked for fill a part, not as many as are usual. */
  @Test
  void fewAnswersLeaveRoomForMoreRows() {
    CallParts parts = new CallParts(32 << 20, model.model().config());
    List<String> list = IntStream.range(0, 200).mapToObj(i -> "answer " + i).toList();
    int usual = parts.of(ServingSignature.VQA_RANK, ranking(list, 128)).size();
    int one = parts.of(ServingSignature.VQA_RANK, ranking(list, 1)).size();
    int shortList = parts.of(ServingSignature.VQA_RANK, ranking(list.subList(0, 1), 128)).size();
    int all = parts.of(ServingSignature.VQA_RANK, ranking(list, 1000)).size();
    assertEquals(one, shortList);
    assertTrue(one < usual && usual < all, one + " " + usual + " " + all);
  }

  private static CallInputs ranking(List<String> answers, int topK) {
    byte[] image = TinyModel.image(1, "png");
    int rows = 500;
    return new Answer.Choice(answers, topK)
        .addTo(
            new CallInputs()
                .files(ServingSignature.IMAGE_BYTES, "images", Collections.nCopies(rows, image))
                .texts(ServingSignature.QUESTION, "questions", Collections.nCopies(rows, "why")),
            rows);
  }

  /** A picture of one colour: small as a file, large as pixels; 16 bytes follow its end. */
  private static byte[] tiff(int side) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ImageWriteParam compressed = writer.getDefaultWriteParam();
    compressed.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    compressed.setCompressionType("Deflate");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      BufferedImage picture = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
      writer.write(null, new IIOImage(picture, null, null), compressed);
    }
    bytes.write(new byte[16]);
    return bytes.toByteArray();
  }
}
