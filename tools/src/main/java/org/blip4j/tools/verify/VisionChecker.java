package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;

/**
 * Runs the image encoder at every size for which there is an input {@code sizeN.image}; position
 * embeddings of other sizes are interpolated as the weights are read.
 *
 * @param machine devices, threads and kernels
 */
record VisionChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final Pattern INPUT = Pattern.compile("(size(\\d+)\\.)image");

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    VitConfig config = GoldenConfig.of(golden).vision();
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    GoldenTensors inputs = GoldenTensors.read(golden.file("inputs.safetensors"));
    for (Map.Entry<String, Values> input : inputs.tensors().entrySet()) {
      Matcher matcher = INPUT.matcher(input.getKey());
      if (!matcher.matches()) {
        throw new IOException("inputs.safetensors has an unknown input " + input.getKey());
      }
      VitConfig sized = config.withImageSize(Integer.parseInt(matcher.group(2)));
      outputs.addAll(matcher.group(1), run(golden, sized, input.getValue()));
    }
    outputs.report(rows);
  }

  private Map<String, Values> run(Golden golden, VitConfig config, Values image)
      throws IOException {
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      VisionTransformer vision =
          VisionTransformer.create(graph.vars().child("visual_encoder"), config);
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      var pixels = graph.floats("pixels", -1, config.imageSize(), config.imageSize(), 3);
      Trace trace = new Trace();
      vision.apply(graph.ctx().with(trace), pixels);
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      trace
          .all()
          .forEach((name, operand) -> fetches.put(name.substring("vision/".length()), operand));
      fetches.put("final", fetches.remove("states"));
      fetches.put("pos_embed", graph.vars().get("visual_encoder/pos_embed").value());
      return graph.run(fetches, Map.of(pixels, image.channelsLast()));
    }
  }
}
