package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.PairFile;
import org.blip4j.tools.input.ReadAhead;
import org.blip4j.tools.input.TextArguments;

/**
 * Runs a model on pairs of an image and a text in batches and prints the results in order; an
 * unreadable image is named once.
 *
 * <p>All texts of an image are in one call as far as the batch size allows, so that it is encoded
 * once for them.
 *
 * @param <R> what the model says of a pair
 */
final class PairRun<R> {

  /**
   * What is done with pairs.
   *
   * @param model one result for each image with the text in its place
   * @param status why the row failed; empty if it did not
   * @param note how its text was cut; empty if it was not
   * @param row what is printed of a result
   * @param <R> what the model says of a pair
   */
  record Work<R>(
      BiFunction<List<byte[]>, List<String>, List<R>> model,
      Function<R, String> status,
      Function<R, String> note,
      Row<R> row) {}

  /**
   * Makes the row of a result.
   *
   * @param <R> what the model says of a pair
   */
  interface Row<R> {
    /** The row of the image of that name with the text. */
    Printed of(String image, String text, R result);
  }

  /** What is printed of an image with a text; its components are the fields of the JSON line. */
  interface Printed {
    /** For people. */
    String line();
  }

  private final Work<R> work;
  private final int batchSize;
  private final Console console;
  private final TextArguments.Notes notes;
  private final Set<String> named = new HashSet<>();

  /**
   * A run.
   *
   * @param batchSize pairs at once
   * @param console where failures go
   */
  PairRun(Work<R> work, int batchSize, Console console) {
    this.work = work;
    this.batchSize = batchSize;
    this.console = console;
    this.notes = new TextArguments.Notes(console);
  }

  /** Every image with every text, images one after another. */
  void table(ImageStream images, List<String> texts) throws IOException {
    int atOnce = Math.max(1, batchSize / Math.min(batchSize, texts.size()));
    try (ReadAhead<LoadedImage> batches = ReadAhead.of(images, atOnce);
        Progress progress = console.progress("images", images.total())) {
      for (List<LoadedImage> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        table(batch, texts);
        progress.advance(batch.size());
      }
    }
  }

  /** The pairs of a file. */
  void file(PairFile file) throws IOException {
    try (ReadAhead<PairFile.Pair> batches = new ReadAhead<>(() -> file.next(batchSize));
        Progress progress = console.progress("pairs", -1)) {
      for (List<PairFile.Pair> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        pairs(batch);
        progress.advance(batch.size());
      }
    }
  }

  private void table(List<LoadedImage> images, List<String> texts) throws IOException {
    List<PairFile.Pair> open = new ArrayList<>();
    for (LoadedImage image : images) {
      for (String text : texts) {
        open.add(new PairFile.Pair(image, text));
        if (open.size() == batchSize) {
          pairs(open);
          open.clear();
        }
      }
    }
    pairs(open);
  }

  private void pairs(List<PairFile.Pair> pairs) throws IOException {
    List<PairFile.Pair> readable = pairs.stream().filter(pair -> pair.image().readable()).toList();
    Iterator<R> results =
        work.model()
            .apply(
                readable.stream().map(PairFile.Pair::bytes).toList(),
                readable.stream().map(PairFile.Pair::text).toList())
            .iterator();
    for (PairFile.Pair pair : pairs) {
      if (pair.image().content() instanceof LoadedImage.Problem problem) {
        fail(pair.image().name(), problem.text());
        continue;
      }
      R result = results.next();
      String status = work.status().apply(result);
      if (status.isEmpty()) {
        Printed row = work.row().of(pair.image().name(), pair.text(), result);
        console.result(row, row.line());
        notes.tell(pair.text(), work.note().apply(result));
      } else {
        fail(pair.image().name(), status);
      }
    }
  }

  private void fail(String image, String why) {
    if (named.add(image)) {
      console.failed(image, why);
    }
  }
}
