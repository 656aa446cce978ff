package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.task.QuestionBatch;
import org.blip4j.graph.task.VqaModel;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.decode.Decoded;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Question answering: official models and those of Hugging Face. */
final class VqaChecks {
  private VqaChecks() {}

  /**
   * The training loss with its gradients, the ranking of given answers, and generated answers.
   *
   * <p>{@code batched_*} are upstream's answers of a padded batch, whose padding the decoder
   * attends; {@code alone_*} are what each question gives alone, and here in any batch.
   */
  static void official(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    if (GoldenModel.integer(model.node(), "decoder_cross_attention_width")
        != model.config().text().width()) {
      throw new IOException("config.json: decoder_cross_attention_width is not the text width");
    }
    TokenBatch questions = model.encode(run, "questions", "question_ids");
    TokenBatch candidates =
        model.whole(Golden.strings(run.cases().path("rank").path("answer_list")));
    loss(run, model, questions, candidates);
    List<GenerationCall> calls = new ArrayList<>();
    for (String mode : List.of("batched", "alone")) {
      String prefix = "generate/" + mode + "_";
      calls.add(GenerationCall.upstream(mode, prefix, run.cases().path("generate")));
    }
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Blip blip = graph.model(model.weights(), vars -> Blip.create(vars, model.config(), Task.VQA));
      GraphContext ctx = graph.ctx();
      Tokens tokens = graph.tokens(questions);
      TextStates read =
          blip.answering().read(ctx, tokens, blip.vision().apply(ctx, graph.pixels(run.image())));
      int[][] everyone = new int[questions.rows()][candidates.rows()];
      for (int[] row : everyone) {
        Arrays.setAll(row, column -> column);
      }
      AnswerRanking.Candidates list =
          new AnswerRanking.Candidates(graph.tokens(candidates), ctx.tf().constant(everyone));
      AnswerRanking ranking = AnswerRanking.of(blip, model.labelSmoothing());
      int kept = run.cases().path("rank").path("k_test").intValue();
      AnswerRanking.Result some =
          ranking.rank(ctx.in("some"), read.attended(), list, ctx.tf().constant(kept));
      graph.fetch("rank/first_token_logits", some.firstLogits());
      graph.fetch("rank/first_token_prob", some.probabilities());
      graph.fetch("rank/topk_ids", some.kept());
      graph.fetch("rank/topk_prob", some.keptProbabilities());
      graph.fetch("rank/topk_score", some.scores());
      AnswerRanking.Result all =
          ranking.rank(ctx.in("all"), read.attended(), list, ctx.tf().constant(candidates.rows()));
      graph.fetch("all_ids", all.kept());
      graph.fetch("all_scores", all.scores());
      AnswerGenerator generator = AnswerGenerator.of(blip, questions.rows());
      fetch(graph, generator, calls.get(0), new Attended.States(read.hidden(), Optional.empty()));
      fetch(graph, generator, calls.get(1), read.attended());
      Map<String, Values> computed = graph.compute();
      checkRanking(run, computed, candidates);
      CaptionChecks.addCalls(run, model, calls, computed);
      for (GenerationCall call : calls) {
        String strings = call.name() + "_strings";
        JsonNode expected = run.cases().path("generate").path(strings);
        run.texts(strings, model.texts(computed.get(call.ids())), expected);
      }
      List<Integer> differing = new ArrayList<>();
      for (int i = 0; i < questions.rows(); i++) {
        double[] batched = computed.get("generate/batched_ids").row(i).data();
        if (!Arrays.equals(batched, computed.get("generate/alone_ids").row(i).data())) {
          differing.add(i);
        }
      }
      String differs = "questions_where_batched_differs";
      run.text(
          differs,
          differing.toString().replace(" ", ""),
          run.cases().path("generate").path(differs).toString());
    }
    run.report();
  }

  private static void fetch(
      GoldenGraph graph,
      AnswerGenerator generator,
      GenerationCall call,
      Attended.States questions) {
    Decoded decoded = generator.search(graph.ctx().in(call.name()), questions, call.settings(1));
    graph.fetch(call.ids(), decoded.ids());
    graph.fetch(call.scores(), decoded.scores());
  }

  /** Makes the inputs from their strings, compares them with the stored ones, and trains a step. */
  private static void loss(
      GoldenRun run, GoldenModel model, TokenBatch questions, TokenBatch candidates)
      throws IOException {
    JsonNode train = run.cases().path("train");
    List<String> texts = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    for (int question = 0; question < train.path("answers").size(); question++) {
      texts.addAll(Golden.strings(train.path("answers").path(question)));
      counts.add(train.path("answers").path(question).size());
      for (double weight : Golden.numbers(train.path("weights").path(question))) {
        weights.add((double) (float) weight);
        owners.add(question);
      }
    }
    TokenBatch answers = model.whole(texts);
    long dec = model.tokens().dec();
    run.own(Values.ids(questions.withFirstToken(model.tokens().enc())), "question_ids");
    run.own(Values.mask(questions), "question_mask");
    run.own(Values.ids(answers.withFirstToken(dec)), "answer_ids");
    run.own(Values.mask(answers), "answer_mask");
    run.own(Values.vector(counts), "answer_count");
    run.own(Values.vector(weights), "answer_weight");
    run.own(Values.ids(candidates.withFirstToken(dec)), "answer_list_ids");
    run.own(Values.mask(candidates), "answer_list_mask");
    try (GoldenGraph graph = new GoldenGraph(run, Mode.TRAIN)) {
      VqaModel vqa =
          graph.model(
              model.weights(),
              vars -> VqaModel.create(vars, model.config(), model.labelSmoothing()));
      QuestionBatch batch =
          new QuestionBatch(
              graph.pixels(run.image()),
              graph.tokens(questions),
              graph.tokens(answers),
              graph.feed(TInt32.class, Values.vector(owners), -1),
              graph.feed(TFloat32.class, Values.vector(weights), -1));
      Trace trace = new Trace();
      Operand<TFloat32> loss = vqa.step(graph.ctx().with(trace), batch).loss();
      graph.fetch("image_embeds", trace.get("vqa/images"));
      graph.fetch("question_states", trace.get("vqa/questions"));
      graph.fetch("train/answer_loss", trace.get("vqa/lm/sequence_loss"));
      graph.fetch("train/loss", loss);
      graph.compute();
      OfficialParameters.of(false).checkGradients(run, graph, loss);
    }
  }

  /**
   * Compares what a ranking gives. Upstream leaves open how candidates with equal first tokens are
   * ordered, since they are equally probable: there, and only there, the expected order is taken.
   */
  private static void checkRanking(
      GoldenRun run, Map<String, Values> computed, TokenBatch candidates) throws IOException {
    Values kept = computed.get("rank/topk_ids");
    Values scores = computed.get("rank/topk_score");
    Values expected = run.expected("rank/topk_ids");
    int most = (int) kept.shape()[1];
    long[] first = Values.ids(candidates).columns(1).longs();
    for (int i = 0; i < kept.data().length && Arrays.equals(kept.shape(), expected.shape()); i++) {
      for (int other = i + 1; other < (i / most + 1) * most; other++) {
        boolean tied = first[(int) kept.data()[i]] == first[(int) kept.data()[other]];
        double wanted = expected.data()[i];
        if (tied && kept.data()[i] != wanted && kept.data()[other] == wanted) {
          swap(kept.data(), i, other);
          swap(scores.data(), i, other);
        }
      }
    }
    Values inOrder = computed.get("all_scores");
    Values listed = new Values(inOrder.shape(), new double[inOrder.data().length]);
    for (int i = 0; i < listed.data().length; i++) {
      int place = (int) computed.get("all_ids").data()[i];
      listed.data()[i / candidates.rows() * candidates.rows() + place] = inOrder.data()[i];
    }
    run.add("rank/all_scores", listed);
    JsonNode rank = run.cases().path("rank");
    List<Long> places = new ArrayList<>();
    List<Double> chosen = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int row = 0; row < kept.shape()[0]; row++) {
      long best = (long) scores.rows(row, row + 1).ranks().data()[0];
      double choice = kept.row(row).data()[(int) best];
      places.add(best);
      chosen.add(choice);
      texts.add(rank.path("answer_list").path((int) choice).asText());
    }
    run.add("rank/chosen_ids", Values.vector(chosen));
    run.texts("chosen", texts, rank.path("chosen"));
    run.texts("chosen_position_in_topk", places, rank.path("chosen_position_in_topk"));
  }

  private static void swap(double[] numbers, int one, int other) {
    double kept = numbers[one];
    numbers[one] = numbers[other];
    numbers[other] = kept;
  }

  /**
   * Runs a question-answering model of Hugging Face: states of images and questions, logits and
   * loss of given answers, and every generation that is described, with its scores and texts.
   *
   * <p>There a question keeps [CLS] as its first token, and generation attends the padding of the
   * batch; here both are done for the comparison alone.
   */
  static void huggingFace(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    TokenBatch questions = model.encode(run, "questions", "question_ids");
    // As wide as the stored ones; the comparison shows whether that is the width of the longest.
    TokenBatch answers =
        model.encode(run, "answers", "answer_ids").withFirstToken(model.tokens().dec());
    run.own(Values.ids(questions), "question_ids");
    run.own(Values.ids(questions.withFirstToken(model.tokens().enc())), "question_ids_enc");
    run.own(Values.mask(questions), "question_attention_mask");
    run.own(Values.ids(answers), "answer_ids");
    run.own(Values.mask(answers), "answer_attention_mask");
    List<GenerationCall> calls = GenerationCall.described(run);
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Blip blip = graph.model(model.weights(), vars -> Blip.create(vars, model.config(), Task.VQA));
      GraphContext ctx = graph.ctx();
      ImageStates images = blip.vision().apply(ctx, graph.pixels(run.image()));
      Blip.Answering answering = blip.answering();
      Tokens tokens = graph.tokens(questions);
      Map<Boolean, TextStates> states = new HashMap<>();
      states.put(true, answering.read(ctx.in("enc"), tokens, images));
      states.put(false, answering.questions().apply(ctx.in("cls"), tokens, images.attended()));
      LmLoss.Result given =
          LmLoss.compute(
              ctx,
              answering.answers(),
              graph.tokens(answers),
              answering.answers().stack().project(ctx, states.get(false).attended()),
              new LmLoss.Settings(0, model.labelSmoothing()));
      graph.fetch("image_embeds", images.hidden());
      graph.fetch("question_states", states.get(false).hidden());
      graph.fetch("question_states_enc", states.get(true).hidden());
      graph.fetch("answer_logits", given.logits());
      graph.fetch("loss", given.loss());
      AnswerGenerator generator = AnswerGenerator.of(blip, questions.rows());
      for (GenerationCall call : calls) {
        String meaning = run.described("outputs").path(call.ids()).path("meaning").asText();
        Attended.States read =
            new Attended.States(
                states.get(meaning.contains("question_ids_enc")).hidden(), Optional.empty());
        fetch(graph, generator, call, read);
      }
      Map<String, Values> computed = graph.compute();
      Values logits = computed.get("answer_logits"); // [B, T, V]
      Values targets =
          new Values(new long[] {answers.rows(), answers.columns() - 1}, next(logits, answers));
      run.add("answer_target_logits", targets);
      CaptionChecks.addCalls(run, model, calls, computed);
    }
    run.report();
  }

  /** The logit of each token of the answers at the position before it. */
  private static double[] next(Values logits, TokenBatch answers) {
    int columns = answers.columns() - 1;
    double[] next = new double[answers.rows() * columns];
    for (int i = 0; i < next.length; i++) {
      int at = i / columns * answers.columns() + i % columns;
      next[i] = logits.data()[at * (int) logits.shape()[2] + (int) answers.ids()[at + 1]];
    }
    return next;
  }
}
