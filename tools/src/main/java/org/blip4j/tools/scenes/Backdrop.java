package org.blip4j.tools.scenes;

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
