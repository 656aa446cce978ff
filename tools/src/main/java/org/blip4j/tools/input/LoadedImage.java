package org.blip4j.tools.input;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * An image of the input with its bytes, or with the reason why it has none.
 *
 * @param name what it is called in results: its path, or its key in a shard
 * @param file the file it is alone in, if it is
 * @param content its bytes, or what is wrong
 */
public record LoadedImage(String name, Optional<Path> file, Content content) {

  /** Bytes of an image file, or a problem. */
  sealed interface Content {}

  /** The whole file. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Bytes(byte[] value) implements Content {}

  /** Why there are no bytes. */
  public record Problem(String text) implements Content {}

  public LoadedImage {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(content, "content");
  }

  public static LoadedImage failed(String name, Optional<Path> file, String problem) {
    return new LoadedImage(name, file, new Problem(problem));
  }

  public boolean readable() {
    return content instanceof Bytes;
  }
}
