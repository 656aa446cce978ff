package org.blip4j.tools.scenes;

/** A closed outline of straight edges. StrictMath makes it the same on every platform. */
final class Polygon {
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
