package org.blip4j.tools.scenes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Multiset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class WebTextWriterTest {
  private static final int COUNT = 10_000;

  @Test
  void kindsHaveTheStatedShares() {
    Multiset<WebText.Kind> kinds = HashMultiset.create();
    texts(1).forEach(text -> kinds.add(text.kind()));
    assertEquals(0.42, kinds.count(WebText.Kind.CAPTION) / (double) COUNT, 0.015);
    assertEquals(0.22, kinds.count(WebText.Kind.OTHER_PICTURE) / (double) COUNT, 0.015);
    assertEquals(0.20, kinds.count(WebText.Kind.WRONG_ATTRIBUTE) / (double) COUNT, 0.015);
    assertEquals(0.08, kinds.count(WebText.Kind.FILE_NAME) / (double) COUNT, 0.01);
    assertEquals(0.08, kinds.count(WebText.Kind.ADVERTISING) / (double) COUNT, 0.01);
  }

  @Test
  void truthIsWhatTheTextSays() {
    List<Scene> scenes = SceneTest.scenes(1, COUNT);
    List<WebText> texts = texts(1);
    int rightByChance = 0;
    for (int i = 0; i < COUNT; i++) {
      WebText text = texts.get(i);
      assertEquals(
          SceneCaption.isFullyRight(text.text(), scenes.get(i).looks()), text.right(), text::text);
      switch (text.kind()) {
        case CAPTION -> assertTrue(text.right());
        case OTHER_PICTURE -> rightByChance += text.right() ? 1 : 0;
        case WRONG_ATTRIBUTE -> assertEquals(1, differences(text, scenes.get(i)), text::text);
        case FILE_NAME, ADVERTISING -> {
          assertFalse(text.right());
          assertTrue(SceneCaption.parse(text.text()).isEmpty(), text::text);
        }
      }
    }
    assertTrue(rightByChance > 0 && rightByChance < 50, "by chance: " + rightByChance);
  }

  /** Attributes of the caption that no pairing of its objects with the scene's explains. */
  private static int differences(WebText text, Scene scene) {
    List<Appearance> said = SceneCaption.parse(text.text()).orElseThrow().objects();
    List<Appearance> seen = scene.looks();
    assertEquals(seen.size(), said.size());
    int inOrder = 0;
    int crossed = 0;
    for (int i = 0; i < said.size(); i++) {
      inOrder += differences(said.get(i), seen.get(i));
      crossed += differences(said.get(i), seen.get(said.size() - 1 - i));
    }
    return Math.min(inOrder, crossed);
  }

  private static int differences(Appearance said, Appearance seen) {
    return (said.size() == seen.size() ? 0 : 1)
        + (said.color() == seen.color() ? 0 : 1)
        + (said.shape() == seen.shape() ? 0 : 1);
  }

  @Test
  void everyWordIsInTheVocabulary() {
    ImmutableSet<String> pieces = ImmutableSet.copyOf(SceneVocabulary.pieces());
    for (WebText text : texts(2)) {
      for (String word : Splitter.on(' ').split(text.text())) {
        boolean number = word.chars().allMatch(Character::isDigit);
        assertTrue(number || pieces.contains(word), word);
      }
    }
    assertEquals(
        List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        SceneVocabulary.pieces().subList(0, 5));
    assertTrue(pieces.contains("4") && pieces.contains("##8"));
  }

  @Test
  void oneSeedGivesTheSameTexts() {
    assertEquals(texts(3), texts(3));
    assertFalse(texts(3).equals(texts(4)));
  }

  @Test
  void aLonePictureHasNoOther() {
    List<Scene> one = SceneTest.scenes(1, 1);
    WebText.Writer writer = new WebText.Writer(new Random(1));
    assertThrows(
        IllegalArgumentException.class,
        () -> {
          for (int i = 0; i < 100; i++) {
            writer.next(one, 0);
          }
        });
  }

  private static List<WebText> texts(long seed) {
    List<Scene> scenes = SceneTest.scenes(1, COUNT);
    WebText.Writer writer = new WebText.Writer(new Random(seed));
    List<WebText> texts = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      texts.add(writer.next(scenes, i));
    }
    return texts;
  }
}
