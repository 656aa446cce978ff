package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.util.Optional;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.ModelOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code evaluate}: a model on labelled records, by the published protocol of its task. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description =
        "Measure a model on labelled records by the published protocol of a task: captions,"
            + " retrieval, questions, dialogues, or statements about two images.",
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip evaluate caption --model runs/captioner/model --data 'test-*.tfrecord'"
            + " --report captions.html")
public final class EvaluateCommand implements Runnable {
  private static final int CAPTIONS = 8;
  private static final int WRITTEN = 16;
  private static final int RANKED = 4;
  private static final int STATEMENTS = 8;
  private static final double NOCAPS_PENALTY = 1.1;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "one of caption, nocaps, retrieval, vqa, nlvr, video and dialogue is missing");
  }

  /** Captions as COCO measures them. */
  @Command(
      name = "caption",
      description = {
        "Write captions and measure them: BLEU-1 to 4, ROUGE-L, CIDEr.",
        "Figures are those of the published program, 1.31 where papers print 131. --predictions"
            + " writes COCO's result format; --results measures such a file without a model."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate caption --model runs/captioner/model --data 'test-*.tfrecord'"
              + " --predictions results.json")
  int caption(
      @Mixin EvaluationOptions options,
      @Mixin CaptionEvaluation.Options captions,
      @Mixin ModelOptions.OrNone model,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common,
      @Mixin ComputeOptions.Batch batch)
      throws IOException {
    return captions("caption", 1, options, captions, model, columns, quantize, common, batch);
  }

  /** Captions of NoCaps, by domain. */
  @Command(
      name = "nocaps",
      description = {
        "Write captions of NoCaps and measure them by domain and all together.",
        "As caption, with a repetition penalty of 1.1. Records say their domain in a column domain;"
            + " without references, as of the test set, only the submission is written."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate nocaps --model runs/captioner/model --data 'nocaps-*.tfrecord'"
              + " --predictions submission.json")
  int nocaps(
      @Mixin EvaluationOptions options,
      @Mixin CaptionEvaluation.Options captions,
      @Mixin ModelOptions.OrNone model,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common,
      @Mixin ComputeOptions.Batch batch)
      throws IOException {
    return captions(
        "nocaps", NOCAPS_PENALTY, options, captions, model, columns, quantize, common, batch);
  }

  private static int captions(
      String name,
      double penalty,
      EvaluationOptions options,
      CaptionEvaluation.Options captions,
      ModelOptions.OrNone model,
      ColumnOptions columns,
      ComputeOptions.Quantize quantize,
      ComputeOptions common,
      ComputeOptions.Batch batch)
      throws IOException {
    int size = batch.size(CAPTIONS);
    new CaptionEvaluation(name, captions, options, common.console())
        .run(
            records(
                options, columns.codec(), captions.results().replaceRecords() && !model.given()),
            opener(
                model,
                () ->
                    model.open(
                        common,
                        quantize,
                        own -> captions.adjust(own, penalty).withExpectedBatch(size))),
            size);
    return common.console().exitCode();
  }

  /** Records, which may be missing where files stand for them. */
  private static Optional<LabelledRecords> records(
      EvaluationOptions options, ExampleCodec codec, boolean replaced) throws IOException {
    if (replaced && !options.hasData()) {
      options.requireWritable();
      return Optional.empty();
    }
    return Optional.of(options.records(codec));
  }

  private static Optional<CaptionEvaluation.Model> opener(
      ModelOptions.OrNone model, CaptionEvaluation.Model opened) {
    return model.given() ? Optional.of(opened) : Optional.empty();
  }

  /** Retrieval both ways. */
  @Command(
      name = "retrieval",
      description = {
        "Find texts by images and images by texts: recalls at 1, 5 and 10 in percent.",
        "All are compared by their features, the nearest then matched. Pairs that were no"
            + " candidates rank behind all others. States of images are recomputed, not kept: an"
            + " image is encoded twice."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate retrieval --model runs/filter/model --data 'test-*.tfrecord'"
              + " --candidates 128 --work work")
  int retrieval(
      @Mixin EvaluationOptions options,
      @Mixin RetrievalEvaluation.Options retrieval,
      @Mixin ModelOptions model,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common)
      throws IOException {
    RetrievalEvaluation evaluation =
        retrieval.with(RetrievalEvaluation.Kind.IMAGE, options, common.console());
    LabelledRecords records = options.records(columns.codec());
    ModelSource source = model.source(common);
    evaluation.run(records, source, quantize.change(common.inference()), retrieval.keeps());
    return common.console().exitCode();
  }

  /** Questions about pictures. */
  @Command(
      name = "vqa",
      description = {
        "Answer questions and measure the answers by the official accuracy of VQA, in percent.",
        "Answers are written, or chosen from a list with --answers, as the published figures are."
            + " --predictions writes what the server takes; --results measures such a file without"
            + " a model."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate vqa --model runs/answers/model --data 'val-*.tfrecord'"
              + " --answers answer_list.json")
  int vqa(
      @Mixin EvaluationOptions options,
      @Mixin VqaEvaluation.Options answers,
      @Mixin ModelOptions.OrNone model,
      @Mixin ColumnOptions.Questions columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common,
      @Mixin ComputeOptions.Batch batch)
      throws IOException {
    int size = batch.size(answers.ranks() ? RANKED : WRITTEN);
    new VqaEvaluation(answers, options, common.console())
        .run(
            records(options, columns.codec(), answers.results().replaceRecords() && !model.given()),
            opener(model, () -> model.open(common, quantize, own -> own.withExpectedBatch(size))),
            size);
    return common.console().exitCode();
  }

  /** Statements about two images. */
  @Command(
      name = "nlvr",
      description = {
        "Judge statements about two images: the share that is right, and consistency, the share of"
            + " sentences that are right with all their pairs of images.",
        "Keys as NLVR2 has them (dev-850-0-0) tell the sentence, or a column sentence_id."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate nlvr --model runs/statements/model --data 'dev-*.tfrecord'"
              + " --predictions judged.jsonl")
  int nlvr(
      @Mixin EvaluationOptions options,
      @Mixin ModelOptions model,
      @Mixin ColumnOptions.Key columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common,
      @Mixin ComputeOptions.Batch batch)
      throws IOException {
    LabelledRecords records = options.records(columns.codec());
    int size = batch.size(STATEMENTS);
    try (Predictor predictor = model.open(common, quantize, own -> own.withExpectedBatch(size))) {
      new NlvrEvaluation(options, common.console()).run(records, predictor, size);
    }
    return common.console().exitCode();
  }

  /** Videos, by a model of images. */
  @Command(
      name = "video",
      description = {
        "Find texts by videos and videos by texts, or answer questions about videos.",
        "A model that matches is measured by recalls at 1, 5 and 10 in percent and the median rank"
            + " of the right video; one that answers by the share of exact answers, in percent."
            + " Records are made by records pack --frames."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate video --model runs/filter/model --data 'msrvtt-*.tfrecord'"
              + " --report videos.html")
  int video(
      @Mixin EvaluationOptions options,
      @Mixin RetrievalEvaluation.Options retrieval,
      @Mixin ModelOptions model,
      @Mixin ColumnOptions.Key columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common)
      throws IOException {
    RetrievalEvaluation evaluation =
        retrieval.with(RetrievalEvaluation.Kind.VIDEO, options, common.console());
    LabelledRecords records = options.records(columns.codec());
    ModelSource source = model.source(common);
    PredictorOptions predicting = quantize.change(common.inference());
    try (StagedModel open = StagedModel.open(source, predicting, own -> own)) {
      if (!open.answers()) {
        evaluation.run(records, open, source, predicting, retrieval.keeps());
      } else if (retrieval.given()) {
        throw new IllegalArgumentException(
            "--candidates and --work are about retrieval, and %s answers questions; leave them away"
                .formatted(source.path()));
      } else {
        new VideoQuestions(options, common.console()).run(records, open);
      }
    }
    return common.console().exitCode();
  }

  /** Answers in dialogues about a picture. */
  @Command(
      name = "dialogue",
      description = {
        "Rank the answers of questions in dialogues (VisDial): MRR and recalls at 1, 5 and 10 in"
            + " percent, and mean rank.",
        "A model that matches has all that is needed; finetune dialogue makes a better one."
            + " --predictions writes what the server of VisDial takes."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip evaluate dialogue --model runs/dialogue/model --data"
              + " 'visdial-val-*.tfrecord'")
  int dialogue(
      @Mixin EvaluationOptions options,
      @Mixin DialogueEvaluation.Options dialogue,
      @Mixin ModelOptions model,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions.Quantize quantize,
      @Mixin ComputeOptions common)
      throws IOException {
    LabelledRecords records = options.records(columns.codec());
    ModelSource source = model.source(common);
    dialogue
        .with(options, common.console())
        .run(records, source, quantize.change(common.inference()));
    return common.console().exitCode();
  }
}
