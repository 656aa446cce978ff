package org.blip4j.tools.console;

import java.time.Duration;
import java.util.Locale;

/**
 * Progress of one piece of work on standard error: done, total, rate and time left.
 *
 * <p>A bar on a terminal, a plain line every ten seconds elsewhere, nothing with {@code --quiet}.
 * Any thread may advance it.
 */
public final class Progress implements AutoCloseable {
  enum Display {
    BAR(Duration.ofMillis(200)),
    LINES(Duration.ofSeconds(10)),
    NONE(Duration.ZERO);

    private final Duration interval;

    Display(Duration interval) {
      this.interval = interval;
    }
  }

  private static final int BAR_WIDTH = 24;

  private final Console console;
  private final Display display;
  private final String what;
  private long total;
  private final long started = System.nanoTime();
  private long shown = started;
  private long done;
  private long doneWhenShown;
  private boolean closed;

  Progress(Console console, Display display, String what, long total) {
    this.console = console;
    this.display = display;
    this.what = what;
    this.total = total;
  }

  /** Tells how many things there are to be done, as far as is known now. */
  public synchronized void expect(long now) {
    total = now;
  }

  /** Counts {@code count} more things as done. */
  public synchronized void advance(long count) {
    done += count;
    long now = System.nanoTime();
    if (display != Display.NONE && now - shown >= display.interval.toNanos()) {
      shown = now;
      show(now);
    }
  }

  /** Shows the final count, if anything was shown before or a bar is wanted. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (display == Display.BAR) {
      show(System.nanoTime());
      console.endBar();
    } else if (display == Display.LINES && shown != started && doneWhenShown != done) {
      show(System.nanoTime());
    }
  }

  private void show(long now) {
    double seconds = (now - started) / 1e9;
    doneWhenShown = done;
    String line = line(what, done, total, seconds);
    if (display == Display.BAR) {
      console.bar(total > 0 ? bar(done, total) + " " + line : line);
    } else {
      console.error(line);
    }
  }

  static String line(String what, long done, long total, double seconds) {
    double rate = done / Math.max(seconds, 1e-3);
    StringBuilder line = new StringBuilder();
    line.append(what).append(' ').append(done);
    if (total > 0) {
      line.append('/').append(total);
      line.append(String.format(Locale.ROOT, " (%d%%)", Math.min(100, done * 100 / total)));
    }
    line.append(String.format(Locale.ROOT, rate < 10 ? ", %.2f/s" : ", %.0f/s", rate));
    if (total > done && done > 0) {
      line.append(", ").append(clock((total - done) / rate)).append(" left");
    } else {
      line.append(", ").append(clock(seconds));
    }
    return line.toString();
  }

  private static String bar(long done, long total) {
    int filled = (int) Math.min(BAR_WIDTH, done * BAR_WIDTH / total);
    return "[" + "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled) + "]";
  }

  private static String clock(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }
}
