package org.blip4j.tools.scenes;

/**
 * All that a caption says of an object.
 *
 * @param size small or big
 * @param color one of six
 * @param shape one of four
 */
public record Appearance(ObjectSize size, ObjectColor color, ObjectShape shape)
    implements Comparable<Appearance> {
  /** The words in caption order, such as "small red circle". */
  public String words() {
    return size.word() + " " + color.word() + " " + shape.word();
  }

  @Override
  public int compareTo(Appearance other) {
    return words().compareTo(other.words());
  }
}
