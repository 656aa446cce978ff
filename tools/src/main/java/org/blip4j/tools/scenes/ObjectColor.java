package org.blip4j.tools.scenes;

/** The six colours of objects, far from each other and from the grey of backdrops. */
public enum ObjectColor {
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

  ObjectColor(String word, int red, int green, int blue) {
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
