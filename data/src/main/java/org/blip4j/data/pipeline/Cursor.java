package org.blip4j.data.pipeline;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in the endless stream of batches: the epoch, and how many pairs of it have been consumed.
 *
 * <p>Written as {@code epoch:consumed}, for checkpoints.
 */
public record Cursor(long epoch, long consumed) {
  /** The very beginning. */
  public static final Cursor START = new Cursor(0, 0);

  private static final Pattern WRITTEN = Pattern.compile("(\\d{1,18}):(\\d{1,18})");

  public Cursor {
    if (epoch < 0 || consumed < 0) {
      throw new IllegalArgumentException(
          "data position %d:%d is negative, both parts must be 0 or more"
              .formatted(epoch, consumed));
    }
  }

  /** The place as text. */
  public String encode() {
    return epoch + ":" + consumed;
  }

  /** Reads what {@link #encode} wrote. */
  public static Cursor parse(String text) {
    Matcher m = WRITTEN.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "data position \"%s\" is not EPOCH:CONSUMED such as 0:1280".formatted(text));
    }
    return new Cursor(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
  }
}
