package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.List;
import org.blip4j.savedmodel.serve.MatchScore;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.tools.cli.Console;

/** Scores pairs. */
record MatchWork(Predictor model, Console console) implements PairRun.Work<MatchScore> {

  @Override
  public List<MatchScore> run(List<byte[]> images, List<String> texts) {
    return model.match(images, texts);
  }

  @Override
  public String status(MatchScore score) {
    return score.status();
  }

  @Override
  public void print(ImageText pair, MatchScore score) throws IOException {
    MatchRow row = MatchRow.of(pair.image().name(), pair.text(), score);
    console.result(row, row.line());
  }
}
