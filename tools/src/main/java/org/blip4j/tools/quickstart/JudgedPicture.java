package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.ScoreLine;
import org.blip4j.tools.scenes.SceneTruth;
import org.blip4j.tools.scenes.WebText;

/**
 * What CapFilt made of one web picture, beside the truth.
 *
 * @param key the record's key
 * @param kind how its web text came about
 * @param web the web text
 * @param synthetic the captioner's text
 */
public record JudgedPicture(String key, WebText.Kind kind, Judged web, Judged synthetic) {
  /**
   * A text beside a picture, what the filter decided and whether it was right to.
   *
   * @param text the text
   * @param right the truth: it describes the picture fully
   * @param score the filter's match probability
   * @param kept the filter's decision
   */
  public record Judged(String text, boolean right, double score, boolean kept) {
    /** Refuses what is no probability. */
    public Judged {
      ModelAnswers.Figures.requireShare("score of \"" + text + "\"", score);
    }

    /** Whether the filter decided as it should. */
    public boolean judgedWell() {
      return right == kept;
    }
  }

  /** Sets the scores that CapFilt left beside the truth about each picture. */
  static ImmutableList<JudgedPicture> read(
      CapFiltFolder folder, List<Path> shards, Map<String, SceneTruth> truth) throws IOException {
    ImmutableList.Builder<JudgedPicture> pictures = ImmutableList.builder();
    for (Path shard : shards) {
      Path scores = folder.scores(shard.getFileName().toString().replace(".tfrecord", ""));
      ScoreLine.forEach(
          scores,
          score -> {
            SceneTruth known = truth.get(score.key());
            pictures.add(
                new JudgedPicture(
                    score.key(),
                    known.kind(),
                    judged(score, CapFiltText.Source.WEB, known),
                    judged(score, CapFiltText.Source.SYNTHETIC, known)));
          });
    }
    return pictures.build();
  }

  private static Judged judged(ScoreLine line, CapFiltText.Source source, SceneTruth truth) {
    CapFiltText text =
        line.texts().stream().filter(t -> t.source() == source).findFirst().orElseThrow();
    return new Judged(
        text.text(), truth.isFullyRight(text.text()), text.itmProbability(), text.kept());
  }
}
