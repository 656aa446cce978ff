package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.util.stream.StreamSupport;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.Vocabulary;

/** Turns every list of ids back into text. */
final class DetokenizeChecker implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    Detokenizer detokenizer = new Detokenizer(Vocabulary.bertBaseUncased());
    JsonLines.check(
        golden,
        (field, line) ->
            field.equals("text")
                ? TextNode.valueOf(detokenizer.decode(ids(line.path("ids"))))
                : null,
        rows);
  }

  private static int[] ids(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }
}
