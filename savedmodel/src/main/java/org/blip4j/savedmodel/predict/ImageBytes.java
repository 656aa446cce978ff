package org.blip4j.savedmodel.predict;

import com.google.protobuf.UnsafeByteOperations;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.blip4j.data.sample.EncodedImage;

/**
 * Images as a {@link Predictor} takes them, the bytes of a file, made of what a program has.
 *
 * <p>JPEG, PNG, GIF, BMP, WebP and TIFF are read. Whether bytes are an image, and one of a size
 * that is read, says the status of their row.
 *
 * <pre>{@code
 * String text = model.caption(ImageBytes.of(Path.of("photo.jpg"))).text();
 * }</pre>
 */
public final class ImageBytes {
  private ImageBytes() {}

  /**
   * The bytes of a file.
   *
   * @throws IOException if it cannot be read; names it
   */
  public static byte[] of(Path file) throws IOException {
    Objects.requireNonNull(file, "file is null; give the path of an image");
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IOException(file + ": the image cannot be read: " + e, e);
    }
  }

  /** All that a stream still gives; it stays open. */
  public static byte[] of(InputStream stream) throws IOException {
    return Objects.requireNonNull(stream, "stream is null; give one with an image in it")
        .readAllBytes();
  }

  /**
   * A picture in memory as a PNG file: its colours, without what is transparent, as of files.
   *
   * @throws IllegalArgumentException if it has more pixels than are read
   */
  public static byte[] of(BufferedImage picture) {
    Objects.requireNonNull(picture, "picture is null; give one in memory");
    return EncodedImage.of(picture).bytes().toByteArray();
  }

  /** The same bytes as a message of protobuf holds them, uncopied. */
  static com.google.protobuf.ByteString wrap(byte[] file) {
    return UnsafeByteOperations.unsafeWrap(file);
  }
}
