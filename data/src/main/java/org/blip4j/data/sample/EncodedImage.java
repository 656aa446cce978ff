package org.blip4j.data.sample;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.common.primitives.Ints;
import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;

/**
 * An image file in a form that the graph reads: the one way from any file's bytes to its pixels.
 *
 * <p>JPEG, PNG, GIF and uncompressed BMP are looked at, their headers and whether they are whole,
 * and stay as they are: the graph's kernels read them as Pillow does. WebP, TIFF and compressed BMP
 * become PNG with the pixels that Pillow's {@code convert("RGB")} gives. Sizes are checked by the
 * headers before anything is decoded.
 *
 * @param info format and size of the file
 * @param bytes for the graph
 */
public record EncodedImage(ImageInfo info, ByteString bytes) {
  private static final byte[] SIGNATURE = {(byte) 137, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int PIECE = 1 << 16;

  /** Places across and down that a pixel of a thumbnail is the mean of. */
  private static final int PLACES = 4;

  /** Small pictures are not compressed: that would take longer than all else. */
  private static final int COMPRESSED_FROM = 1 << 21;

  /**
   * Prepares a file.
   *
   * @throws SampleException if it is no image, or damaged, or too large; says what is wrong
   */
  public static EncodedImage of(ByteString file) throws SampleException {
    ImageInfo info = ImageInfo.inspect(file);
    boolean ready =
        switch (info.format()) {
          case JPEG, PNG, GIF -> true;
          case BMP -> !ImageInfo.runLengths(file);
          case WEBP, TIFF -> false;
        };
    return new EncodedImage(info, ready ? file : png(JavaPicture.read(info, file)));
  }

  /**
   * A picture in memory as a PNG.
   *
   * @throws IllegalArgumentException if it has more pixels than are read of a file
   */
  public static EncodedImage of(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    if ((long) width * height > ImageInfo.MOST_PIXELS) {
      throw new IllegalArgumentException(
          "%d x %d pixels are too many; %d are read at most"
              .formatted(width, height, ImageInfo.MOST_PIXELS));
    }
    return new EncodedImage(
        new ImageInfo(ImageInfo.ImageFormat.PNG, width, height),
        png(new JavaPicture(picture, new int[0], width, height, 0, 0)));
  }

  /**
   * A small PNG for people to look at; a model is never given it.
   *
   * @param side the most pixels that it is wide or high; a smaller picture keeps its size
   * @throws SampleException if Java's library cannot decode the file
   */
  public ByteString thumbnail(int side) throws SampleException {
    BufferedImage whole = JavaPicture.read(ImageInfo.inspect(bytes), bytes).image();
    double share = Math.min(1, (double) side / Math.max(whole.getWidth(), whole.getHeight()));
    int width = Math.max(1, (int) Math.round(share * whole.getWidth()));
    int height = Math.max(1, (int) Math.round(share * whole.getHeight()));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        small.setRGB(x, y, mean(whole, (double) x / width, (double) y / height, width, height));
      }
    }
    ByteString.Output out = ByteString.newOutput();
    try {
      ImageIO.write(small, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return out.toByteString();
  }

  /**
   * A hash of 128 bits of the size and of all pixels (red, green, blue; alpha is dropped), by which
   * pictures can be held for equal, whatever their files are.
   *
   * @throws SampleException if Java's library cannot decode the file
   */
  public HashCode pixels() throws SampleException {
    JavaPicture picture = JavaPicture.read(ImageInfo.inspect(bytes), bytes);
    Hasher hasher = Hashing.murmur3_128().newHasher();
    hasher.putInt(picture.width()).putInt(picture.height());
    byte[] row = new byte[3 * picture.width()];
    for (int y = 0; y < picture.height(); y++) {
      picture.row(y, row, 0);
      hasher.putBytes(row);
    }
    return hasher.hash();
  }

  /** The mean colour of some places of a pixel of the thumbnail, given by shares of the sides. */
  private static int mean(BufferedImage whole, double left, double top, int width, int height) {
    int red = 0;
    int green = 0;
    int blue = 0;
    for (int down = 0; down < PLACES; down++) {
      for (int right = 0; right < PLACES; right++) {
        double x = left + (right + 0.5) / PLACES / width;
        double y = top + (down + 0.5) / PLACES / height;
        int rgb = whole.getRGB((int) (x * whole.getWidth()), (int) (y * whole.getHeight()));
        red += (rgb >> 16) & 255;
        green += (rgb >> 8) & 255;
        blue += rgb & 255;
      }
    }
    int count = PLACES * PLACES;
    return ((red / count) << 16) | ((green / count) << 8) | (blue / count);
  }

  private static ByteString png(JavaPicture picture) {
    ByteString.Output out = ByteString.newOutput(PIECE);
    int width = picture.width();
    int height = picture.height();
    put(out, SIGNATURE);
    byte[] header = new byte[13]; // the rest: deflate, no filter, no interlace
    System.arraycopy(Ints.toByteArray(width), 0, header, 0, 4);
    System.arraycopy(Ints.toByteArray(height), 0, header, 4, 4);
    header[8] = 8;
    header[9] = 2;
    chunk(out, "IHDR", header, header.length);
    boolean compressed = (long) width * height >= COMPRESSED_FROM;
    Deflater deflater = new Deflater(compressed ? Deflater.BEST_SPEED : Deflater.NO_COMPRESSION);
    try (OutputStream data =
        new DeflaterOutputStream(
            new BufferedOutputStream(new Pieces(out), PIECE), deflater, PIECE)) {
      byte[] row = new byte[1 + 3 * width]; // begins with filter 0
      for (int y = 0; y < height; y++) {
        picture.row(y, row, 1);
        data.write(row);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    } finally {
      deflater.end();
    }
    chunk(out, "IEND", new byte[0], 0);
    return out.toByteString();
  }

  /** Compressed data, piece by piece a chunk of a PNG file. */
  private static final class Pieces extends OutputStream {
    private final ByteString.Output out;

    Pieces(ByteString.Output out) {
      this.out = out;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      byte[] piece = Arrays.copyOfRange(bytes, offset, offset + length);
      chunk(out, "IDAT", piece, length);
    }
  }

  private static void chunk(ByteString.Output out, String type, byte[] body, int length) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(body, 0, length);
    put(out, Ints.toByteArray(length));
    put(out, name);
    out.write(body, 0, length);
    put(out, Ints.toByteArray((int) crc.getValue()));
  }

  private static void put(ByteString.Output out, byte... bytes) {
    out.write(bytes, 0, bytes.length);
  }
}
