package org.blip4j.savedmodel.predict;

/** A task of {@link DynamicBatching} was not run to its end, for no fault of its rows. */
public final class BatchRejectedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Why. */
  public enum Reason {
    /** Too many rows wait already. */
    QUEUE_FULL,
    /** The deadline passed before the first row was run. */
    LATE_IN_QUEUE,
    /** The deadline passed while rows were run. */
    LATE_WHILE_RUNNING,
    /** {@link DynamicBatching#close} was called before. */
    CLOSED
  }

  private final Reason reason;

  BatchRejectedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
