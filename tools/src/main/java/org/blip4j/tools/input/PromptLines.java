package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Beginnings of captions, one for each image in the order of the input; an empty line is an empty
 * beginning.
 *
 * @param file where they come from, for messages
 * @param prompts the lines
 */
public record PromptLines(String file, ImmutableList<String> prompts) {

  /**
   * Reads a list; {@code -} is standard input.
   *
   * @throws IllegalArgumentException if it is empty
   */
  public static PromptLines read(String file, InputStream in) throws IOException {
    List<String> lines = TextArguments.lines(file, in);
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(
          "--prompts-from " + file + " is empty; give a line for each image");
    }
    return new PromptLines(file, ImmutableList.copyOf(lines));
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
