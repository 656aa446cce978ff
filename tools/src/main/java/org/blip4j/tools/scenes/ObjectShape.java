package org.blip4j.tools.scenes;

/** The four shapes of objects, as captions name them and as areas around the origin. */
public enum ObjectShape {
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

  private static final Polygon TRIANGLE_OUTLINE =
      new Polygon(new double[] {0, 1.06, -1.06}, new double[] {-1.02, 0.84, 0.84});
  private static final Polygon STAR_OUTLINE = Polygon.star(5, 1.16, 0.47);

  private final String word;

  ObjectShape(String word) {
    this.word = word;
  }

  /** The caption's word. */
  public String word() {
    return word;
  }

  /** Whether a point belongs to the shape of radius 1 around the origin; y points down. */
  abstract boolean contains(double x, double y);
}
