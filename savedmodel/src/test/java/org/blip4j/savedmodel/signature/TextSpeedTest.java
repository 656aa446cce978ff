package org.blip4j.savedmodel.signature;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.text.CaptionCleaning;
import org.blip4j.ops.text.TokenLayout;
import org.blip4j.ops.text.WordPieceOps;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TString;

/** How many captions a second one core cleans and splits with the published vocabulary. */
@Tag("slow")
final class TextSpeedTest {
  private static final int ROWS = 4096;
  private static final int ROUNDS = 10;
  private static final double LEAST = 20_000;

  /** Nanoseconds that all cores worked for this process, whatever else the machine does. */
  private static long cpuTime() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  @Test
  void aCoreReadsTwentyThousandCaptionsASecond() {
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      captions.add(
          "A photo of %d dogs, sitting near the BIG refrigerator number %d!".formatted(i, 7 * i));
    }
    try (Graph graph = new Graph();
        TString given = TString.vectorOf(captions.toArray(new String[0]))) {
      GraphContext ctx = GraphContext.create(graph, Mode.INFER);
      Operand<TString> texts = ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      WordPieceOps tokenizer = new WordPieceOps(Vocabulary.bertBaseUncased().tokens());
      WordPieceOps.TokenIds tokens =
          tokenizer.tokenize(
              ctx,
              CaptionCleaning.caption(ctx, texts, 30).texts(),
              new TokenLayout(TokenLayout.First.ENCODE, 35, TokenLayout.Padding.MAX));
      ConfigProto oneCore =
          ConfigProto.newBuilder()
              .setIntraOpParallelismThreads(1)
              .setInterOpParallelismThreads(1)
              .build();
      double best = 0;
      try (Session session = new Session(graph, oneCore)) {
        for (int i = 0; i < ROUNDS; i++) {
          long start = cpuTime();
          try (Result result = session.runner().feed(texts, given).fetch(tokens.ids()).run()) {
            assertTrue(result.get(0).shape().equals(Shape.of(ROWS, 35)));
          }
          best = Math.max(best, ROWS * 1e9 / (cpuTime() - start));
        }
      }
      double rate = best;
      System.out.printf("%.0f captions a second%n", rate);
      assertTrue(rate >= LEAST, () -> "%.0f captions a second".formatted(rate));
    }
  }
}
