package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * What a model of images is worth on videos, without training on any (paper section 5.6, blip-spec
 * 7.7): retrieval, as of images, by the mean of the features of frames and by matching against
 * their states behind each other; questions answered from the same states.
 *
 * @param model matches, or answers questions
 * @param records videos with texts, or with questions
 */
public record VideoProtocol(StagedModel model, LabelledRecords records) {
  /** As published. */
  public static final int CANDIDATES = 128;

  private static final int READ_AT_ONCE = 4;

  /** Sees videos as they are read. */
  public interface Look {
    void at(Sample.Video video) throws IOException;
  }

  /**
   * Reads what texts there are, for {@link RetrievalProtocol}; frames are read anew when they are
   * wanted.
   *
   * @throws IOException if there are no videos, or they do not all have as many frames
   */
  public Gallery gallery(Look look) throws IOException {
    ImmutableList.Builder<String> texts = ImmutableList.builder();
    ImmutableList.Builder<ImmutableIntArray> textsOfVideo = ImmutableList.builder();
    int[] frames = {0};
    int[] count = {0};
    records.forEach(
        Sample.Video.class,
        READ_AT_ONCE,
        (first, samples) -> {
          for (Sample.Video video : samples) {
            frames[0] = frames[0] == 0 ? video.frames().size() : frames[0];
            if (video.frames().size() != frames[0]) {
              throw new IOException(
                  "video \"%s\" has %d frames and those before it have %d; pack all with the same number of frames"
                      .formatted(video.key(), video.frames().size(), frames[0]));
            }
            texts.addAll(video.texts());
            int end = count[0] + video.texts().size();
            textsOfVideo.add(ImmutableIntArray.copyOf(IntStream.range(count[0], end)));
            count[0] = end;
            look.at(video);
          }
        });
    return new Gallery(this::pixels, frames[0], texts.build(), textsOfVideo.build());
  }

  private void pixels(int from, Gallery.Block block) throws IOException {
    records.forEach(
        Sample.Video.class,
        READ_AT_ONCE,
        (first, samples) -> {
          for (int i = Math.max(0, from - first); i < samples.size(); i++) {
            try (Result decoded = decode(samples.get(i))) {
              block.pixels(first + i, decoded.get(0));
            }
          }
        });
  }

  private Result decode(Sample.Video video) throws IOException {
    Result decoded =
        model.decode(video.frames().stream().map(frame -> frame.toByteArray()).toList());
    try {
      for (String status : StagedModel.strings(decoded.get(1))) {
        LabelledRecords.requireRead(status, video);
      }
      return decoded;
    } catch (IOException | RuntimeException e) {
      decoded.close();
      throw e;
    }
  }

  /**
   * Recalls as the published evaluation names them, in percent, and the median rank of the right
   * video, counted from 1: {@code txt_} of texts found for videos, {@code vid_} of videos for
   * texts.
   */
  public static ImmutableMap<String, Double> figures(RankedSide toText, RankedSide toVideo) {
    RecallAtK text = toText.recall();
    RecallAtK video = toVideo.recall();
    return ImmutableMap.<String, Double>builder()
        .putAll(RetrievalProtocol.Found.recalls("txt", text))
        .putAll(RetrievalProtocol.Found.recalls("vid", video))
        .put("vid_mdR", video.medianRank())
        .put("r_mean", (text.meanPercent() + video.meanPercent()) / 2)
        .buildOrThrow();
  }

  /**
   * A question that was answered.
   *
   * @param question as it was asked
   * @param answer of the model, with its log-probability
   * @param right whether it is one of the video's answers, letter by letter but for capitals
   */
  public record Answered(Sample.Video video, String question, Answer answer, boolean right) {
    /** The answers that are right; none of questions whose answers are not known. */
    public List<String> truths() {
      return video.columns().texts("answers");
    }
  }

  /** Is told of each answer. */
  public interface Watch {
    void answered(Answered answered) throws IOException;
  }

  /**
   * Answers all questions: columns {@code question} and {@code answers} of videos. Adjacent ones
   * about the same frames are answered together.
   *
   * @return the share of right answers, in percent; no number if no record has an answer
   */
  public double answers(Watch watch) throws IOException {
    long[] counts = new long[2];
    List<Sample.Video> open = new ArrayList<>();
    Watch counting =
        answered -> {
          counts[0] += answered.right() ? 1 : 0;
          counts[1] += answered.truths().isEmpty() ? 0 : 1;
          watch.answered(answered);
        };
    records.forEach(
        Sample.Video.class,
        READ_AT_ONCE,
        (first, samples) -> {
          for (Sample.Video video : samples) {
            if (question(video).isEmpty()) {
              throw new IOException(
                  "video \"%s\" has no question; records of videos with the columns question and"
                          .formatted(video.key())
                      + " answers are expected");
            }
            if (!open.isEmpty() && !open.get(0).frames().equals(video.frames())) {
              answer(open, counting);
              open.clear();
            }
            open.add(video);
          }
        });
    answer(open, counting);
    return 100.0 * counts[0] / counts[1];
  }

  private static Optional<String> question(Sample.Video video) {
    return video.columns().text("question").filter(question -> !question.isBlank());
  }

  private void answer(List<Sample.Video> videos, Watch watch) throws IOException {
    List<String> questions = videos.stream().map(video -> question(video).orElseThrow()).toList();
    List<Answer> answers;
    try (Result decoded = decode(videos.get(0));
        Result encoded = model.encode(decoded.get(0));
        TFloat32 states = concatenated(encoded.get(0), videos.get(0).frames().size())) {
      answers = model.answers(states, new int[questions.size()], questions);
    }
    for (int i = 0; i < videos.size(); i++) {
      LabelledRecords.requireRead(answers.get(i).status(), videos.get(i));
      String answer = plain(answers.get(i).text());
      boolean right =
          videos.get(i).columns().texts("answers").stream()
              .anyMatch(truth -> plain(truth).equals(answer));
      watch.answered(new Answered(videos.get(i), questions.get(i), answers.get(i), right));
    }
  }

  private static String plain(String answer) {
    return answer.strip().toLowerCase(Locale.ROOT);
  }

  /**
   * States {@code [V, F*P, W]} of videos: those of their frames one behind the other, with no
   * positions of frames (blip-spec 7.7).
   *
   * @param states of the frames {@code [V*F, P, W]}, video by video
   * @param frames how many a video has, F
   */
  public static TFloat32 concatenated(Tensor states, int frames) {
    Shape shape = states.shape();
    return TFloat32.tensorOf(
        Shape.of(shape.get(0) / frames, frames * shape.get(1), shape.get(2)),
        ((TFloat32) states).asRawTensor().data().asFloats());
  }
}
