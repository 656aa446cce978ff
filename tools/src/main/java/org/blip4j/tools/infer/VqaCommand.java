package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.PairFile;
import org.blip4j.tools.input.TextArguments;
import org.blip4j.tools.input.VideoClip;
import org.tensorflow.types.TFloat32;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vqa}: answers questions about images. */
@Command(
    name = "vqa",
    description = {
      "Answer questions about images: every question about every image, or given pairs.",
      "Answers are written by search, or chosen from a list with --answers."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip vqa --model model_vqa.pth --image photo.jpg \\",
      "      --question \"how many dogs are there?\" --json"
    })
public final class VqaCommand implements Callable<Integer> {
  private static final int WRITTEN = 8;
  private static final int RANKED = 4;

  /** Frames of a video, as published for questions about videos. */
  private static final int FRAMES = 16;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "An image file, a folder, a glob or a shard, or a video file; may be repeated.")
  private List<String> images = new ArrayList<>();

  @Option(names = "--question", paramLabel = "TEXT", description = "A question; may be repeated.")
  private List<String> questions = new ArrayList<>();

  @Option(
      names = "--questions-from",
      paramLabel = "FILE",
      description = "Questions, one a line; - is standard input.")
  private String questionFile;

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Pairs instead: lines of IMAGE<tab>QUESTION, or JSON objects with image and question; -"
              + " is standard input.")
  private String pairFile;

  @Mixin private VideoRun.Frames frames;
  @Mixin private AnswerOptions answers;
  @Mixin private ImageArguments inputs;
  @Mixin private ModelOptions.MatchToken matchToken;
  @Mixin private ModelOptions model;
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    Optional<Answer.Choice> choice = answers.choice();
    if (pairFile == null) {
      List<String> all = questions(console);
      if (frames.videos(images)) {
        return videos(all, choice, console);
      }
      try (ImageStream stream = inputs.open(images, console);
          Predictor predictor = open(choice)) {
        run(predictor, choice, console).table(stream, all);
      }
    } else {
      if (!images.isEmpty() || !questions.isEmpty() || inputs.given() || questionFile != null) {
        throw new IllegalArgumentException(
            "--pairs has images and questions of its own; leave --image, --images-from,"
                + " --question and --questions-from away");
      }
      try (Predictor predictor = open(choice);
          PairFile file = new PairFile(pairFile, console.in(), "question")) {
        run(predictor, choice, console).file(file);
      }
    }
    return console.exitCode();
  }

  private int videos(List<String> all, Optional<Answer.Choice> choice, Console console)
      throws IOException {
    if (choice.isPresent() || inputs.given()) {
      throw new IllegalArgumentException(
          "answers about videos are written, and videos are named with --image; leave --answers and"
              + " --images-from away");
    }
    List<Path> videos = VideoClip.find(images);
    int count = frames.count(FRAMES);
    TextArguments.Notes notes = new TextArguments.Notes(console);
    try (StagedModel stages =
        model.openStages(
            common,
            quantize,
            own -> matchToken.adjust(answers.adjust(own)).withExpectedBatch(batch.size(WRITTEN)))) {
      VideoRun run = new VideoRun(stages, console);
      run.each(
          videos,
          (path, clip) -> {
            try (TFloat32 states = run.states(clip.sampled(count), count)) {
              for (List<String> some : Lists.partition(all, batch.size(WRITTEN))) {
                List<Answer> found = stages.answers(states, new int[some.size()], some);
                for (int i = 0; i < found.size(); i++) {
                  Answer answer = found.get(i);
                  if (!answer.ok()) {
                    throw new SampleException(answer.status());
                  }
                  Row row = Row.written(path.toString(), some.get(i), answer);
                  console.result(row, row.line());
                  notes.tell(some.get(i), answer.note());
                }
              }
            }
          });
    }
    return console.exitCode();
  }

  private PairRun<?> run(Predictor predictor, Optional<Answer.Choice> choice, Console console) {
    int batchSize = batch.size(choice.isPresent() ? RANKED : WRITTEN);
    if (choice.isEmpty()) {
      var writing =
          new PairRun.Work<Answer>(
              (images, questions) -> predictor.vqa(images, questions),
              Answer::status,
              Answer::note,
              Row::written);
      return new PairRun<>(writing, batchSize, console);
    }
    var choosing =
        new PairRun.Work<Answer.Choice.Ranking>(
            (images, questions) -> predictor.vqaRank(images, questions, choice.get()),
            Answer.Choice.Ranking::status,
            Answer.Choice.Ranking::note,
            (image, question, all) -> Row.ranked(image, question, all, answers.shown()));
    return new PairRun<>(choosing, batchSize, console);
  }

  private Predictor open(Optional<Answer.Choice> choice) throws IOException {
    int batchSize = batch.size(choice.isPresent() ? RANKED : WRITTEN);
    return model.open(
        common,
        quantize,
        own -> matchToken.adjust(answers.adjust(own)).withExpectedBatch(batchSize));
  }

  private List<String> questions(Console console) throws IOException {
    if (inputs.usesStandardInput() && "-".equals(questionFile)) {
      throw new IllegalArgumentException(
          "--images-from - and --questions-from - both read standard input; give one a file");
    }
    List<String> all = new ArrayList<>(questions);
    if (questionFile != null) {
      TextArguments.lines(questionFile, console.in()).stream()
          .filter(line -> !line.isBlank())
          .forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "no questions given; give --question TEXT, --questions-from FILE or --pairs FILE");
    }
    return List.copyOf(all);
  }

  /**
   * One line of {@code vqa}.
   *
   * @param image its path, or its key in a shard
   * @param question as it was asked
   * @param answer the best answer
   * @param logProb the sum of the log-probabilities of its tokens
   * @param score what ranked answers are ordered by; null for a written one
   * @param answers the best of a list, if several were asked for
   * @param note how the question or an answer was cut, if it was
   */
  record Row(
      String image,
      String question,
      String answer,
      float logProb,
      Float score,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<AnswerRow> answers,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String note)
      implements PairRun.Printed {

    /** One of several answers of a list. */
    record AnswerRow(String answer, float logProb, float score) {}

    static Row written(String image, String question, Answer answer) {
      return new Row(
          image, question, answer.text(), answer.logProb(), null, List.of(), answer.note());
    }

    static Row ranked(String image, String question, Answer.Choice.Ranking all, int shown) {
      Answer.Choice.Ranked best = all.answers().get(0);
      List<AnswerRow> first =
          all.answers().stream()
              .limit(shown)
              .map(one -> new AnswerRow(one.text(), one.logProb(), one.score()))
              .toList();
      return new Row(image, question, best.text(), best.logProb(), best.score(), first, all.note());
    }

    /** For people: image, question and answers, with tabs between. */
    @Override
    public String line() {
      List<String> texts =
          answers.isEmpty() ? List.of(answer) : answers.stream().map(AnswerRow::answer).toList();
      return image + "\t" + question + "\t" + String.join("\t", texts);
    }
  }
}
