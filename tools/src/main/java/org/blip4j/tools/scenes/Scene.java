package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;

/**
 * What a quickstart picture shows: one or two objects in different cells on a backdrop.
 *
 * @param objects one or two, of different looks and in different cells
 * @param backdrop the texture behind them
 * @param grain seed of the pixel noise
 */
public record Scene(ImmutableList<SceneObject> objects, Backdrop backdrop, long grain) {
  /** Width and height of the picture in pixels. */
  public static final int SIZE = 32;

  static final int CELL = SIZE / 2;

  /** Refuses scenes that captions could not describe. */
  public Scene {
    if (objects.isEmpty() || objects.size() > 2) {
      throw new IllegalArgumentException("a scene has one or two objects, not " + objects.size());
    }
    if (objects.stream().map(SceneObject::cell).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects lie in one cell: " + objects);
    }
    if (objects.stream().map(SceneObject::look).distinct().count() < objects.size()) {
      throw new IllegalArgumentException("two objects look the same: " + objects);
    }
  }

  /** What the objects look like, in the order of {@link #objects}. */
  public ImmutableList<Appearance> looks() {
    return objects.stream().map(SceneObject::look).collect(ImmutableList.toImmutableList());
  }
}
