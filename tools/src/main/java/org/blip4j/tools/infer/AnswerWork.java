package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.List;
import org.blip4j.savedmodel.serve.Answer;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.tools.cli.Console;

/** Writes answers to questions. */
record AnswerWork(Predictor model, Console console) implements PairRun.Work<Answer> {

  @Override
  public List<Answer> run(List<byte[]> images, List<String> questions) {
    return model.answer(images, questions);
  }

  @Override
  public String status(Answer answer) {
    return answer.status();
  }

  @Override
  public void print(ImageText pair, Answer answer) throws IOException {
    AnswerRow row = AnswerRow.written(pair.image().name(), pair.text(), answer);
    console.result(row, row.line());
  }
}
