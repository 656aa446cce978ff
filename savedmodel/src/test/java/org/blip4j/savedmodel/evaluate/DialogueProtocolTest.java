package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Dialogue;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.model.DialogueJudge;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Answers in dialogues, ranked by stages, against one graph that does all at once. */
class DialogueProtocolTest {
  /** The random weights are large: other orders of sums, such as other kernels, give that. */
  /** Random weights amplify rounding: fused kernels alone change a score by 7e-4. */
  private static final float CLOSE = 4e-3f;

  private static final List<String> ANSWERS =
      List.of("red", "a small dog", "the cat and the dog", "green", "blue circles , large");

  @TempDir private Path folder;
  private int files;

  private static Sample.ImageText sample(int i) {
    String options = String.join("\", \"", ANSWERS);
    String rounds =
        """
        [{"question": "a dog?", "answer": "red", "options": ["%s"], "gt_index": 0},
         {"question": "the square and the circle", "answer": "green"},
         {"question": "the small cat?", "options": ["%s"], "gt_index": %d}]
        """
            .formatted(options, options, i);
    return Sample.ImageText.of("image-" + i, TinyModel.image(i, "png"), List.of("A dog, the cat"))
        .withColumns(Columns.builder().text(Dialogue.COLUMN, rounds).build());
  }

