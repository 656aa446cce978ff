package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;
import java.util.Random;

/**
 * Draws random scenes: one object (30 %) or two, every look equally likely.
 *
 * <p>{@link Random}'s algorithm is part of its specification, so a seed gives the same scenes on
 * every Java.
 */
public final class SceneGenerator {
  private static final double ALONE = 0.3;

  private final Random random;

  /** A generator that takes all its chance from {@code random}. */
  public SceneGenerator(Random random) {
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
