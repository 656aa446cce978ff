package org.blip4j.tools.scenes;

/**
 * All that a caption says of an object.
 *
 * @param size small or big
 * @param color one of six
 * @param shape one of four
 */
public record Appearance(Size size, Color color, Shape shape) implements Comparable<Appearance> {
  /** The words in caption order, such as "small red circle". */
  public String words() {
    return size.word() + " " + color.word() + " " + shape.word();
  }

  @Override
  public int compareTo(Appearance other) {
    return words().compareTo(other.words());
  }

  /** The two sizes of objects, as captions name them and as radii in pixels. */
  public enum Size {
    SMALL("small", 4.5),
    BIG("big", 7);

    private final String word;
    private final double radius;

    Size(String word, double radius) {
      this.word = word;
      this.radius = radius;
    }

    /** The caption's word. */
    public String word() {
      return word;
    }

    double radius() {
      return radius;
    }
  }

  /** The six colours of objects, far from each other and from the grey of backdrops. */
  public enum Color {
    RED("red", 214, 40, 44),
    GREEN("green", 40, 160, 60),
    BLUE("blue", 44, 84, 220),
    YELLOW("yellow", 245, 222, 40),
    PURPLE("purple", 150, 50, 190),
    ORANGE("orange", 245, 130, 20);

    private final String word;
    private final int red;
    private final int green;
    private final int blue;

    Color(String word, int red, int green, int blue) {
      this.word = word;
      this.red = red;
      this.green = green;
      this.blue = blue;
    }

    /** The caption's word. */
    public String word() {
      return word;
    }

    /** Level 0 to 255 of red (0), green (1) or blue (2). */
    int channel(int index) {
      return switch (index) {
        case 0 -> red;
        case 1 -> green;
        case 2 -> blue;
        default -> throw new IndexOutOfBoundsException("channel " + index + " of 3");
      };
    }
  }

  /** A closed outline of straight edges. StrictMath makes it the same on every platform. */
  static final class Polygon {
    private final double[] xs;
    private final double[] ys;

    Polygon(double[] xs, double[] ys) {
      this.xs = xs.clone();
      this.ys = ys.clone();
    }

    /** A star with {@code points} tips at distance {@code outer}, the first one up. */
    static Polygon star(int points, double outer, double inner) {
      double[] xs = new double[2 * points];
      double[] ys = new double[2 * points];
      for (int i = 0; i < 2 * points; i++) {
        double angle = StrictMath.PI * i / points;
        double radius = i % 2 == 0 ? outer : inner;
        xs[i] = radius * StrictMath.sin(angle);
        ys[i] = -radius * StrictMath.cos(angle);
      }
      return new Polygon(xs, ys);
    }

    /** Even-odd rule. */
    boolean contains(double x, double y) {
      boolean inside = false;
      int last = xs.length - 1;
      for (int i = 0; i < xs.length; last = i++) {
        boolean crosses = ys[i] > y != ys[last] > y;
        if (crosses && x < (xs[last] - xs[i]) * (y - ys[i]) / (ys[last] - ys[i]) + xs[i]) {
          inside = !inside;
        }
      }
      return inside;
    }
  }

  /** The four shapes of objects, as captions name them and as areas around the origin. */
  public enum Shape {
    CIRCLE("circle") {
      @Override
      boolean contains(double x, double y) {
        return x * x + y * y <= 0.94 * 0.94;
      }
    },
    SQUARE("square") {
      @Override
      boolean contains(double x, double y) {
        return Math.max(Math.abs(x), Math.abs(y)) <= 0.88;
      }
    },
    TRIANGLE("triangle") {
      @Override
      boolean contains(double x, double y) {
        return TRIANGLE_OUTLINE.contains(x, y);
      }
    },
    STAR("star") {
      @Override
      boolean contains(double x, double y) {
        return STAR_OUTLINE.contains(x, y);
      }
    };

    /** No point of a shape is further from the origin, right or left, up or down. */
    static final double REACH = 1.2;

    private static final Appearance.Polygon TRIANGLE_OUTLINE =
        new Appearance.Polygon(new double[] {0, 1.06, -1.06}, new double[] {-1.02, 0.84, 0.84});
    private static final Appearance.Polygon STAR_OUTLINE = Appearance.Polygon.star(5, 1.16, 0.47);

    private final String word;

    Shape(String word) {
      this.word = word;
    }

    /** The caption's word. */
    public String word() {
      return word;
    }

    /** Whether a point belongs to the shape of radius 1 around the origin; y points down. */
    abstract boolean contains(double x, double y);
  }
}
