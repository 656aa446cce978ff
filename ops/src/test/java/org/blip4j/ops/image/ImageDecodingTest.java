package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.ops.testing.TensorAssert;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

final class ImageDecodingTest extends ImageTest {
  private static final String READ = "; JPEG, PNG, GIF and BMP are read";

  @Test
  void decodesEveryKindAsPillowDoes() {
    Operand<TString> file = ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of()));
    Operand<TUint8> decoded = ImageDecoding.decodeOne(ctx, file);
    Pictures.all()
        .forEach(
            picture -> {
              try (TString value =
                  TString.tensorOfBytes(NdArrays.scalarOfObject(picture.bytes()))) {
                assertArrayEquals(picture.decoded(), bytes(decoded, file, value), picture.file());
              }
            });
  }

  @Test
  void normalisesEachRow() {
    Operand<TString> files = files();
    List<Pictures.Case> pictures = Pictures.all().toList();
    Rows rows =
        rows(
            new ImageDecoding(32).apply(ctx, files),
            files,
            pictures.stream().map(Pictures.Case::bytes).toList());
    for (int i = 0; i < pictures.size(); i++) {
      assertEquals("", rows.status().get(i), pictures.get(i).file());
      TensorAssert.assertClose(normalised(pictures.get(i).resized()), rows.pixels().get(i), 1e-6);
    }
  }

  @Test
  void aBadRowFailsAlone() {
    Map<String, byte[]> bad = badFiles();
    List<byte[]> batch = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    bad.forEach(
        (status, file) -> {
          batch.add(file);
          expected.add(status);
          batch.add(Pictures.read("rgb.png"));
          expected.add("");
        });
    Operand<TString> files = files();
    Rows rows = rows(new ImageDecoding(32).apply(ctx, files), files, batch);
    assertEquals(expected, rows.status());
    float[] good = normalised(Pictures.read("rgb.png.resized"));
    for (int i = 0; i < batch.size(); i++) {
      float[] pixels = i % 2 == 0 ? new float[good.length] : good;
      TensorAssert.assertClose(pixels, rows.pixels().get(i), 1e-6);
    }
  }

  @Test
  void worksWhenAllRowsAreBadAndWhenThereAreNone() {
    Operand<TString> files = files();
    ImageDecoding.Result images = new ImageDecoding(8).apply(ctx, files);
    Rows rows = rows(images, files, List.of(new byte[0], new byte[] {1}));
    assertEquals(
        List.of("not an image: empty", "not an image: no known format" + READ), rows.status());
    Operand<TInt32> zero = ctx.tf().constant(new int[] {0});
    Operand<TString> none = ctx.tf().slice(ctx.tf().array("one row"), zero, zero);
    assertEquals(0, run(new ImageDecoding(8).apply(ctx, none).pixels()).length);
  }

  @Test
  void keepsAFileWithBytesAfterItsEnd() {
    byte[] file = Pictures.read("baseline.jpg");
    Operand<TString> files = files();
    Rows rows =
        rows(
            new ImageDecoding(32).apply(ctx, files),
            files,
            List.of(Arrays.copyOf(file, file.length + 99)));
    assertEquals(List.of(""), rows.status());
  }

  @Test
  void refusesASizeOfZero() {
    assertEquals(
        "image size is 0; it must be 1 or more",
        assertThrows(IllegalArgumentException.class, () -> new ImageDecoding(0)).getMessage());
  }

  private static Map<String, byte[]> badFiles() {
    byte[] jpeg = Pictures.read("baseline.jpg");
    byte[] png = Pictures.read("rgb.png");
    byte[] garbledJpeg = jpeg.clone();
    Arrays.fill(garbledJpeg, 20, 400, (byte) 0x11);
    byte[] garbledPng = png.clone();
    garbledPng[png.length / 2] ^= 0x55;
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("not an image: empty", new byte[0]);
    files.put("not an image: no known format" + READ, ascii("a caption, not a picture"));
    files.put(
        "truncated JPEG: it does not end with the marker FF D9",
        Arrays.copyOf(jpeg, jpeg.length - 2));
    files.put("damaged JPEG: it cannot be decoded", garbledJpeg);
    files.put(
        "truncated PNG: it does not end with the chunk IEND", Arrays.copyOf(png, png.length / 2));
    files.put("damaged PNG: it cannot be decoded", garbledPng);
    files.put("damaged GIF: it cannot be decoded", ascii("GIF89a"));
    files.put("damaged or unusual BMP: it cannot be decoded", ascii("BM"));
    files.put("unsupported format WebP" + READ, ascii("RIFF1234WEBPVP8 "));
    files.put("unsupported format TIFF" + READ, ascii("II*\0 "));
    files.put("unsupported format HEIC" + READ, ascii("1234ftypheic"));
    files.put("unsupported format AVIF" + READ, ascii("1234ftypavif"));
    return files;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static float[] normalised(byte[] pixels) {
    double[] mean = {0.48145466, 0.4578275, 0.40821073};
    double[] deviation = {0.26862954, 0.26130258, 0.27577711};
    float[] result = new float[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      result[i] = (float) (((pixels[i] & 0xff) / 255.0 - mean[i % 3]) / deviation[i % 3]);
    }
    return result;
  }
}
