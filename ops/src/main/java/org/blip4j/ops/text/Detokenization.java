package org.blip4j.ops.text;

import java.util.List;
import java.util.Set;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Text of token ids (blip-spec 4.6). */
final class Detokenization {
  private static final String[][] SPACING = {
    {" \\.", "."},
    {" \\?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"}
  };

  private final String[] spelled;

  Detokenization(List<String> pieces, Set<String> specials) {
    this.spelled =
        pieces.stream()
            .map(piece -> specials.contains(piece) ? "" : " " + piece)
            .toArray(String[]::new);
  }

  Operand<TString> apply(GraphContext ctx, Operand<TInt64> ids) {
    Ops tf = ctx.tf();
    Operand<TInt32> lastAxis = tf.constant(-1);
    Operand<TString> words = ctx.gather(tf.array(spelled), ids, 0); // [B, T]
    Operand<TString> text = tf.strings.reduceJoin(words, lastAxis); // [B]
    text = tf.strings.staticRegexReplace(text, "\\A ", "");
    text = tf.strings.strip(tf.strings.staticRegexReplace(text, " ##", ""));
    for (String[] rule : SPACING) {
      text = tf.strings.staticRegexReplace(text, rule[0], rule[1]);
    }
    return text;
  }
}
