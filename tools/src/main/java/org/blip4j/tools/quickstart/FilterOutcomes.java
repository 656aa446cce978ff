package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.ScoreLine;
import org.blip4j.tools.scenes.SceneTruth;

/** Sets the scores that CapFilt left beside the truth about each picture. */
final class FilterOutcomes {
  private FilterOutcomes() {}

  static ImmutableList<CapFiltOutcome> read(
      CapFiltFolder folder, List<Path> shards, Map<String, SceneTruth> truth) throws IOException {
    ImmutableList.Builder<CapFiltOutcome> outcomes = ImmutableList.builder();
    for (Path shard : shards) {
      Path scores = folder.scores(shard.getFileName().toString().replace(".tfrecord", ""));
      try (BufferedReader lines = Files.newBufferedReader(scores)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          ScoreLine score = ScoreLine.parse(line, scores.toString());
          outcomes.add(outcome(score, truth.get(score.key())));
        }
      }
    }
    return outcomes.build();
  }

  private static CapFiltOutcome outcome(ScoreLine line, SceneTruth truth) {
    return new CapFiltOutcome(
        line.key(),
        truth.kind(),
        judged(line, CapFiltText.Source.WEB, truth),
        judged(line, CapFiltText.Source.SYNTHETIC, truth));
  }

  private static JudgedText judged(ScoreLine line, CapFiltText.Source source, SceneTruth truth) {
    CapFiltText text =
        line.texts().stream().filter(t -> t.source() == source).findFirst().orElseThrow();
    return new JudgedText(
        text.text(), truth.isFullyRight(text.text()), text.itmProbability(), text.kept());
  }
}
