package org.blip4j.tools.scenes;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Draws a scene as a picture of 32 x 32 or 48 x 48 pixels, anti-aliased and with pixel noise.
 *
 * <p>It rasterises by itself: Java's own drawing differs between versions and platforms by single
 * levels, and this must not.
 */
public final class SceneRenderer {
  private static final int CHANNELS = 3;

  /** Sub-pixels per side of a pixel. */
  private static final int SUB = 4;

  private static final double NOISE = 6;

  /** Standard deviation of the sum of four random bytes. */
  private static final double FOUR_BYTES = StrictMath.sqrt(4 * (256.0 * 256 - 1) / 12);

  private SceneRenderer() {}

  /**
   * The picture as PNG. The same scene gives the same bytes everywhere: they are stored, since
   * compressed ones depend on the zlib of the Java and noise would hardly get smaller.
   */
  public static byte[] png(Scene scene) {
    return png(scene.density().size(), scene.density().size(), pixels(scene));
  }

  static byte[] png(int width, int height, byte[] rgb) {
    if (rgb.length != CHANNELS * width * height) {
      throw new IllegalArgumentException(
          rgb.length + " bytes are no picture of " + width + " x " + height + " x 3");
    }
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      int red = rgb[CHANNELS * i] & 255;
      int green = rgb[CHANNELS * i + 1] & 255;
      int blue = rgb[CHANNELS * i + 2] & 255;
      image.setRGB(i % width, i / width, red << 16 | green << 8 | blue);
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam stored = writer.getDefaultWriteParam();
      stored.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      stored.setCompressionQuality(1);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), stored);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** The picture's bytes [size x size x 3]: rows from the top, in each red, green, blue. */
  public static byte[] pixels(Scene scene) {
    int size = scene.density().size();
    double[] levels = new double[size * size * CHANNELS];
    for (int i = 0; i < levels.length; i++) {
      int pixel = i / CHANNELS;
      levels[i] = scene.backdrop().level(pixel % size, pixel / size);
    }
    for (Scene.Item object : scene.objects()) {
      paint(levels, scene.density(), object);
    }
    return withNoise(levels, new Random(scene.grain()));
  }

  private static void paint(double[] levels, Scene.Density density, Scene.Item object) {
    int size = density.size();
    int left = object.left(density);
    int top = object.top(density);
    for (int y = Math.max(0, top - 2); y < Math.min(size, top + Scene.CELL + 2); y++) {
      for (int x = Math.max(0, left - 2); x < Math.min(size, left + Scene.CELL + 2); x++) {
        double share = coverage(object, density, x, y);
        int at = (y * size + x) * CHANNELS;
        for (int c = 0; c < CHANNELS; c++) {
          levels[at + c] += share * (object.look().color().channel(c) - levels[at + c]);
        }
      }
    }
  }

  /** Share of the pixel that the object covers. */
  private static double coverage(Scene.Item object, Scene.Density density, int x, int y) {
    double radius = object.look().size().radius();
    double reach = Appearance.Shape.REACH * radius + 1;
    double centerX = object.centerX(density);
    double centerY = object.centerY(density);
    if (Math.max(Math.abs(x - centerX), Math.abs(y - centerY)) > reach) {
      return 0;
    }
    Appearance.Shape shape = object.look().shape();
    int inside = 0;
    for (int row = 0; row < SUB; row++) {
      for (int column = 0; column < SUB; column++) {
        double subX = (x + (column + 0.5) / SUB - centerX) / radius;
        double subY = (y + (row + 0.5) / SUB - centerY) / radius;
        inside += shape.contains(subX, subY) ? 1 : 0;
      }
    }
    return inside / (double) (SUB * SUB);
  }

  /** Adds noise of standard deviation 6, close to normal: the sum of four random bytes. */
  private static byte[] withNoise(double[] levels, Random random) {
    byte[] pixels = new byte[levels.length];
    for (int i = 0; i < levels.length; i++) {
      int bits = random.nextInt();
      int sum = (bits & 255) + (bits >>> 8 & 255) + (bits >>> 16 & 255) + (bits >>> 24);
      double level = levels[i] + NOISE * (sum - 510) / FOUR_BYTES;
      pixels[i] = (byte) Math.max(0, Math.min(255, (int) StrictMath.rint(level)));
    }
    return pixels;
  }
}
