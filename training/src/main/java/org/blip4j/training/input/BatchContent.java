package org.blip4j.training.input;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.blip4j.data.pipeline.Batch;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.config.TaskConfig;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * What the samples of a kind are to a step: under which names their images are fed, and the tensors
 * of all else that they hold.
 *
 * @param <S> the kind
 */
abstract class BatchContent<S extends Sample> {
  final RunPlan plan;
  final WordPieceTokenizer tokenizer;
  final Rows own;

  /**
   * The rows of a batch that this process has. The others are read, too, but their images are not
   * decoded.
   */
  record Rows(int first, int end) {
    int size() {
      return end - first;
    }

    <T> List<T> of(List<T> all) {
      return all.subList(first, end);
    }
  }

  BatchContent(RunPlan plan) {
    this.plan = plan;
    this.tokenizer = new WordPieceTokenizer(plan.vocabulary());
    int batch = plan.config().duration().batch();
    int first = plan.division().firstRow(batch);
    this.own = new Rows(first, first + plan.division().ownRows(batch));
  }

  /** What a task is trained on. */
  static BatchContent<?> of(RunPlan plan) {
    return switch (plan.config().task()) {
      case PRETRAIN, RETRIEVAL, CAPTION -> new Pairs(plan);
      case VQA -> new Questions(plan);
      case NLVR -> new ImagePairs(plan);
      case DIALOGUE -> new Dialogues(plan);
    };
  }

  /** The kind of records. */
  abstract SampleKind<S> kind();

  /** Names of the images of a sample, in the order of {@link SampleKind#images}. */
  abstract ImmutableList<String> images();

  /**
   * A sample as this visit sees it.
   *
   * @param seed of the visit
   * @throws SampleException if there is nothing in it to train on
   */
  S visit(S sample, long seed) throws SampleException {
    return sample;
  }

  /**
   * All but the images, of the rows of this process.
   *
   * @param items of the whole batch
   * @param used the same with what stands in for damaged ones of this process
   */
  abstract ImmutableMap<String, Tensor> tensors(
      List<Batch.Item<S>> items, List<Batch.Item<S>> used);

  final String clean(String text) {
    return CaptionText.cleanCaption(text, plan.textSettings().maxWords());
  }

  /**
   * Ids and mask {@code [b, T]} of texts that are cut and padded as the run says. The width is that
   * of the whole batch as it was read: several processes gather their rows, and none knows what
   * stands in for those of another.
   */
  final ImmutableMap.Builder<String, Tensor> tokens(
      List<Batch.Item<S>> items, List<Batch.Item<S>> used, Function<Batch.Item<S>, String> text) {
    List<Batch.Item<S>> all = new ArrayList<>(own.of(used));
    if (own.size() < items.size() || !used.equals(items)) {
      all.addAll(items);
    }
    List<String> texts = all.stream().map(text).toList();
    ImmutableMap.Builder<String, Tensor> tensors = ImmutableMap.builder();
    add(
        tensors,
        "",
        tokenizer
            .encode(texts, plan.config().text().asPadding(), plan.config().text().maxTokens())
            .cut(0, own.size()));
    return tensors;
  }

  static void add(ImmutableMap.Builder<String, Tensor> tensors, String prefix, TokenBatch tokens) {
    Shape shape = Shape.of(tokens.rows(), tokens.columns());
    tensors.put(prefix + "ids", TInt64.tensorOf(shape, DataBuffers.of(tokens.ids())));
    tensors.put(prefix + "mask", TInt64.tensorOf(shape, DataBuffers.of(tokens.mask())));
  }

  /** Images with a text each; in captioning it begins with the prompt. */
  private static final class Pairs extends BatchContent<Sample.ImageText> {
    Pairs(RunPlan plan) {
      super(plan);
    }

    @Override
    SampleKind<Sample.ImageText> kind() {
      return SampleKind.IMAGE_TEXT;
    }

    @Override
    ImmutableList<String> images() {
      return ImmutableList.of("pixels");
    }

    @Override
    ImmutableMap<String, Tensor> tensors(
        List<Batch.Item<Sample.ImageText>> items, List<Batch.Item<Sample.ImageText>> used) {
      long[] identities =
          own.of(used).stream()
              .mapToLong(item -> identity(byText() ? text(item) : item.id().image()))
              .toArray();
      return tokens(items, used, this::text)
          .put("identities", TInt64.vectorOf(identities))
          .buildOrThrow();
    }

    private String text(Batch.Item<Sample.ImageText> item) {
      String prompt = plan.config().task() == Task.CAPTION ? plan.textSettings().prompt() : "";
      return prompt + clean(item.sample().texts().get(0));
    }

