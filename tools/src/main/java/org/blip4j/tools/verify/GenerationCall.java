package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.LengthNormalization;

/**
 * A call of {@code generate} as a golden describes it: {@code generate(pixel_values, input_ids and
 * attention_mask of 'a picture of', num_beams=3, max_new_tokens=20)}.
 *
 * @param name of the mode
 * @param ids the output with the ids
 * @param scores the output with the scores, if there is more than one beam
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
    String ids,
    String scores,
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
  private static final String LIBRARY_MAXIMUM = "20";
  private static final String IDS = "ids_";

  /** The calls that a golden describes, one for each expected tensor of ids. */
  static List<GenerationCall> described(GoldenRun run) throws IOException {
    JsonNode described = run.described("outputs");
    List<GenerationCall> calls = new ArrayList<>();
    for (String name : run.outputs().names()) {
      if (name.startsWith(IDS)) {
        String meaning = described.path(name).path("meaning").asText();
        calls.add(parse(name.substring(IDS.length()), meaning));
      }
    }
    return calls;
  }

  /**
   * A call of upstream's own {@code generate}.
   *
   * @param prefix of the outputs
   * @throws IOException if it sets what we do not have
   */
  static GenerationCall upstream(String name, String prefix, JsonNode settings) throws IOException {
    if (settings.path("early_stopping").asBoolean()
        || settings.path("length_penalty").asDouble(1) != 1) {
      throw new IOException("cases.json: early_stopping and length_penalty are not supported");
    }
    return new GenerationCall(
        name,
        prefix + "ids",
        prefix + "scores",
        Optional.of(settings.path("prompt").asText()),
        settings.path("num_beams").asInt(),
        settings.path("min_length").asInt(),
        settings.path("max_length").asInt(),
        Optional.empty(),
        settings.path("repetition_penalty").asDouble(1),
        LengthNormalization.WHOLE);
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
    Map<String, String> settings = new HashMap<>();
    for (MatchResult setting : SETTING.matcher(call.group(1)).results().toList()) {
      if (!KNOWN.contains(setting.group(1))) {
        throw new IllegalArgumentException(name + " sets " + setting.group() + ": unknown");
      }
      settings.put(setting.group(1), setting.group(2));
    }
    Matcher prompt = PROMPT.matcher(call.group(1));
    boolean older = call.group(2).contains("transformers 4.15");
    return new GenerationCall(
        name,
        IDS + name,
        "scores_" + name,
        prompt.find() ? Optional.of(prompt.group(1)) : Optional.empty(),
        Integer.parseInt(settings.getOrDefault("num_beams", "1")),
        Integer.parseInt(settings.getOrDefault("min_length", "0")),
        Integer.parseInt(settings.getOrDefault("max_length", LIBRARY_MAXIMUM)),
        Optional.ofNullable(settings.get("max_new_tokens")).map(Integer::valueOf),
        Double.parseDouble(settings.getOrDefault("repetition_penalty", "1")),
        older ? LengthNormalization.WHOLE : LengthNormalization.GENERATED);
  }

  /** The search for a prompt of so many ids, the start token counted. */
  DecodingSettings.Beams settings(int promptIds) {
    int most = newTokens.map(count -> promptIds + count).orElse(maximum);
    return new DecodingSettings.Beams(
        beams, new DecodingSettings.Lengths(minimum, most), penalty, normalization);
  }
}
