package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.SampleException;

/**
 * What rules ask of a picture, told by its file alone.
 *
 * @param width in pixels
 * @param height in pixels
 * @param bytes of its file
 * @param pixels a hash of its pixels in hexadecimal digits, equal for equal pictures whatever their
 *     files are; null if nobody asked for it
 * @see CapFiltStep
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CapFiltPicture(int width, int height, long bytes, String pixels) {
  /** Refuses what no picture has. */
  public CapFiltPicture {
    if (width < 1 || height < 1 || bytes < 1) {
      throw new IllegalArgumentException(
          "a picture of %d x %d pixels in %d bytes cannot be".formatted(width, height, bytes));
    }
  }

  /**
   * Looks at a file.
   *
   * @param pixels whether its pixels are hashed, for which it is decoded
   * @throws SampleException if it is no image or damaged
   */
  public static CapFiltPicture of(ByteString file, boolean pixels) throws SampleException {
    return of(EncodedImage.of(file), file.size(), pixels);
  }

  static CapFiltPicture of(EncodedImage image, long bytes, boolean pixels) {
    return new CapFiltPicture(
        image.info().width(), image.info().height(), bytes, pixels ? hash(image) : null);
  }

  /** Of a picture that Java cannot decode, its file is what is compared. */
  private static String hash(EncodedImage image) {
    try {
      return image.pixels().toString();
    } catch (SampleException e) {
      return Hashing.murmur3_128().hashBytes(image.bytes().asReadOnlyByteBuffer()).toString();
    }
  }

  /** The longer side by the shorter one. */
  public double aspect() {
    return (double) Math.max(width, height) / Math.min(width, height);
  }
}
