package org.blip4j.tools.serve;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.blip4j.savedmodel.predict.BatchRejectedException;
import org.tensorflow.exceptions.TFFailedPreconditionException;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFOutOfRangeException;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.exceptions.TFUnimplementedException;

/** Why a request has no answer, with the code that TensorFlow has for it. */
public final class ServingException extends Exception {
  private static final long serialVersionUID = 1;

  /** Codes of TensorFlow and gRPC, with the status of HTTP that TensorFlow Serving gives each. */
  public enum Code {
    OK(0, 200),
    CANCELLED(1, 499),
    UNKNOWN(2, 500),
    INVALID_ARGUMENT(3, 400),
    DEADLINE_EXCEEDED(4, 504),
    NOT_FOUND(5, 404),
    RESOURCE_EXHAUSTED(8, 429),
    FAILED_PRECONDITION(9, 400),
    OUT_OF_RANGE(11, 400),
    UNIMPLEMENTED(12, 501),
    INTERNAL(13, 500),
    UNAVAILABLE(14, 503),
    DATA_LOSS(15, 500);

    private final int number;
    private final int status;

    Code(int number, int status) {
      this.number = number;
      this.status = status;
    }

    /** The number in gRPC. */
    int number() {
      return number;
    }

    /** The status in HTTP. */
    int status() {
      return status;
    }
  }

  private final Code code;

  ServingException(Code code, String message) {
    super(message);
    this.code = code;
  }

  static ServingException invalid(String message) {
    return new ServingException(Code.INVALID_ARGUMENT, message);
  }

  /** What any failure of a call is to a client. */
  static ServingException of(Throwable failure) {
    Throwable e = causeOf(failure);
    if (e instanceof ServingException own) {
      return own;
    }
    ServingException made = new ServingException(kindOf(e), textOf(e));
    made.initCause(e);
    return made;
  }

  /** Serving's words where it has some. */
  private static String textOf(Throwable e) {
    if (e instanceof BatchRejectedException rejected) {
      return switch (rejected.reason()) {
        case LATE_IN_QUEUE -> "Run() timeout exceeded while waiting in batching queue";
        case LATE_WHILE_RUNNING -> "Timed out waiting for notification";
        case QUEUE_FULL, CLOSED -> e.getMessage();
      };
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /** The code of a call that failed, or did not if there is no failure. */
  static Code codeOf(Throwable failure) {
    return failure == null ? Code.OK : of(failure).code();
  }

  /** What failed, without what futures put around it. */
  static Throwable causeOf(Throwable failure) {
    Throwable e = failure;
    while ((e instanceof CompletionException || e instanceof ExecutionException)
        && e.getCause() != null) {
      e = e.getCause();
    }
    return e;
  }

  private static Code kindOf(Throwable e) {
    if (e instanceof BatchRejectedException rejected) {
      return switch (rejected.reason()) {
        case QUEUE_FULL, CLOSED -> Code.UNAVAILABLE;
        case LATE_IN_QUEUE -> Code.RESOURCE_EXHAUSTED;
        case LATE_WHILE_RUNNING -> Code.DEADLINE_EXCEEDED;
      };
    }
    if (e instanceof TFInvalidArgumentException || e instanceof IllegalArgumentException) {
      return Code.INVALID_ARGUMENT;
    }
    if (e instanceof TFFailedPreconditionException) {
      return Code.FAILED_PRECONDITION;
    }
    if (e instanceof TFOutOfRangeException) {
      return Code.OUT_OF_RANGE;
    }
    if (e instanceof TFResourceExhaustedException || e instanceof OutOfMemoryError) {
      return Code.RESOURCE_EXHAUSTED;
    }
    if (e instanceof TFUnimplementedException) {
      return Code.UNIMPLEMENTED;
    }
    return Code.INTERNAL;
  }

  /** The code. */
  public Code code() {
    return code;
  }

  /** The code's name and the text, as TensorFlow writes an error within another one. */
  String full() {
    return code + ": " + getMessage();
  }
}
