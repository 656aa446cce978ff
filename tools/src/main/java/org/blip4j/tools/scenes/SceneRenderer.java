package org.blip4j.tools.scenes;

import java.util.Random;

/**
 * Draws a scene as a 32 x 32 picture, anti-aliased and with pixel noise.
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

  /** The picture as PNG. The same scene gives the same bytes everywhere. */
  public static byte[] png(Scene scene) {
    return PngEncoder.encode(Scene.SIZE, Scene.SIZE, pixels(scene));
  }

  /** The picture's bytes [32 x 32 x 3]: rows from the top, in each red, green, blue. */
  public static byte[] pixels(Scene scene) {
    double[] levels = new double[Scene.SIZE * Scene.SIZE * CHANNELS];
    for (int i = 0; i < levels.length; i++) {
      int pixel = i / CHANNELS;
      levels[i] = scene.backdrop().level(pixel % Scene.SIZE, pixel / Scene.SIZE);
    }
    for (SceneObject object : scene.objects()) {
      paint(levels, object);
    }
    return withNoise(levels, new Random(scene.grain()));
  }

  private static void paint(double[] levels, SceneObject object) {
    int left = Scene.CELL * (object.cell() % 2);
    int top = Scene.CELL * (object.cell() / 2);
    for (int y = Math.max(0, top - 2); y < Math.min(Scene.SIZE, top + Scene.CELL + 2); y++) {
      for (int x = Math.max(0, left - 2); x < Math.min(Scene.SIZE, left + Scene.CELL + 2); x++) {
        double share = coverage(object, x, y);
        int at = (y * Scene.SIZE + x) * CHANNELS;
        for (int c = 0; c < CHANNELS; c++) {
          levels[at + c] += share * (object.look().color().channel(c) - levels[at + c]);
        }
      }
    }
  }

  /** Share of the pixel that the object covers. */
  private static double coverage(SceneObject object, int x, int y) {
    double radius = object.look().size().radius();
    double reach = ObjectShape.REACH * radius + 1;
    if (Math.max(Math.abs(x - object.centerX()), Math.abs(y - object.centerY())) > reach) {
      return 0;
    }
    ObjectShape shape = object.look().shape();
    int inside = 0;
    for (int row = 0; row < SUB; row++) {
      for (int column = 0; column < SUB; column++) {
        double subX = (x + (column + 0.5) / SUB - object.centerX()) / radius;
        double subY = (y + (row + 0.5) / SUB - object.centerY()) / radius;
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
