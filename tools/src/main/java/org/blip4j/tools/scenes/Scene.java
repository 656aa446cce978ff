package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;
import java.util.Random;

/**
 * What a quickstart picture shows: one or two objects in different cells on a backdrop.
 *
 * @param objects one or two, of different looks and in different cells
 * @param backdrop the texture behind them
 * @param grain seed of the pixel noise
 */
public record Scene(ImmutableList<Item> objects, Backdrop backdrop, long grain) {
  /** Width and height of the picture in pixels. */
  public static final int SIZE = 32;

  static final int CELL = SIZE / 2;

  /** Refuses scenes that captions could not describe. */
  public Scene {
    if (objects.isEmpty() || objects.size() > 2) {
      throw new IllegalArgumentException("a scene has one or two objects, not " + objects.size());
    }
    if (objects.stream().map(Item::cell).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects lie in one cell: " + objects);
    }
    if (objects.stream().map(Item::look).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects look the same: " + objects);
    }
  }

  /** What the objects look like, in the order of {@link #objects}. */
  public ImmutableList<Appearance> looks() {
    return objects.stream().map(Item::look).collect(ImmutableList.toImmutableList());
  }

  /**
   * An object of a scene and its place.
   *
   * <p>A cell is a quarter of the picture, 0 and 1 above, 2 and 3 below. Its middle is the common
   * corner of four 8 x 8 patches, so that a vision transformer sees each shape cut the same way.
   *
   * @param look what it looks like
   * @param cell 0 to 3
   * @param shiftX pixels right of the middle of its cell, -1 to 1
   * @param shiftY pixels below the middle of its cell, -1 to 1
   */
  public record Item(Appearance look, int cell, double shiftX, double shiftY) {
    static final int CELLS = 4;

    /** Refuses places outside the picture. */
    public Item {
      if (cell < 0 || cell >= CELLS) {
        throw new IllegalArgumentException("cell " + cell + " does not exist; use 0 to 3");
      }
      if (!(Math.abs(shiftX) <= 1 && Math.abs(shiftY) <= 1)) {
        throw new IllegalArgumentException(
            "shift " + shiftX + ", " + shiftY + " is more than one pixel; use -1 to 1");
      }
    }

    double centerX() {
      return Scene.CELL * (cell % 2) + Scene.CELL / 2.0 + shiftX;
    }

    double centerY() {
      return Scene.CELL * (cell / 2) + Scene.CELL / 2.0 + shiftY;
    }
  }

  /**
   * The grey texture behind the objects. Captions never name it: it is there to be ignored.
   *
   * @param texture the pattern
   * @param grey level of the ground, 0 to 255
   * @param contrast how much the pattern differs from it
   * @param period pixels after which the pattern repeats
   * @param phase pixels by which it is shifted
   */
  public record Backdrop(Texture texture, int grey, int contrast, int period, int phase) {
    /** The patterns. */
    public enum Texture {
      PLAIN,
      STRIPED,
      DOTTED,
      CHECKERED
    }

    /** Refuses levels that do not fit a byte. */
    public Backdrop {
      if (Math.min(grey, grey + contrast) < 0 || Math.max(grey, grey + contrast) > 255) {
        throw new IllegalArgumentException(
            "grey " + grey + " with contrast " + contrast + " leaves 0 to 255");
      }
      if (period < 2 || phase < 0) {
        throw new IllegalArgumentException(
            "period " + period + " and phase " + phase + " must be at least 2 and 0");
      }
    }

    int level(int x, int y) {
      return grey + (isMarked(x + phase, y + phase) ? contrast : 0);
    }

    private boolean isMarked(int x, int y) {
      int half = period / 2;
      return switch (texture) {
        case PLAIN -> false;
        case STRIPED -> x % period < half;
        case DOTTED -> x % period < 2 && y % period < 2;
        case CHECKERED -> (x % period < half) != (y % period < half);
      };
    }
  }

  /**
   * Draws random scenes: one object (30 %) or two, every look equally likely.
   *
   * <p>{@link Random}'s algorithm is part of its specification, so a seed gives the same scenes on
   * every Java.
   */
  public static final class Generator {
    private static final double ALONE = 0.3;

    private final Random random;

    /** A generator that takes all its chance from {@code random}. */
    public Generator(Random random) {
      this.random = random;
    }

    /** The next scene. */
    public Scene next() {
      Scene.Item first = object(random.nextInt(Scene.Item.CELLS));
      ImmutableList.Builder<Scene.Item> objects = ImmutableList.<Scene.Item>builder().add(first);
      if (random.nextDouble() >= ALONE) {
        objects.add(another(first));
      }
      return new Scene(objects.build(), backdrop(), random.nextLong());
    }

    private Scene.Item another(Scene.Item first) {
      int cell = (first.cell() + 1 + random.nextInt(Scene.Item.CELLS - 1)) % Scene.Item.CELLS;
      Scene.Item second = object(cell);
      while (second.look().equals(first.look())) {
        second = object(cell);
      }
      return second;
    }

    private Scene.Item object(int cell) {
      Appearance look =
          new Appearance(
              pick(Appearance.Size.values()),
              pick(Appearance.Color.values()),
              pick(Appearance.Shape.values()));
      return new Scene.Item(look, cell, shift(), shift());
    }

    private double shift() {
      return 2 * random.nextDouble() - 1;
    }

    private Scene.Backdrop backdrop() {
      Scene.Backdrop.Texture texture = pick(Scene.Backdrop.Texture.values());
      int grey = 105 + random.nextInt(46);
      int contrast = (14 + random.nextInt(15)) * (random.nextBoolean() ? 1 : -1);
      int period = 4 + 2 * random.nextInt(3);
      return new Scene.Backdrop(texture, grey, contrast, period, random.nextInt(period));
    }

    private <T> T pick(T[] values) {
      return values[random.nextInt(values.length)];
    }
  }
}
