package org.blip4j.tools.console;

/** Exit statuses of every command. */
public final class ExitCodes {
  /** All done. */
  public static final int OK = 0;

  /** Done, but some items failed and each was named; or a check did not pass. */
  public static final int SOME_FAILED = 1;

  /** Wrong usage or bad input; nothing was changed. */
  public static final int USAGE = 2;

  /**
   * Another process that trains with this one was lost; safe to run again, on all of them. The
   * number is that of a failure for the time being ({@code EX_TEMPFAIL}).
   */
  public static final int PEER_LOST = 75;

  /** Interrupted by the user; safe to run again. Java itself exits so on Ctrl-C. */
  public static final int INTERRUPTED = 130;

  /** The reader of standard output went away, as any tool is reported that a closed pipe ends. */
  public static final int CLOSED_PIPE = 141;

  private ExitCodes() {}
}
