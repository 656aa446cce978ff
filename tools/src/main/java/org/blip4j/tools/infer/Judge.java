package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.blip4j.savedmodel.predict.NlvrAnswer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.input.LoadedImage;

/**
 * Judges statements about two images and prints them in order; an unreadable image is named once.
 */
final class Judge {
  private final Predictor model;
  private final Console console;
  private final Set<String> named = new HashSet<>();

  /**
   * A judge.
   *
   * @param console where rows and failures go
   */
  Judge(Predictor model, Console console) {
    this.model = model;
    this.console = console;
  }

  /** What is judged. */
  record Statement(LoadedImage left, LoadedImage right, String text) {
    private boolean readable() {
      return left.readable() && right.readable();
    }
  }

  /** Judges a batch. */
  void judge(List<Statement> statements) throws IOException {
    List<Statement> readable = statements.stream().filter(Statement::readable).toList();
    Iterator<NlvrAnswer> judged =
        model
            .nlvr(
                readable.stream().map(statement -> bytes(statement.left())).toList(),
                readable.stream().map(statement -> bytes(statement.right())).toList(),
                readable.stream().map(Statement::text).toList())
            .iterator();
    for (Statement statement : statements) {
      if (!statement.readable()) {
        failed(statement.left());
        failed(statement.right());
        continue;
      }
      NlvrAnswer judgement = judged.next();
      if (judgement.ok()) {
        NlvrRow row = NlvrRow.of(statement, judgement);
        console.result(row, row.line());
      } else {
        failed(statement.left().name() + " and " + statement.right().name(), judgement.status());
      }
    }
  }

  private static byte[] bytes(LoadedImage image) {
    return ((LoadedImage.Bytes) image.content()).value();
  }

  private void failed(LoadedImage image) {
    if (image.content() instanceof LoadedImage.Problem problem) {
      failed(image.name(), problem.text());
    }
  }

  private void failed(String image, String why) {
    if (named.add(image)) {
      console.failed(image, why);
    }
  }
}
