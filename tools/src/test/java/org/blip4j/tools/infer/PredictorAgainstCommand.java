package org.blip4j.tools.infer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.cli.CliRun;

/**
 * Measures a program of five lines against the command on the same work: {@code MODEL PHOTOS
 * ROUNDS}, captions of a folder from opening the model to the last text, in one process and
 * alternating. Prints the seconds of each round, and the ratio of the medians.
 */
public final class PredictorAgainstCommand {
  private PredictorAgainstCommand() {}

  /** Measures. */
  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[0]);
    Path photos = Path.of(args[1]);
    int rounds = Integer.parseInt(args[2]);
    List<Double> programs = new ArrayList<>();
    List<Double> commands = new ArrayList<>();
    for (int round = -1; round < rounds; round++) { // the first one warms up
      boolean first = round % 2 == 0;
      double before = first ? program(model, photos) : 0;
      double command = command(model, photos);
      double program = first ? before : program(model, photos);
      if (round >= 0) {
        programs.add(program);
        commands.add(command);
        System.out.printf(
            Locale.ROOT,
            "program %.2f s, command %.2f s, ratio %.3f%n",
            program,
            command,
            program / command);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "medians: program %.2f s, command %.2f s, ratio %.3f%n",
        median(programs),
        median(commands),
        median(programs) / median(commands));
  }

  private static double command(Path model, Path photos) {
    long began = System.nanoTime();
    CliRun run = CliRun.of("caption", "--model", model.toString(), photos.toString());
    if (run.status() != 0) {
      throw new IllegalStateException(run.err());
    }
    return seconds(began);
  }

  private static double program(Path folder, Path photos) throws IOException {
    long began = System.nanoTime();
    try (Predictor model = Predictor.open(folder);
        Stream<Path> files = Files.list(photos)) {
      List<byte[]> images = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        images.add(ImageBytes.of(file));
      }
      for (Caption caption : model.caption(images)) {
        if (!caption.ok()) {
          throw new IllegalStateException(caption.status());
        }
      }
    }
    return seconds(began);
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
