package org.blip4j.tools.scenes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SceneCaptionTest {
  private static final Appearance CIRCLE =
      new Appearance(Appearance.Size.SMALL, Appearance.Color.RED, Appearance.Shape.CIRCLE);
  private static final Appearance STAR =
      new Appearance(Appearance.Size.BIG, Appearance.Color.BLUE, Appearance.Shape.STAR);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a small red circle and a big blue star",
        "a big blue star and a small red circle",
        "there is a small red circle and a big blue star",
        "a picture of a big blue star and a small red circle",
        "we see a small red circle and a big blue star"
      })
  void everyWayOfSayingAllIsRight(String text) {
    assertTrue(SceneCaption.isFullyRight(text, List.of(CIRCLE, STAR)));
    assertEquals(Optional.of(text), SceneCaption.parse(text).map(SceneCaption::text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a small red circle",
        "a small red circle and a big blue circle",
        "a small red circle and a small blue star",
        "a small blue circle and a big red star",
        "a small red circle and a small red circle",
        "a small red circle and a big blue star and a big blue star",
        "a small red circle and a big blue star today",
        "a red circle and a big blue star",
        "small red circle and big blue star",
        "a small red circle a big blue star",
        "there is we see a small red circle and a big blue star",
        "a small red circle and a big blue star and",
        " a small red circle and a big blue star",
        "buy now free shipping"
      })
  void anythingElseIsNot(String text) {
    assertFalse(SceneCaption.isFullyRight(text, List.of(CIRCLE, STAR)));
  }

  @Test
  void randomCaptionsAreRightAndVaried() {
    Random random = new Random(1);
    Set<String> texts = new HashSet<>();
    int opened = 0;
    for (int i = 0; i < 2000; i++) {
      SceneCaption caption = SceneCaption.random(List.of(CIRCLE, STAR), random);
      assertTrue(SceneCaption.isFullyRight(caption.text(), List.of(STAR, CIRCLE)));
      opened += caption.opening() == SceneCaption.Opening.NONE ? 0 : 1;
      texts.add(caption.text());
    }
    assertEquals(8, texts.size());
    assertEquals(0.45, opened / 2000.0, 0.03);
  }

  @Test
  void everyLookCanBeSaidAndReadBack() {
    int looks = 0;
    for (Appearance.Size size : Appearance.Size.values()) {
      for (Appearance.Color color : Appearance.Color.values()) {
        for (Appearance.Shape shape : Appearance.Shape.values()) {
          Appearance look = new Appearance(size, color, shape);
          assertTrue(SceneCaption.isFullyRight("a " + look.words(), List.of(look)));
          looks++;
        }
      }
    }
    assertEquals(48, looks);
  }

  @Test
  void refusesToSayNothing() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new SceneCaption(SceneCaption.Opening.NONE, ImmutableList.of()));
  }
}
