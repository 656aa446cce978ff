package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.LengthNormalization;
import org.junit.jupiter.api.Test;

class GenerationCallTest {
  @Test
  void readsWhatIsSaid() {
    GenerationCall plain = GenerationCall.parse("greedy", "generate(pixel_values): ids");
    assertEquals(Optional.empty(), plain.prompt());
    assertEquals(
        new DecodingSettings.Beams(
            1, new DecodingSettings.Lengths(0, 20), 1, LengthNormalization.GENERATED),
        plain.settings(1));

    GenerationCall full =
        GenerationCall.parse(
            "x",
            "generate(pixel_values, input_ids and attention_mask of 'a red', num_beams=4,"
                + " max_new_tokens=9, min_length=8, repetition_penalty=1.3): ids; with the beam"
                + " score of transformers 4.15 patched in");
    assertEquals(Optional.of("a red"), full.prompt());
    assertEquals(
        new DecodingSettings.Beams(
            4, new DecodingSettings.Lengths(8, 12), 1.3, LengthNormalization.WHOLE),
        full.settings(3));
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThrows(
        IllegalArgumentException.class,
        () -> GenerationCall.parse("x", "generate(pixel_values, typical_p=0.9): ids"));
    assertThrows(IllegalArgumentException.class, () -> GenerationCall.parse("x", "ids"));
  }
}
