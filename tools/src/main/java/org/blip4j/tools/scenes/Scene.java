package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What a generated picture shows: objects in different cells on a backdrop. One or two lie in four
 * cells, and captions name all of them; three to five lie in nine, and a caption names only one or
 * two of them, as people do of pictures that show much.
 *
 * @param objects one to five, of different looks and in different cells
 * @param backdrop the texture behind them
 * @param grain seed of the pixel noise
 */
public record Scene(ImmutableList<Item> objects, Backdrop backdrop, long grain) {
  /** Width and height of a cell in pixels. */
  static final int CELL = 16;

  /** Refuses scenes that captions could not describe. */
  public Scene {
    Density density = Density.of(objects.size());
    if (objects.stream().anyMatch(item -> item.cell() >= density.cells())) {
      throw new IllegalArgumentException(
          "%d objects lie in cells 0 to %d: %s"
              .formatted(objects.size(), density.cells() - 1, objects));
    }
    if (objects.stream().map(Item::cell).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects lie in one cell: " + objects);
    }
    if (objects.stream().map(Item::look).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects look the same: " + objects);
    }
  }

  /** How much pictures show. */
  public enum Density {
    /** One object (30 %) or two in 32 x 32 pixels; captions tell all. */
    FEW(2, 1, 2),
    /** Three to five objects in 48 x 48 pixels; a caption tells of one (10 %) or two. */
    MANY(3, 3, 5);

    private final int across;
    private final int least;
    private final int most;

    Density(int across, int least, int most) {
      this.across = across;
      this.least = least;
      this.most = most;
    }

    /** Width and height of a picture in pixels. */
    public int size() {
      return across * CELL;
    }

    int across() {
      return across;
    }

    int cells() {
      return across * across;
    }

    /** That of a scene with so many objects. */
    static Density of(int objects) {
      for (Density density : values()) {
        if (objects >= density.least && objects <= density.most) {
          return density;
        }
      }
      throw new IllegalArgumentException("a scene has one to five objects, not " + objects);
    }
  }

  /** How much it shows. */
  public Density density() {
    return Density.of(objects.size());
  }

  /** What the objects look like, in the order of {@link #objects}. */
  public ImmutableList<Appearance> looks() {
    return objects.stream().map(Item::look).collect(ImmutableList.toImmutableList());
  }

  /**
   * An object of a scene and its place.
   *
   * <p>Cells are counted from left to right and from above, two or three in a row. The middle of a
   * cell is the common corner of four 8 x 8 patches, so that a vision transformer sees each shape
   * cut the same way.
   *
   * @param look what it looks like
   * @param cell 0 to 3 or 0 to 8
   * @param shiftX pixels right of the middle of its cell, -1 to 1
   * @param shiftY pixels below the middle of its cell, -1 to 1
   */
  public record Item(Appearance look, int cell, double shiftX, double shiftY) {
    /** Refuses places outside the picture. */
    public Item {
      if (cell < 0 || cell >= Density.MANY.cells()) {
        throw new IllegalArgumentException("cell " + cell + " does not exist; use 0 to 8");
      }
      if (!(Math.abs(shiftX) <= 1 && Math.abs(shiftY) <= 1)) {
        throw new IllegalArgumentException(
            "shift " + shiftX + ", " + shiftY + " is more than one pixel; use -1 to 1");
      }
    }

    int left(Density density) {
      return CELL * (cell % density.across());
    }

    int top(Density density) {
      return CELL * (cell / density.across());
    }

    double centerX(Density density) {
      return left(density) + CELL / 2.0 + shiftX;
    }

    double centerY(Density density) {
      return top(density) + CELL / 2.0 + shiftY;
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
   * Draws random scenes: one object (30 %) or two, or three to five, every look equally likely.
   *
   * <p>{@link Random}'s algorithm is part of its specification, so a seed gives the same scenes on
   * every Java.
   */
  public static final class Generator {
    private static final double ALONE = 0.3;

    private final Random random;
    private final Density density;

    /** A generator that takes all its chance from {@code random}. */
    public Generator(Random random, Density density) {
      this.random = random;
      this.density = density;
    }

    /** The next scene. */
    public Scene next() {
      Scene.Item first = object(random.nextInt(density.cells()));
      List<Scene.Item> objects = new ArrayList<>(List.of(first));
      int number = density == Density.FEW ? random.nextDouble() < ALONE ? 1 : 2 : number();
      while (objects.size() < number) {
        objects.add(another(objects));
      }
      return new Scene(ImmutableList.copyOf(objects), backdrop(), random.nextLong());
    }

    private int number() {
      return density.least + random.nextInt(density.most - density.least + 1);
    }

    /** One in a free cell that looks like none of the others. */
    private Scene.Item another(List<Scene.Item> others) {
      int cell;
      do {
        cell = (others.get(0).cell() + 1 + random.nextInt(density.cells() - 1)) % density.cells();
      } while (isTaken(others, cell));
      Scene.Item next = object(cell);
      while (isSeen(others, next.look())) {
        next = object(cell);
      }
      return next;
    }

    private static boolean isTaken(List<Scene.Item> others, int cell) {
      return others.stream().anyMatch(other -> other.cell() == cell);
    }

    private static boolean isSeen(List<Scene.Item> others, Appearance look) {
      return others.stream().anyMatch(other -> other.look().equals(look));
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
