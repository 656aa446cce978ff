package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The training loss of captioning, for every group of outputs {@code NAME.ids}, {@code NAME.loss}
 * and so on that describes a prompt.
 *
 * @param machine devices, threads and kernels
 * @param golden the golden
 * @param texts its tokenizer
 */
record CaptionLossCheck(GoldenGraph.Machine machine, Golden golden, GoldenTexts texts) {
  private static final Pattern LOSS = Pattern.compile("(.*)\\.token_loss");
  private static final Pattern PROMPT = Pattern.compile("(?s).*prompt \"(.*)\"");
  private static final Pattern LOGITS = Pattern.compile("(.*)\\.logits(\\d+)");

  /** Computes every group. */
  void run(Values image, ExpectedOutputs outputs) throws IOException {
    JsonNode described = golden.cases().path("outputs");
    for (Map.Entry<String, JsonNode> output : described.properties()) {
      Matcher name = LOSS.matcher(output.getKey());
      Matcher prompt = PROMPT.matcher(output.getValue().path("meaning").asText());
      if (name.matches() && prompt.matches()) {
        run(name.group(1), prompt.group(1), image, outputs);
      }
    }
  }

  private void run(String group, String prompt, Values image, ExpectedOutputs outputs)
      throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    List<String> captions =
        GoldenTexts.strings(golden.cases().path("strings").path("training_captions_without_prompt"))
            .stream()
            .map(caption -> prompt + caption)
            .toList();
    TokenBatch batch = texts.encode(captions);
    long dec = config.blip().text().tokens().dec();
    outputs.add(group + ".ids", GoldenTexts.ids(batch.withFirstToken(dec)));
    outputs.add(group + ".mask", GoldenTexts.mask(batch));
    int size = config.vision().imageSize();
    LmLoss.Settings settings =
        new LmLoss.Settings(
            texts.tokenizer().encodePrompt(prompt).length, config.number("label_smoothing"));
    try (GoldenGraph graph = GoldenGraph.create(Mode.TRAIN, machine)) {
      CaptionModel model = CaptionModel.create(graph.vars(), config.blip(), settings);
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Ops tf = ctx.tf();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      LmLoss.Result loss =
          model.loss(
              ctx,
              new ImageTextBatch(pixels, new Tokens(ids, mask), tf.constant(0f), Optional.empty()));
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put(".loss", tf.reshape(loss.loss(), tf.constant(new int[] {1})));
      fetches.put(".targets", loss.targets());
      fetches.put(".token_loss", loss.tokenLoss());
      fetches.put(".sequence_loss", loss.sequenceLoss());
      fetches.put(".logits", loss.logits());
      Map<String, Values> computed =
          graph.run(
              fetches,
              Map.of(
                  pixels, image.channelsLast(),
                  ids, GoldenTexts.ids(batch),
                  mask, GoldenTexts.mask(batch)));
      Values logits = computed.remove(".logits");
      outputs.addAll(group, computed);
      addLogits(group, logits, batch, outputs);
    }
  }

  /** {@code NAME.logitsN}: the logits of caption N at all its tokens. */
  private static void addLogits(
      String group, Values logits, TokenBatch batch, ExpectedOutputs outputs) {
    for (String name : outputs.names()) {
      Matcher matcher = LOGITS.matcher(name);
      if (matcher.matches() && matcher.group(1).equals(group)) {
        int row = Integer.parseInt(matcher.group(2));
        int length = 0;
        for (int column = 0; column < batch.columns(); column++) {
          length += (int) batch.mask()[row * batch.columns() + column];
        }
        Values caption = logits.rows(row, row + 1);
        outputs.add(name, caption.reshape(logits.shape()[1], logits.shape()[2]).rows(0, length));
      }
    }
  }
}
