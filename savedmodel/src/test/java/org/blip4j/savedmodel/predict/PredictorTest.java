package org.blip4j.savedmodel.predict;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.testing.OpenedTwice;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model folder and the model exported from it, called with the same rows. */
class PredictorTest {
  @TempDir private static Path folder;
  private static OpenedTwice models;
  private static Predictor inMemory;
  private static Predictor exported;

  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(2, "png");
  private static final byte[] C = TinyModel.image(17, "jpg");
  private static final byte[] BROKEN = Arrays.copyOf(A, A.length / 2);
  private static final byte[] TEXT = "not an image at all".getBytes(UTF_8);

  @BeforeAll
  static void open() throws IOException {
    models = OpenedTwice.write(folder, Task.PRETRAIN);
    inMemory = models.inMemory();
    exported = models.exported();
  }

  @AfterAll
  static void close() {
    models.close();
  }

  @Test
  void theExportedModelWritesTheSameCaptions() {
    List<Caption> expected = inMemory.caption(List.of(A, B, C));

    List<Caption> actual = exported.caption(List.of(A, B, C));

    for (int i = 0; i < 3; i++) {
      assertSame(expected.get(i), actual.get(i));
      assertTrue(expected.get(i).ok(), expected.get(i).status());
      assertFalse(expected.get(i).text().startsWith("a picture of"), expected.get(i).text());
      assertTrue(expected.get(i).logProb() < 0);
    }
    assertEquals(List.of(118L, 1L, 2L, 3L), expected.get(0).ids().subList(0, 4));
    assertNotEquals(expected.get(0).ids(), expected.get(2).ids());
  }

  @Test
  void aBatchGivesWhatItsRowsGiveAlone() {
    List<byte[]> images = List.of(A, B, C, A);
    List<Caption> together = exported.caption(images);
    for (int split = 1; split < images.size(); split++) {
      List<Caption> parts = new ArrayList<>(exported.caption(images.subList(0, split)));
      parts.addAll(exported.caption(images.subList(split, images.size())));
      for (int i = 0; i < images.size(); i++) {
        assertSame(together.get(i), parts.get(i));
      }
    }
  }

  /** What TensorFlow has no kernel for becomes what it has; such damage is the row's alone, too. */
  @Test
  void webpAndTiffAreReadInTheLibrary() throws IOException {
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(B));
    BufferedImage opaque =
        new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
    opaque.createGraphics().drawImage(picture, 0, 0, null);
    byte[] tiff = file(opaque, "tif");
    byte[] webp = file(opaque, "webp");
    byte[] huge = B.clone();
    Arrays.fill(huge, 17, 19, (byte) 1); // 65,792 or more pixels wide and high
    Arrays.fill(huge, 21, 23, (byte) 1);

