package org.blip4j.tools.infer;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.ops.core.Randomness;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.TextArguments;

/**
 * Writes captions for batches of images, which are given in the order of the input; they may be
 * computed at once.
 */
final class Captioner {
  private final Predictor model;
  private final int samples;
  private final long seed;
  private final Optional<Prompts> prompts;
  private int seen;

  /**
   * A captioner.
   *
   * @param samples captions drawn for each image; 0 searches for one
   * @param seed of the drawing; a caption depends on it, the image's name and nothing else
   * @param prompts how the captions of the first, second, ... image begin, if they differ
   */
  Captioner(Predictor model, int samples, long seed, Optional<Prompts> prompts) {
    this.model = model;
    this.samples = samples;
    this.seed = seed;
    this.prompts = prompts;
  }

  /**
   * An image with its captions.
   *
   * @param image if it turned out to be unreadable, with the reason
   * @param captions one if searched, {@code samples} if drawn, none if unreadable
   */
  record Result(LoadedImage image, List<Caption> captions) {}

  /** What gives the captions of a batch, in its order. */
  Callable<List<Result>> caption(List<LoadedImage> batch) {
    List<LoadedImage> images = new ArrayList<>();
    List<String> beginnings = new ArrayList<>();
    for (LoadedImage image : batch) {
      int number = seen++;
      LoadedImage checked = image;
      if (prompts.isPresent() && image.readable()) {
        if (prompts.get().has(number)) {
          beginnings.add(prompts.get().get(number));
        } else {
          String why = prompts.get().file() + " has no line for it";
          checked = LoadedImage.failed(image.name(), image.file(), why);
        }
      }
      images.add(checked);
    }
    return () -> results(images, beginnings);
  }

  private List<Result> results(List<LoadedImage> images, List<String> beginnings) {
    Iterator<List<Caption>> captions =
        captions(images.stream().filter(LoadedImage::readable).toList(), beginnings).iterator();
    return images.stream()
        .map(image -> image.readable() ? result(image, captions.next()) : failed(image))
        .toList();
  }

  private static Result failed(LoadedImage image) {
    return new Result(image, List.of());
  }

  private static Result result(LoadedImage image, List<Caption> captions) {
    String status = captions.get(0).status();
    return status.isEmpty()
        ? new Result(image, captions)
        : failed(LoadedImage.failed(image.name(), image.file(), status));
  }

  private List<List<Caption>> captions(List<LoadedImage> images, List<String> beginnings) {
    int rows = Math.max(1, samples);
    List<byte[]> bytes = new ArrayList<>();
    List<Long> seeds = new ArrayList<>();
    for (LoadedImage image : images) {
      LoadedImage.Bytes content = (LoadedImage.Bytes) image.content();
      for (int i = 0; i < rows; i++) {
        bytes.add(content.value());
        seeds.add(Randomness.stream(seed, image.name() + "#" + i));
      }
    }
    List<Caption> all =
        samples > 0
            ? model.captionSample(bytes, seeds.stream().mapToLong(Long::longValue).toArray())
            : prompts.isPresent() ? model.captionPrompted(bytes, beginnings) : model.caption(bytes);
    List<List<Caption>> grouped = new ArrayList<>();
    for (int i = 0; i < all.size(); i += rows) {
      grouped.add(all.subList(i, i + rows));
    }
    return grouped;
  }

  /**
   * Beginnings of captions, one for each image in the order of the input; an empty line is an empty
   * beginning.
   *
   * @param file where they come from, for messages
   * @param prompts the lines
   */
  public record Prompts(String file, ImmutableList<String> prompts) {

    /**
     * Reads a list; {@code -} is standard input.
     *
     * @throws IllegalArgumentException if it is empty
     */
    public static Prompts read(String file, InputStream in) throws IOException {
      List<String> lines = TextArguments.lines(file, in);
      if (lines.isEmpty()) {
        throw new IllegalArgumentException(
            "--prompts-from " + file + " is empty; give a line for each image");
      }
      return new Prompts(file, ImmutableList.copyOf(lines));
    }

    /**
     * Refuses a list that does not fit.
     *
     * @param images how many there will be, negative if that is not known
     */
    public void require(long images) {
      if (images >= 0 && images != prompts.size()) {
        throw new IllegalArgumentException(
            "--prompts-from %s has %d lines for %d images; give a line for each image"
                .formatted(file, prompts.size(), images));
      }
    }

    /** Whether there is a line for an image, counted from 0. */
    public boolean has(int image) {
      return image < prompts.size();
    }

    public String get(int image) {
      return prompts.get(image);
    }
  }
}
