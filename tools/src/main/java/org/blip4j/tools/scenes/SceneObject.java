package org.blip4j.tools.scenes;

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
public record SceneObject(Appearance look, int cell, double shiftX, double shiftY) {
  static final int CELLS = 4;

  /** Refuses places outside the picture. */
  public SceneObject {
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
