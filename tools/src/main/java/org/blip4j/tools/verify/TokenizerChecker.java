package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;

/**
 * Tokenises and cleans every text: {@code ids}, {@code idsN} and {@code maskN} (padded and cut to
 * N), {@code pre_captionN} and {@code pre_question} (N words, 50 unless said).
 */
final class TokenizerChecker implements GoldenChecker {
  private static final Pattern FIELD = Pattern.compile("(ids|mask|pre_caption|pre_question)(\\d*)");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    WordPieceTokenizer tokenizer = new WordPieceTokenizer(Vocabulary.bertBaseUncased());
    JsonLines.check(golden, (field, line) -> compute(tokenizer, field, line), rows);
  }

  private static JsonNode compute(WordPieceTokenizer tokenizer, String field, JsonNode line) {
    Matcher matcher = FIELD.matcher(field);
    if (!matcher.matches()) {
      return field.equals("text") ? null : MAPPER.valueToTree("no such field is known");
    }
    String text = line.path("text").textValue();
    boolean limited = !matcher.group(2).isEmpty();
    int limit = limited ? Integer.parseInt(matcher.group(2)) : 50;
    return MAPPER.valueToTree(
        switch (matcher.group(1)) {
          case "ids" -> limited ? padded(tokenizer, text, limit).ids() : tokenizer.encode(text);
          case "mask" -> padded(tokenizer, text, limit).mask();
          case "pre_caption" -> CaptionText.cleanCaption(text, limit);
          default -> CaptionText.cleanQuestion(text, limit);
        });
  }

  private static TokenBatch padded(WordPieceTokenizer tokenizer, String text, int limit) {
    return tokenizer.encode(List.of(text), Padding.maxLength(), limit);
  }
}
