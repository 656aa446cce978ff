package org.blip4j.tools.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

public final class SceneTest {
  private static final Scene.Backdrop PLAIN =
      new Scene.Backdrop(Scene.Backdrop.Texture.PLAIN, 128, 0, 4, 0);

  @Test
  void oneSeedGivesTheSamePicturesEverywhere() {
    Hasher pixels = Hashing.sha256().newHasher();
    scenes(1, 100).forEach(scene -> pixels.putBytes(SceneRenderer.png(scene)));
    assertEquals(
        "8cf2952d39c7241e261452a757876ee3be76fd9a28a53d11bedf1b8d4b63bb5e",
        pixels.hash().toString());
  }

  @Test
  void sharesAreAsStated() {
    List<Scene> scenes = scenes(2, 6000);
    assertEquals(0.3, share(scenes, scene -> scene.objects().size() == 1), 0.02);
    for (Appearance.Shape shape : Appearance.Shape.values()) {
      assertEquals(
          0.25, share(scenes, scene -> scene.looks().get(0).shape() == shape), 0.02, shape::word);
    }
    for (Appearance.Color color : Appearance.Color.values()) {
      assertEquals(
          1 / 6.0,
          share(scenes, scene -> scene.looks().get(0).color() == color),
          0.02,
          color::word);
    }
    assertEquals(
        0.5, share(scenes, scene -> scene.looks().get(0).size() == Appearance.Size.BIG), 0.02);
    for (Scene.Backdrop.Texture texture : Scene.Backdrop.Texture.values()) {
      assertEquals(
          0.25, share(scenes, scene -> scene.backdrop().texture() == texture), 0.02, texture::name);
    }
  }

  @Test
  void manyObjectsLieInNineCellsAndCaptionsTellAPart() {
    Scene.Generator generator = new Scene.Generator(new Random(5), Scene.Density.MANY);
    List<Scene> scenes = Stream.generate(generator::next).limit(3000).toList();
    Random random = new Random(6);
    double[] named = new double[3];
    for (Scene scene : scenes) {
      assertEquals(48 * 48 * 3, SceneRenderer.pixels(scene).length);
      SceneCaption caption = SceneCaption.random(scene.looks(), random);
      assertTrue(SceneCaption.isFullyRight(caption.text(), scene.looks()), caption::text);
      named[caption.objects().size()]++;
    }
    assertEquals(0.1, named[1] / scenes.size(), 0.02);
    for (int objects = 3; objects <= 5; objects++) {
      int number = objects;
      assertEquals(1 / 3.0, share(scenes, scene -> scene.objects().size() == number), 0.03);
    }
    for (int cell = 0; cell < 9; cell++) {
      int place = cell;
      assertEquals(
          4 / 9.0,
          share(scenes, scene -> scene.objects().stream().anyMatch(item -> item.cell() == place)),
          0.04,
          "cell " + cell);
    }
    Scene first = scenes.get(0);
    String all =
        new SceneCaption(SceneCaption.Opening.NONE, ImmutableList.copyOf(first.looks())).text();
    assertFalse(SceneCaption.isFullyRight(all, first.looks()), "tells more than captions do");
  }

  @ParameterizedTest
  @EnumSource(Appearance.Shape.class)
  void shapesCoverTheMiddleOfTheirCellOnly(Appearance.Shape shape) {
    Appearance look = new Appearance(Appearance.Size.BIG, Appearance.Color.BLUE, shape);
    Scene.Item object = new Scene.Item(look, 3, 0, 0);
    byte[] pixels = SceneRenderer.pixels(new Scene(ImmutableList.of(object), PLAIN, 4));
    assertEquals(220, blue(pixels, 24, 24), 30);
    for (int i = 0; i < Scene.CELL - 1; i++) {
      assertEquals(128, blue(pixels, i, i), 30, "another cell");
    }
  }

  @Test
  void noiseHasTheStatedDeviation() {
    Appearance look =
        new Appearance(Appearance.Size.SMALL, Appearance.Color.RED, Appearance.Shape.CIRCLE);
    Scene scene = new Scene(ImmutableList.of(new Scene.Item(look, 3, 0, 0)), PLAIN, 9);
    byte[] pixels = SceneRenderer.pixels(scene);
    double squares = 0;
    int count = Scene.Density.FEW.size() * Scene.CELL * 3;
    for (int i = 0; i < count; i++) {
      squares += Math.pow((pixels[i] & 255) - 128, 2);
    }
    assertEquals(6, Math.sqrt(squares / count), 0.3);
  }

  @Test
  void edgesAreSmooth() {
    Appearance look =
        new Appearance(Appearance.Size.BIG, Appearance.Color.BLUE, Appearance.Shape.SQUARE);
    Scene square = new Scene(ImmutableList.of(new Scene.Item(look, 0, 0.5, 0)), PLAIN, 4);
    Scene shifted = new Scene(ImmutableList.of(new Scene.Item(look, 0, 0.75, 0)), PLAIN, 4);
    // The right edge lies at 8 + 0.5 + 0.88 * 7 = 14.66: it covers two thirds of pixel 14.
    assertEquals(128 + (220 - 128) * 0.66, blue(SceneRenderer.pixels(square), 14, 8), 25);
    assertTrue(
        blue(SceneRenderer.pixels(shifted), 14, 8) > blue(SceneRenderer.pixels(square), 14, 8));
  }

  @Test
  void refusesWhatNoCaptionDescribes() {
    Appearance look =
        new Appearance(Appearance.Size.SMALL, Appearance.Color.RED, Appearance.Shape.STAR);
    Appearance other =
        new Appearance(Appearance.Size.BIG, Appearance.Color.RED, Appearance.Shape.STAR);
    Scene.Item star = new Scene.Item(look, 0, 0, 0);
    assertRefused("one to five", () -> new Scene(ImmutableList.of(), PLAIN, 0));
    assertRefused(
        "one cell",
        () -> new Scene(ImmutableList.of(star, new Scene.Item(other, 0, 0, 0)), PLAIN, 0));
    assertRefused(
        "look the same",
        () -> new Scene(ImmutableList.of(star, new Scene.Item(look, 1, 0, 0)), PLAIN, 0));
    assertRefused("cell 9", () -> new Scene.Item(look, 9, 0, 0));
    assertRefused(
        "cells 0 to 3", () -> new Scene(ImmutableList.of(new Scene.Item(look, 4, 0, 0)), PLAIN, 0));
    assertRefused("one pixel", () -> new Scene.Item(look, 0, 1.5, 0));
    assertRefused(
        "0 to 255", () -> new Scene.Backdrop(Scene.Backdrop.Texture.PLAIN, 250, 10, 4, 0));
  }

  @Test
  void renderingIsRepeatable() {
    Scene scene = scenes(3, 1).get(0);
    assertArrayEquals(SceneRenderer.pixels(scene), SceneRenderer.pixels(scene));
  }

  public static List<Scene> scenes(long seed, int count) {
    Scene.Generator generator = new Scene.Generator(new Random(seed), Scene.Density.FEW);
    return Stream.generate(generator::next).limit(count).toList();
  }

  private static double share(List<Scene> scenes, Predicate<Scene> property) {
    return scenes.stream().filter(property).count() / (double) scenes.size();
  }

  private static int blue(byte[] pixels, int x, int y) {
    return pixels[(y * Scene.Density.FEW.size() + x) * 3 + 2] & 255;
  }

  private static void assertRefused(String words, Runnable call) {
    Exception refused = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }
}
