package org.blip4j.tools.input;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.SampleException;

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

  /** The file as the graph reads it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Bytes(byte[] value) implements Content {}

  /** Why there are no bytes. */
  public record Problem(String text) implements Content {}

  public LoadedImage {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(content, "content");
  }

  /** An image with what {@link EncodedImage} makes of its file. */
  public static LoadedImage of(String name, Optional<Path> file, ByteString bytes) {
    try {
      byte[] encoded = EncodedImage.of(bytes).bytes().toByteArray();
      return new LoadedImage(name, file, new Bytes(encoded));
    } catch (SampleException e) {
      return failed(name, file, e.getMessage());
    }
  }

  public static LoadedImage failed(String name, Optional<Path> file, String problem) {
    return new LoadedImage(name, file, new Problem(problem));
  }

  public boolean readable() {
    return content instanceof Bytes;
  }
}
