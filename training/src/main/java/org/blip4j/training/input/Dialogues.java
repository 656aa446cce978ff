package org.blip4j.training.input;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.blip4j.data.pipeline.Batch;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.text.Dialogue;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.config.TaskConfig;
import org.tensorflow.Tensor;

/**
 * Images with a caption and a dialogue. A visit of an image draws one of its questions, and wrong
 * answers to it from its options, each as likely as another and none twice if there are enough.
 */
final class Dialogues extends BatchContent<Sample.ImageText> {
  private static final String ROUND = "blip4j_round";

  private final int negatives;

  Dialogues(RunPlan plan) {
    super(plan);
    this.negatives = ((TaskConfig.Dialogue) plan.config().part()).negatives();
  }

  @Override
  SampleKind<Sample.ImageText> kind() {
    return SampleKind.IMAGE_TEXT;
  }

  @Override
  ImmutableList<String> images() {
    return ImmutableList.of("pixels");
  }

  /** The caption, the true answer and the wrong ones as texts, and the number of the round. */
  @Override
  Sample.ImageText visit(Sample.ImageText sample, long seed) throws SampleException {
    Dialogue dialogue = dialogue(sample);
    Random random = new Random(seed);
    List<Integer> rounds = new ArrayList<>();
    for (int i = 0; i < dialogue.rounds().size(); i++) {
      if (!wrong(dialogue.rounds().get(i)).isEmpty()) {
        rounds.add(i);
      }
    }
    if (rounds.isEmpty()) {
      throw new SampleException(
          "dialogue \"%s\" has no question with a known answer and wrong ones beside it; it cannot"
                  .formatted(sample.key())
              + " be trained on");
    }
    int round = rounds.get(random.nextInt(rounds.size()));
    List<String> wrong = wrong(dialogue.rounds().get(round));
    List<String> texts = new ArrayList<>();
    texts.add(sample.texts().get(0));
    texts.add(truth(dialogue.rounds().get(round)));
    while (texts.size() < 2 + negatives) {
      Collections.shuffle(wrong, random);
      texts.addAll(wrong.subList(0, Math.min(wrong.size(), 2 + negatives - texts.size())));
    }
    return sample
        .withTexts(texts)
        .withColumns(sample.columns().withText(ROUND, Integer.toString(round)));
  }

  private static Dialogue dialogue(Sample.ImageText sample) throws SampleException {
    try {
      return Dialogue.of(sample);
    } catch (IllegalArgumentException e) {
      throw new SampleException(e.getMessage(), e);
    }
  }

  private static String truth(Dialogue.Round round) {
    return round.truth() >= 0 ? round.options().get(round.truth()) : round.answer().orElse("");
  }

  /** The options that are not the true answer; none if that is not known. */
  private static List<String> wrong(Dialogue.Round round) {
    List<String> wrong = new ArrayList<>();
    String truth = truth(round);
    if (!truth.isEmpty()) {
      round.options().stream().filter(option -> !option.equals(truth)).forEach(wrong::add);
    }
    return wrong;
  }

  @Override
  ImmutableMap<String, Tensor> tensors(
      List<Batch.Item<Sample.ImageText>> items, List<Batch.Item<Sample.ImageText>> used) {
    int most = plan.config().text().maxTokens();
    List<int[]> captions = new ArrayList<>();
    List<int[]> dialogues = new ArrayList<>();
    for (Batch.Item<Sample.ImageText> item : own.of(used)) {
      Sample.ImageText sample = item.sample();
      captions.add(
          Dialogue.captionIds(
              tokenizer, sample.texts().get(0), plan.textSettings().maxWords(), most));
      Dialogue dialogue = Dialogue.of(sample);
      int round = Integer.parseInt(sample.columns().text(ROUND).orElseThrow());
      for (String answer : sample.texts().subList(1, sample.texts().size())) {
        dialogues.add(dialogue.ids(tokenizer, round, answer, most));
      }
    }
    int pad = plan.vocabulary().pad();
    TokenBatch texts = TokenBatch.of(dialogues, plan.config().text().asPadding(), most, pad);
    TokenBatch beside =
        new TokenBatch(
            texts.ids(), texts.mask(), captions.size(), (1 + negatives) * texts.columns());
    ImmutableMap.Builder<String, Tensor> tensors = ImmutableMap.builder();
    add(tensors, "caption_", TokenBatch.of(captions, TokenBatch.Padding.longest(), most, pad));
    add(tensors, "", beside);
    return tensors.buildOrThrow();
  }
}
