package org.blip4j.tools.console;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * What is said about an exception, and the status the command ends with.
 *
 * @param message one line for the user
 * @param exitCode one of {@link ExitCodes}
 */
public record ErrorLine(String message, int exitCode) {
  private static final String FULL_DISK = "No space left on device";

  /** Explains {@code thrown}: user mistakes by their own words, the unexpected as such. */
  public static ErrorLine of(Throwable thrown) {
    Throwable cause = unwrap(thrown);
    if (cause instanceof Console.ClosedOutput) {
      return new ErrorLine("", ExitCodes.CLOSED_PIPE);
    }
    for (Throwable link : Throwables.getCausalChain(cause)) {
      if (String.valueOf(link.getMessage()).contains(FULL_DISK)) {
        return new ErrorLine(fullDisk(link), ExitCodes.USAGE);
      }
    }
    if (cause instanceof OutOfMemoryError) {
      return new ErrorLine(
          "out of memory; use a smaller --batch-size, or more heap with JAVA_OPTS=-Xmx8g",
          ExitCodes.USAGE);
    }
    if (cause instanceof FileSystemException file) {
      return new ErrorLine(file(file), ExitCodes.USAGE);
    }
    if (cause instanceof IllegalArgumentException || cause instanceof IOException) {
      String message = cause.getMessage();
      return new ErrorLine(
          message == null ? cause.getClass().getSimpleName() : oneLine(message), ExitCodes.USAGE);
    }
    return new ErrorLine(
        "internal error: " + oneLine(cause.toString()) + " (--debug shows where)",
        ExitCodes.SOME_FAILED);
  }

  private static Throwable unwrap(Throwable thrown) {
    boolean wrapper =
        thrown instanceof UncheckedIOException
            || thrown instanceof ExecutionException
            || thrown instanceof CompletionException;
    return wrapper && thrown.getCause() != null ? unwrap(thrown.getCause()) : thrown;
  }

  private static String fullDisk(Throwable thrown) {
    String where =
        thrown instanceof FileSystemException file && file.getFile() != null
            ? file.getFile() + ": "
            : "";
    return where + "no space left on the disk; free some, or write elsewhere, and run it again";
  }

  private static String file(FileSystemException e) {
    String file = e.getFile();
    if (e instanceof NoSuchFileException) {
      return file + ": no such file or folder";
    }
    if (e instanceof FileAlreadyExistsException) {
      return file + ": exists already; choose another place, or give --overwrite";
    }
    if (e instanceof AccessDeniedException) {
      return file + ": permission denied";
    }
    if (e instanceof NotDirectoryException) {
      return file + ": not a folder";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return file + ": the folder is not empty";
    }
    return oneLine(e.getMessage());
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
