package org.blip4j.data.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ImageInfoTest {
  @Test
  void formatAndSizeAreReadFromTheBytes() throws SampleException {
    assertInfo(ImageInfo.ImageFormat.JPEG, 17, 9, TestImages.image("jpg", 17, 9));
    assertInfo(ImageInfo.ImageFormat.PNG, 17, 9, TestImages.image("png", 17, 9));
    assertInfo(ImageInfo.ImageFormat.GIF, 17, 9, TestImages.image("gif", 17, 9));
    assertInfo(ImageInfo.ImageFormat.BMP, 17, 9, TestImages.image("bmp", 17, 9));
    assertInfo(ImageInfo.ImageFormat.WEBP, 1, 1, TestImages.webp(true));
    assertInfo(ImageInfo.ImageFormat.WEBP, 1, 1, TestImages.webp(false));
  }

  @Test
  void bytesBehindTheImageAreAllowed() throws SampleException {
    ByteString tail = ByteString.copyFromUtf8("appended by a camera");
    assertInfo(ImageInfo.ImageFormat.JPEG, 17, 9, TestImages.image("jpg", 17, 9).concat(tail));
    assertInfo(ImageInfo.ImageFormat.PNG, 17, 9, TestImages.image("png", 17, 9).concat(tail));
  }

  @Test
  void viewsIntoLargerBytesAreRead() throws SampleException {
    for (String format : new String[] {"jpg", "png", "gif", "bmp"}) {
      ByteString image = TestImages.image(format, 17, 9);
      ByteString record = ByteString.copyFromUtf8("before").concat(image);
      ByteString view = ByteString.copyFrom(record.toByteArray()).substring(6);
      assertEquals(ImageInfo.inspect(image), ImageInfo.inspect(view));
    }
  }

  @Test
  void everyTruncationOfJpegAndPngIsNoticed() {
    for (String format : new String[] {"jpg", "png"}) {
      ByteString whole = TestImages.image(format, 17, 9);
      for (int size = 0; size < whole.size(); size++) {
        ByteString cut = whole.substring(0, size);
        assertThrows(SampleException.class, () -> ImageInfo.inspect(cut), format + " " + size);
      }
    }
    ByteString webp = TestImages.webp(true);
    String message = problem(webp.substring(0, webp.size() - 1));
    assertTrue(message.contains("WEBP image of 33 bytes is cut short"), message);
  }

  @Test
  void flippedBitInPngIsNoticed() {
    byte[] bytes = TestImages.image("png", 17, 9).toByteArray();
    bytes[60] ^= 1;
    String message = problem(ByteString.copyFrom(bytes));
    assertTrue(message.contains("does not match its checksum"), message);
  }

  @Test
  void otherFilesAreNoImages() {
    assertEquals("the image is empty", problem(ByteString.EMPTY));
    String message = problem(ByteString.copyFromUtf8("BM is not enough"));
    assertTrue(message.startsWith("not an image: 16 bytes that begin with 42 4d 20 "), message);
    assertEquals(Optional.empty(), ImageInfo.ImageFormat.of(ByteString.copyFromUtf8("<svg/>")));
  }

  private static String problem(ByteString image) {
    return assertThrows(SampleException.class, () -> ImageInfo.inspect(image)).getMessage();
  }

  private static void assertInfo(
      ImageInfo.ImageFormat format, int width, int height, ByteString image)
      throws SampleException {
    assertEquals(new ImageInfo(format, width, height), ImageInfo.inspect(image));
  }
}
