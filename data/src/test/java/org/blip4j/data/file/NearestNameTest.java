package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestNameTest {
  private static final List<String> NAMES = List.of("caption", "capfilt", "match", "vqa");

  @Test
  void findsSlips() {
    assertEquals(Optional.of("caption"), NearestName.among(NAMES, "captoin"));
    assertEquals(Optional.of("capfilt"), NearestName.among(NAMES, "capfilter"));
    assertEquals(Optional.of("match"), NearestName.among(NAMES, "Match"));
  }

  @Test
  void keepsSilentAboutStrangers() {
    assertEquals(Optional.empty(), NearestName.among(NAMES, "xylophone"));
    assertEquals(Optional.empty(), NearestName.among(NAMES, "ab"));
    assertEquals(Optional.empty(), NearestName.among(NAMES, "xyz"));
  }
}