  private LabelledRecords records(Sample... samples) throws IOException {
    Path file = folder.resolve("data-%d.tfrecord".formatted(files++));
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (Sample sample : samples) {
        writer.write(ExampleCodec.standard().encode(sample));
      }
      writer.commit();
    }
    return new LabelledRecords(ShardSet.of(List.of(file)), ExampleCodec.standard());
  }

  private static StagedModel open(ModelSource source) throws IOException {
    PredictorOptions options = PredictorOptions.defaults().withKernels(Kernels.PORTABLE);
    return StagedModel.open(source, options, UnaryOperator.identity());
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRIEVAL", "DIALOGUE"})
  void stagesRankAsOneGraphDoes(Task task) throws IOException {
    ModelSource.Folder source = TinyModel.write(folder.resolve("model"), task);
    List<DialogueProtocol.Ranked> ranked = new ArrayList<>();
    ImmutableMap<String, Double> figures;
    try (StagedModel staged = open(source)) {
      figures =
          DialogueProtocol.of(staged, records(sample(0), sample(1), sample(2)))
              .measure((sample, question) -> ranked.add(question));
    }

    assertEquals(6, ranked.size());
    double reciprocal = 0;
    int first = 0;
    for (DialogueProtocol.Ranked question : ranked) {
      int image = Integer.parseInt(question.image().substring(6));
      float[][] logits = direct(source, task, sample(image), question.round());
      for (int i = 0; i < ANSWERS.size(); i++) {
        assertEquals(logits[i][1] - logits[i][0], question.scores()[i], CLOSE);
      }
      List<Integer> order = question.order();
      float best = question.scores()[order.get(0)];
      assertTrue(best - question.scores()[order.get(ANSWERS.size() - 1)] > 100 * CLOSE);
      int rank = question.ranks().get(question.question().truth());
      assertEquals(question.question().truth(), question.order().get(rank - 1));
      reciprocal += 1.0 / rank;
      first += rank == 1 ? 1 : 0;
    }
    assertEquals(100 * reciprocal / 6, figures.get("mrr"), 1e-9);
    assertEquals(100.0 * first / 6, figures.get("r1"), 1e-9);
    assertEquals(100.0, figures.get("r5"), 1e-9);
    assertEquals("mrr", figures.keySet().iterator().next());
  }

  /** Every text read whole with a copy of what it attends. */
  private static float[][] direct(
      ModelSource.Folder source, Task task, Sample.ImageText sample, int round) throws IOException {
    ModelConfig config = source.folder().readConfig();
    WordPieceTokenizer tokenizer = new WordPieceTokenizer(TinyModel.vocabulary());
    Dialogue dialogue =
        Dialogue.parse(sample.columns().text(Dialogue.COLUMN).orElseThrow(), "test");
    List<int[]> texts =
        ANSWERS.stream().map(answer -> dialogue.ids(tokenizer, round, answer, 64)).toList();
    TokenBatch dialogues = TokenBatch.of(texts, TokenBatch.Padding.longest(), 64, 0);
    int[] caption = Dialogue.captionIds(tokenizer, sample.texts().get(0), 30, 64);
    List<int[]> padded = new ArrayList<>();
    ANSWERS.forEach(answer -> padded.add(caption));
    TokenBatch captions = TokenBatch.of(padded, TokenBatch.Padding.multipleOf(16), 64, 0);
    try (Graph graph = new Graph();
        StagedModel staged = open(source);
        Result decoded = staged.decode(List.of(sample.image().toByteArray()))) {
      GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, Mode.INFER));
      VariableScope scope = VariableScope.root(ctx, 0, config.architecture().initialization());
      Blip blip = Blip.create(scope, config.architecture(), task);
      SaverNodes saver = SaverNodes.create(ctx, scope.all());
      Operand<TFloat32> pixels =
          ctx.tf().placeholder(TFloat32.class, Placeholder.shape(Shape.of(1, 32, 32, 3)));
      Tokens captionTokens = tokens(ctx);
      Tokens dialogueTokens = tokens(ctx);
      DialogueJudge judge = blip.dialogues();
      ImageStates images = blip.vision().apply(ctx, pixels);
      TextStates states = new TextEncoder(judge.encoder().stack()).apply(ctx, captionTokens);
      int patches = 5;
      Operand<TFloat32> copies =
          ctx.tf().tile(images.hidden(), ctx.tf().constant(new int[] {ANSWERS.size(), 1, 1}));
      Operand<TInt64> visible =
          ctx.tf().fill(ctx.tf().array(ANSWERS.size(), patches), ctx.tf().constant(1L));
      Attended.States both =
          new Attended.States(
              ctx.concat(1, copies, states.hidden()),
              Optional.of(ctx.concat(1, visible, states.mask())));
      Operand<TFloat32> logits =
          judge
              .itmHead()
              .apply(
                  ctx.in("head"),
                  judge
                      .encoder()
                      .apply(ctx, dialogueTokens.withFirst(ctx, 119), both)
                      .firstState(ctx));
      ConfigProto settings =
          Kernels.PORTABLE.sessionFrom(ConfigProto.getDefaultInstance(), Mode.INFER);
      try (Session session = new Session(graph, settings);
          TString file = TString.scalarOf(source.folder().variables().toString());
          TInt64 captionIds = tensor(captions, captions.ids());
          TInt64 captionMask = tensor(captions, captions.mask());
          TInt64 ids = tensor(dialogues, dialogues.ids());
          TInt64 mask = tensor(dialogues, dialogues.mask())) {
        session.runner().feed(saver.filename(), file).addTarget(saver.restoreAll()).run().close();
        try (Result result =
            session
                .runner()
                .feed(pixels, decoded.get(0))
                .feed(captionTokens.ids(), captionIds)
                .feed(captionTokens.mask(), captionMask)
                .feed(dialogueTokens.ids(), ids)
                .feed(dialogueTokens.mask(), mask)
                .fetch(logits)
                .run()) {
          TFloat32 found = (TFloat32) result.get(0);
          float[][] rows = new float[ANSWERS.size()][2];
          for (int i = 0; i < rows.length; i++) {
            rows[i] = new float[] {found.getFloat(i, 0), found.getFloat(i, 1)};
          }
          return rows;
        }
      }
    }
  }

  private static Tokens tokens(GraphContext ctx) {
    Placeholder.Options any = Placeholder.shape(Shape.of(-1, -1));
    return new Tokens(
        ctx.tf().placeholder(TInt64.class, any), ctx.tf().placeholder(TInt64.class, any));
  }

  private static TInt64 tensor(TokenBatch tokens, long[] values) {
    return TInt64.tensorOf(Shape.of(tokens.rows(), tokens.columns()), DataBuffers.of(values));
  }

  @Test
  void trainingValidatesByMeanReciprocalRank() throws IOException {
    LabelledRecords records = records(sample(0), sample(3));
    ModelSource source = TinyModel.write(folder.resolve("model"), Task.DIALOGUE);
    try (Predictor model = Predictor.open(source, PredictorOptions.defaults())) {
      ImmutableMap<String, Double> figures =
          new TaskEvaluation(records.shards(), records.codec(), 1).measure(model).figures();
      assertEquals(List.of("mrr", "r1", "r5", "r10", "mean_rank"), List.copyOf(figures.keySet()));
      assertTrue(figures.get("mrr") >= 20 && figures.get("mean_rank") <= 5, figures.toString());
    }
  }

  @Test
  void whatCannotBeRankedIsNamed() throws IOException {
    LabelledRecords plain =
        records(Sample.ImageText.of("alone", TinyModel.image(1, "png"), List.of("a dog")));
    try (StagedModel staged = open(TinyModel.write(folder.resolve("model"), Task.RETRIEVAL));
        StagedModel writer = open(TinyModel.write(folder.resolve("writer"), Task.CAPTION))) {
      assertMistake(
          DialogueProtocol.of(staged, plain), "\"alone\": dialog: there is no such column");
      LabelledRecords open =
          records(
              Sample.ImageText.of("open", TinyModel.image(1, "png"), List.of("a dog"))
                  .withColumns(
                      Columns.builder().text("dialog", "[{\"question\": \"a\"}]").build()));
      assertMistake(DialogueProtocol.of(staged, open), "no question of these dialogues");
      assertMistake(DialogueProtocol.of(writer, records(sample(1))), "CAPTION model has no");
      assertThrows(IllegalArgumentException.class, () -> new DialogueProtocol(staged, open, 65));
    }
  }

  private static void assertMistake(DialogueProtocol protocol, String expected) {
    Exception e = assertThrows(Exception.class, () -> protocol.measure((sample, question) -> {}));
    assertTrue(e.getMessage().contains(expected), e.toString());
  }
}
