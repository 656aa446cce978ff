package org.blip4j.data.pipeline;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in the endless stream of batches: the epoch, how many items of it have been consumed, and
 * which data it is a place in.
 *
 * <p>Written as {@code epoch:consumed@data}, for checkpoints.
 *
 * @param data {@link DataIndex#fingerprint}; empty at the beginning of whatever data
 */
public record Cursor(long epoch, long consumed, String data) {
  /** The very beginning. */
  public static final Cursor START = new Cursor(0, 0, "");

  private static final Pattern WRITTEN =
      Pattern.compile("(\\d{1,18}):(\\d{1,18})(?:@([0-9a-f]{16}))?");

  public Cursor {
    if (epoch < 0 || consumed < 0) {
      throw new IllegalArgumentException(
          "data position %d:%d is negative, both parts must be 0 or more"
              .formatted(epoch, consumed));
    }
  }

  /** The place as text. */
  public String encode() {
    return epoch + ":" + consumed + (data.isEmpty() ? "" : "@" + data);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException for any other text, and for a place that an earlier version
   *     wrote, which read the data in another order
   */
  public static Cursor parse(String text) {
    Matcher m = WRITTEN.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "data position \"%s\" is not EPOCH:CONSUMED@DATA such as 0:1280@0123456789abcdef"
              .formatted(text));
    }
    String data = m.group(3) == null ? "" : m.group(3);
    Cursor cursor = new Cursor(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)), data);
    if (data.isEmpty() && !cursor.equals(START)) {
      throw new IllegalArgumentException(
          "data position %s was written by an earlier version, which read the data in another order;"
                  .formatted(text)
              + " end that run with the version that began it, or start another one from its"
              + " model");
    }
    return cursor;
  }
}
