package org.blip4j.tools.verify;

import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.decode.BeamSettings;
import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.ops.decode.LengthNormalization;

/**
 * A call of {@code generate} as a golden describes it: {@code generate(pixel_values, input_ids and
 * attention_mask of 'a picture of', num_beams=3, max_new_tokens=20)}.
 *
 * @param name of the mode: {@code ids_NAME}
 * @param prompt what the text begins with; empty if nothing
 * @param beams 1 for greedy search
 * @param minimum least length, prompt counted
 * @param maximum greatest length, prompt counted
 * @param newTokens greatest length, prompt not counted
 * @param penalty of repetitions
 * @param normalization which length scores are divided by
 */
record GenerationCall(
    String name,
    Optional<String> prompt,
    int beams,
    int minimum,
    int maximum,
    Optional<Integer> newTokens,
    double penalty,
    LengthNormalization normalization) {
  private static final Pattern CALL = Pattern.compile("(?s)generate\\((.*?)\\): (.*)");
  private static final Pattern PROMPT =
      Pattern.compile("input_ids and attention_mask of '([^']*)'");
  private static final Pattern SETTING = Pattern.compile("(\\w+)=([\\w.]+)");
  private static final ImmutableSet<String> KNOWN =
      ImmutableSet.of(
          "num_beams", "min_length", "max_length", "max_new_tokens", "repetition_penalty");
  private static final int LIBRARY_MAXIMUM = 20;
  private static final String IDS = "ids_";

  /** The calls that a golden describes, one for each expected tensor of ids. */
  static List<GenerationCall> all(ExpectedOutputs outputs) {
    return outputs.names().stream()
        .filter(name -> name.startsWith(IDS))
        .map(name -> parse(name.substring(IDS.length()), outputs.described(name)))
        .toList();
  }

  /**
   * Reads the meaning of an output.
   *
   * @throws IllegalArgumentException if it is no such call, or sets something unknown
   */
  static GenerationCall parse(String name, String meaning) {
    Matcher call = CALL.matcher(meaning);
    if (!call.matches()) {
      throw new IllegalArgumentException(name + " is not described as a call: " + meaning);
    }
    Matcher settings = SETTING.matcher(call.group(1));
    while (settings.find()) {
      if (!KNOWN.contains(settings.group(1))) {
        throw new IllegalArgumentException(name + " sets " + settings.group() + ": unknown");
      }
    }
    Matcher prompt = PROMPT.matcher(call.group(1));
    boolean older = call.group(2).contains("transformers 4.15");
    return new GenerationCall(
        name,
        prompt.find() ? Optional.of(prompt.group(1)) : Optional.empty(),
        setting(call.group(1), "num_beams").map(Integer::valueOf).orElse(1),
        setting(call.group(1), "min_length").map(Integer::valueOf).orElse(0),
        setting(call.group(1), "max_length").map(Integer::valueOf).orElse(LIBRARY_MAXIMUM),
        setting(call.group(1), "max_new_tokens").map(Integer::valueOf),
        setting(call.group(1), "repetition_penalty").map(Double::valueOf).orElse(1.0),
        older ? LengthNormalization.WHOLE : LengthNormalization.GENERATED);
  }

  private static Optional<String> setting(String call, String key) {
    Matcher settings = SETTING.matcher(call);
    while (settings.find()) {
      if (settings.group(1).equals(key)) {
        return Optional.of(settings.group(2));
      }
    }
    return Optional.empty();
  }

  /** The output with the ids. */
  String ids() {
    return IDS + name;
  }

  /** The output with the scores, if there is more than one beam. */
  String scores() {
    return "scores_" + name;
  }

  /** The search for a prompt of so many ids, the start token counted. */
  BeamSettings settings(int promptIds) {
    int most = newTokens.map(count -> promptIds + count).orElse(maximum);
    return new BeamSettings(beams, new LengthLimits(minimum, most), penalty, normalization);
  }
}