    for (Predictor predictor : List.of(inMemory, exported)) {
      List<byte[]> images =
          List.of(file(opaque, "png"), tiff, webp, Arrays.copyOf(webp, webp.length / 2), huge);
      List<Caption> captions = predictor.caption(images);

      assertSame(captions.get(0), captions.get(1));
      assertTrue(captions.get(2).ok(), captions.get(2).status());
      String cut = "WEBP image of %d bytes is cut short".formatted(webp.length / 2);
      assertEquals(cut, captions.get(3).status());
      assertTrue(captions.get(4).status().contains("pixels are too many"), captions.toString());
    }
  }

  private static byte[] file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out), format);
    return out.toByteArray();
  }

  @Test
  void anUnreadableImageFailsItsOwnRowOnly() {
    Caption alone = inMemory.caption(List.of(B)).get(0);

    List<Caption> captions = inMemory.caption(List.of(TEXT, B, BROKEN, new byte[0]));

    assertSame(alone, captions.get(1));
    for (int bad : new int[] {0, 2, 3}) {
      assertEquals("", captions.get(bad).text());
      assertEquals(0, captions.get(bad).logProb());
      assertEquals(0, captions.get(bad).ids().size());
      assertFalse(captions.get(bad).status().isEmpty());
    }
    assertTrue(captions.get(2).status().contains("truncated"), captions.get(2).status());
    PairScore score = inMemory.match(List.of(TEXT, B), List.of("a dog", "a dog")).get(0);
    assertEquals(0, score.itmProbability());
    assertFalse(score.ok());
    assertTrue(inMemory.caption(List.of(TEXT)).get(0).status().length() > 0);
  }

  @Test
  void aSeedGivesTheSameCaptionWhateverSharesItsBatch() {
    Caption alone = exported.captionSample(List.of(A), 7).get(0);

    List<Caption> together = exported.captionSample(List.of(C, A, A, A), 1, 7, 8, 9);

    assertSame(alone, together.get(1));
    assertSame(alone, inMemory.captionSample(A, 7));
    assertTrue(
        together.subList(1, 4).stream().map(Caption::ids).distinct().count() > 1,
        "three seeds gave one caption");
  }

  @Test
  void everyRowMayHaveItsOwnPrompt() {
    List<Caption> fixed = inMemory.caption(List.of(A, B));

    List<Caption> prompted =
        inMemory.captionPrompted(
            List.of(A, B, A), List.of("a picture of", "a picture of", "the red"));

    assertSame(fixed.get(0), prompted.get(0));
    assertSame(fixed.get(1), prompted.get(1));
    assertEquals(List.of(118L, 13L, 4L), prompted.get(2).ids().subList(0, 3));
    assertSame(prompted.get(2), exported.captionPrompted(A, "the red"));
  }

  @Test
  void scoresDoNotDependOnTheRowsBeside() {
    List<String> texts = List.of("a red circle", "A BLUE square!", "dogs, cats and the rest");
    List<PairScore> together = inMemory.match(List.of(A, A, B), texts);
    for (int i = 0; i < 3; i++) {
      PairScore alone = exported.match(List.of(i == 2 ? B : A), List.of(texts.get(i))).get(0);
      assertEquals(together.get(i).itmProbability(), alone.itmProbability(), 1e-5);
      assertEquals(together.get(i).itcCosine(), alone.itcCosine(), 1e-5);
      assertEquals(together.get(i).itmLogits().match(), alone.itmLogits().match(), 1e-4);
    }
    assertNotEquals(together.get(0).itmProbability(), together.get(1).itmProbability());
  }

  @Test
  void aModelForStreamsGivesTheSameScores() throws IOException {
    PredictorOptions streams =
        PredictorOptions.defaults().withSettings(own -> own.withExpectedBatch(8));
    List<String> texts = List.of("a red circle", "dogs, cats and the rest");
    try (Predictor other = Predictor.open(models.source(), streams)) {
      for (int i = 0; i < texts.size(); i++) {
        PairScore expected = inMemory.match(List.of(A), List.of(texts.get(i))).get(0);
        PairScore actual = other.match(List.of(A), List.of(texts.get(i))).get(0);
        assertEquals(expected.itmProbability(), actual.itmProbability(), 1e-5);
        assertEquals(expected.itcCosine(), actual.itcCosine(), 1e-5);
      }
    }
  }

  @Test
  void theCosineIsTheProductOfTheEmbeddings() {
    float[] image = exported.embedImages(List.of(A)).get(0).values();
    float[] text = exported.embedTexts(List.of("a red circle")).get(0).values();
    float product = 0;
    float length = 0;
    for (int i = 0; i < image.length; i++) {
      product += image[i] * text[i];
      length += image[i] * image[i];
    }
    PairScore score = exported.match(List.of(A), List.of("a red circle")).get(0);
    assertEquals(score.itcCosine(), product, 1e-5);
    assertEquals(1, length, 1e-5);
    assertEquals(16, image.length);
    assertArrayEquals(inMemory.embedTexts(List.of("a red circle")).get(0).values(), text, 1e-5f);
  }

  @Test
  void nothingGivesNothing() {
    assertEquals(List.of(), exported.caption(List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> exported.match(List.of(A), List.of("x", "y")));
  }

  @Test
  void anExportedModelHasTheSettingsItWasExportedWith() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Predictor.open(
                    ModelSource.resolve(folder.resolve("served").toString()),
                    PredictorOptions.defaults().withSettings(own -> own.withPrompt("another"))));
    assertTrue(refused.getMessage().contains("exported with other settings"));
  }

  private static void assertSame(Caption expected, Caption actual) {
    assertEquals(expected.ids(), actual.ids());
    assertEquals(expected.text(), actual.text());
    assertEquals(expected.logProb(), actual.logProb(), 1e-5 * Math.abs(expected.logProb()) + 1e-5);
  }
}
