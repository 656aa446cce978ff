package org.blip4j.tools.scenes;

/** The two sizes of objects, as captions name them and as radii in pixels. */
public enum ObjectSize {
  SMALL("small", 4.5),
  BIG("big", 7);

  private final String word;
  private final double radius;

  ObjectSize(String word, double radius) {
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