    private boolean byText() {
      return plan.config().part() instanceof TaskConfig.Retrieval retrieval
          && retrieval.identity() == TaskConfig.Identity.TEXT;
    }

    /** 0 or more; equal for the same image. */
    private static long identity(String of) {
      return Hashing.murmur3_128().hashString(of, StandardCharsets.UTF_8).asLong() & Long.MAX_VALUE;
    }
  }

  /** Questions with all their answers, which are neither cleaned nor cut (blip-spec 7.4). */
  private static final class Questions extends BatchContent<Sample.Question> {
    Questions(RunPlan plan) {
      super(plan);
    }

    @Override
    SampleKind<Sample.Question> kind() {
      return SampleKind.QUESTION;
    }

    @Override
    ImmutableList<String> images() {
      return ImmutableList.of("pixels");
    }

    @Override
    Sample.Question visit(Sample.Question sample, long seed) throws SampleException {
      if (sample.answers().isEmpty()) {
        throw new SampleException(
            "question \"%s\" has no answers; it cannot be trained on".formatted(sample.question()));
      }
      return sample;
    }

    @Override
    ImmutableMap<String, Tensor> tensors(
        List<Batch.Item<Sample.Question>> items, List<Batch.Item<Sample.Question>> used) {
      int words = plan.textSettings().maxWords();
      List<String> answers = new ArrayList<>();
      List<Integer> rows = new ArrayList<>();
      List<Float> weights = new ArrayList<>();
      int before = 0;
      for (int row = 0; row < used.size(); row++) {
        if (row == own.first()) {
          before = answers.size();
        }
        for (Sample.Answer answer : used.get(row).sample().answers()) {
          answers.add(answer.text());
          if (row >= own.first() && row < own.end()) {
            rows.add(row - own.first());
            weights.add(answer.weight());
          }
        }
      }
      float[] shares = new float[weights.size()];
      for (int i = 0; i < shares.length; i++) {
        shares[i] = weights.get(i);
      }
      ImmutableMap.Builder<String, Tensor> tensors =
          tokens(items, used, item -> CaptionText.cleanQuestion(item.sample().question(), words));
      int positions = plan.architecture().text().maxPositions();
      TokenBatch tokens = tokenizer.encode(answers, TokenBatch.Padding.longest(), positions);
      add(tensors, "answer_", tokens.cut(before, before + shares.length));
      return tensors
          .put("answers_before", TInt32.scalarOf(before))
          .put("rows", TInt32.vectorOf(rows.stream().mapToInt(Integer::intValue).toArray()))
          .put("weights", TFloat32.vectorOf(shares))
          .buildOrThrow();
    }
  }

  /** Two images and a statement; half of them are exchanged if the run says so (blip-spec 7.5). */
  private static final class ImagePairs extends BatchContent<Sample.ImagePair> {
    private static final String LEFT = "left";
    private static final String RIGHT = "right";

    private final boolean exchange;

    ImagePairs(RunPlan plan) {
      super(plan);
      this.exchange = ((TaskConfig.Nlvr) plan.config().part()).exchange();
    }

    @Override
    SampleKind<Sample.ImagePair> kind() {
      return SampleKind.IMAGE_PAIR;
    }

    @Override
    ImmutableList<String> images() {
      return ImmutableList.of("first", "second");
    }

    @Override
    Sample.ImagePair visit(Sample.ImagePair sample, long seed) throws SampleException {
      if (sample.label() < 0) {
        throw new SampleException(
            "statement \"%s\" has no label; it cannot be trained on".formatted(sample.statement()));
      }
      String statement = clean(sample.statement());
      boolean exchanged = exchange && seed < 0;
      return exchanged
          ? new Sample.ImagePair(
              sample.key(),
              sample.right(),
              sample.left(),
              exchanged(statement),
              sample.label(),
              sample.columns())
          : new Sample.ImagePair(
              sample.key(),
              sample.left(),
              sample.right(),
              statement,
              sample.label(),
              sample.columns());
    }

    private static String exchanged(String statement) {
      return Arrays.stream(statement.split(" ", -1))
          .map(word -> word.equals(LEFT) ? RIGHT : word.equals(RIGHT) ? LEFT : word)
          .collect(Collectors.joining(" "));
    }

    @Override
    ImmutableMap<String, Tensor> tensors(
        List<Batch.Item<Sample.ImagePair>> items, List<Batch.Item<Sample.ImagePair>> used) {
      return tokens(items, used, item -> item.sample().statement())
          .put(
              "labels",
              TInt64.vectorOf(
                  own.of(used).stream().mapToLong(item -> item.sample().label()).toArray()))
          .buildOrThrow();
    }
  }
}
