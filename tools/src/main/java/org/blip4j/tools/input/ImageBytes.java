package org.blip4j.tools.input;

import com.google.protobuf.UnsafeByteOperations;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.blip4j.data.sample.ImageFormat;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.SampleException;

/**
 * Makes of an image file what the graph decodes, or says what is wrong with it.
 *
 * <p>TensorFlow has kernels for JPEG, PNG, GIF and BMP; those files are looked at, their headers
 * and whether they are whole, and stay as they are. WebP, TIFF and what other image libraries of
 * Java can read become PNG; as with the others, transparency is dropped and not blended.
 */
final class ImageBytes {
  /** As many pixels as Pillow reads at most. */
  private static final long MOST_PIXELS = 178_956_970;

  private ImageBytes() {}

  /** The bytes for the graph, or the problem. */
  static LoadedImage.Content of(byte[] file) {
    try {
      var bytes = UnsafeByteOperations.unsafeWrap(file);
      if (ImageFormat.of(bytes).isEmpty()) {
        return other(file, () -> ImageInfo.inspect(bytes));
      }
      ImageInfo info = ImageInfo.inspect(bytes);
      requireSize(info.width(), info.height());
      return info.format() == ImageFormat.WEBP
          ? other(WebpStill.of(file), () -> {})
          : new LoadedImage.Bytes(file);
    } catch (SampleException e) {
      return new LoadedImage.Problem(e.getMessage());
    } catch (IOException e) {
      return new LoadedImage.Problem("cannot be decoded: " + e.getMessage());
    }
  }

  /** What to say about bytes that no library knows. */
  private interface Refusal {
    void refuse() throws SampleException;
  }

  private static LoadedImage.Content other(byte[] file, Refusal unknown) throws IOException {
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        unknown.refuse();
        throw new SampleException("no image library reads this format");
      }
      return new LoadedImage.Bytes(png(decoded(readers.next(), in)));
    } catch (LinkageError e) { // a decoder with native code that is not there for this machine
      throw new SampleException("the decoder of this format does not run on this machine", e);
    }
  }

  private static BufferedImage decoded(ImageReader reader, ImageInputStream in)
      throws SampleException {
    try {
      reader.setInput(in, true, true);
      requireSize(reader.getWidth(0), reader.getHeight(0));
      return reader.read(0);
    } catch (SampleException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // readers stumble over damage in many ways
      throw new SampleException(
          "damaged %s image: it cannot be decoded".formatted(name(reader)), e);
    } finally {
      reader.dispose();
    }
  }

  private static String name(ImageReader reader) {
    return reader.getOriginatingProvider().getFormatNames()[0].toUpperCase(Locale.ROOT);
  }

  private static void requireSize(long width, long height) throws SampleException {
    if (width * height > MOST_PIXELS) {
      throw new SampleException(
          "%d x %d pixels are too many; %d are read at most".formatted(width, height, MOST_PIXELS));
    }
  }

  private static byte[] png(BufferedImage image) throws IOException {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage opaque = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    boolean gray =
        image.getColorModel().getNumColorComponents() == 1
            && !(image.getColorModel() instanceof IndexColorModel);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      if (gray) {
        grayRow(image, y, row);
      } else {
        image.getRGB(0, y, width, 1, row, 0, width);
      }
      opaque.setRGB(0, y, width, 1, row, 0, width);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(opaque, "png", out);
    return out.toByteArray();
  }

  /** The stored levels: Java's own conversion of gray is for linear light and would brighten. */
  private static void grayRow(BufferedImage image, int y, int... row) {
    Raster raster = image.getRaster();
    int bits = raster.getSampleModel().getSampleSize(0);
    for (int x = 0; x < row.length; x++) {
      int level = raster.getSample(x + raster.getMinX(), y + raster.getMinY(), 0);
      int byteLevel = bits > 8 ? level >>> (bits - 8) : level * 255 / ((1 << bits) - 1);
      row[x] = byteLevel << 16 | byteLevel << 8 | byteLevel;
    }
  }
}
