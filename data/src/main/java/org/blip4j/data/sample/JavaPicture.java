package org.blip4j.data.sample;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.common.base.VerifyException;
import com.google.protobuf.ByteString;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A picture that an image library of Java has decoded, with the levels that Pillow gives: alpha is
 * dropped and not blended, 16 bits are cut to the upper eight, grey of 16 bits to 255.
 *
 * @param image what was decoded
 * @param palette the colours of a TIFF file that has some, which the library rounds in its own way
 * @param width of the canvas that it stands on, black where it is free
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record JavaPicture(BufferedImage image, int[] palette, int width, int height, int left, int top) {
  /** Bytes a pixel of the library's picture, of its buffers and of the PNG that is made. */
  private static final int LEAST_BYTES = 8;

  /**
   * Decodes a file.
   *
   * @throws SampleException if the file is damaged or Java's memory does not allow it
   */
  static JavaPicture read(ImageInfo info, ByteString file) throws SampleException {
    byte[] bytes = file.toByteArray();
    WebpStill still =
        info.format() == ImageInfo.ImageFormat.WEBP
            ? WebpStill.of(bytes)
            : new WebpStill(bytes, 0, 0);
    try (ImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(still.file()))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new SampleException("no image library for %s is there".formatted(info.format()));
      }
      BufferedImage image = decoded(info, readers.next(), in);
      int[] palette =
          info.format() == ImageInfo.ImageFormat.TIFF
              ? TiffHeader.palette(ByteBuffer.wrap(bytes))
              : new int[0];
      return new JavaPicture(
          image, palette, info.width(), info.height(), still.left(), still.top());
    } catch (LinkageError e) { // a decoder with native code that is not there for this machine
      throw new SampleException("the decoder of this format does not run on this machine", e);
    } catch (IOException e) {
      throw e instanceof SampleException problem
          ? problem
          : new SampleException("cannot be decoded: " + e.getMessage(), e);
    }
  }

  private static BufferedImage decoded(ImageInfo info, ImageReader reader, ImageInputStream in)
      throws SampleException {
    try {
      reader.setInput(in, true, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if (width > info.width() || height > info.height()) {
        throw new SampleException(
            "damaged %s image: %d x %d pixels in %d x %d"
                .formatted(info.format(), width, height, info.width(), info.height()));
      }
      requireMemory(info, reader);
      return reader.read(0);
    } catch (SampleException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // readers stumble over damage in many ways
      throw new SampleException(
          "damaged %s image: it cannot be decoded".formatted(info.format()), e);
    } finally {
      reader.dispose();
    }
  }

  private static void requireMemory(ImageInfo info, ImageReader reader) throws IOException {
    var types = reader.getImageTypes(0);
    int bytes = LEAST_BYTES;
    if (types.hasNext()) {
      var model = types.next().getSampleModel();
      int bits = 0;
      for (int size : model.getSampleSize()) {
        bits += size;
      }
      bytes = Math.max(bytes, 2 * bits / 8 + 4);
    }
    long needed = (long) info.width() * info.height() * bytes;
    Runtime java = Runtime.getRuntime();
    long free = java.maxMemory() - java.totalMemory() + java.freeMemory();
    if (needed > free) {
      System.gc(); // what is free is known only after it
      free = java.maxMemory() - java.totalMemory() + java.freeMemory();
    }
    if (needed > free) {
      throw new SampleException(
          "%d x %d pixels of %s need %d MB of Java's memory, which has %d left; give it more (-Xmx),"
                  .formatted(info.width(), info.height(), info.format(), needed >> 20, free >> 20)
              + " or save the picture as JPEG");
    }
  }

  /** Writes red, green and blue of a line. */
  void row(int y, byte[] rgb, int offset) {
    int line = y - top;
    if (line < 0 || line >= image.getHeight()) {
      Arrays.fill(rgb, offset, offset + 3 * width, (byte) 0);
      return;
    }
    int[] pixels = pixels(line);
    for (int x = 0; x < pixels.length && left + x < width; x++) {
      int at = offset + 3 * (left + x);
      rgb[at] = (byte) (pixels[x] >> 16);
      rgb[at + 1] = (byte) (pixels[x] >> 8);
      rgb[at + 2] = (byte) pixels[x];
    }
  }

  private int[] pixels(int line) {
    ColorModel model = image.getColorModel();
    int type = image.getRaster().getTransferType();
    if (model instanceof ComponentColorModel
        && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)) {
      return samples(line);
    }
    if (model instanceof IndexColorModel && palette.length > 0) {
      Raster raster = image.getRaster();
      int[] indices =
          raster.getPixels(
              raster.getMinX(), raster.getMinY() + line, raster.getWidth(), 1, (int[]) null);
      for (int x = 0; x < indices.length; x++) {
        indices[x] = palette[Math.min(indices[x], palette.length - 1)];
      }
      return indices;
    }
    return image.getRGB(0, line, image.getWidth(), 1, null, 0, image.getWidth());
  }

  /** The stored levels: Java's own conversion takes grey for linear light and would brighten. */
  private int[] samples(int line) {
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    int bands = raster.getNumBands();
    int bits = raster.getSampleModel().getSampleSize(0);
    int[] found =
        raster.getPixels(
            raster.getMinX(), raster.getMinY() + line, raster.getWidth(), 1, (int[]) null);
    int colours = model.getNumColorComponents();
    boolean multiplied = model.hasAlpha() && model.isAlphaPremultiplied();
    boolean inks = model.getColorSpace().getType() == ColorSpace.TYPE_CMYK;
    int[] pixels = new int[raster.getWidth()];
    for (int x = 0; x < pixels.length; x++) {
      int[] levels = new int[4];
      for (int band = 0; band < Math.min(4, bands); band++) {
        int value = found[x * bands + band];
        levels[band] =
            bits <= 8
                ? value * 255 / ((1 << bits) - 1)
                : bands == 1 ? Math.min(255, value) : value >>> (bits - 8);
      }
      if (colours == 1) {
        levels[3] = levels[1];
        levels[1] = levels[0];
        levels[2] = levels[0];
      }
      if (inks) {
        pixels[x] =
            light(levels[0], levels[3]) << 16
                | light(levels[1], levels[3]) << 8
                | light(levels[2], levels[3]);
      } else if (multiplied && levels[3] > 0) {
        pixels[x] =
            whole(levels[0], levels[3]) << 16
                | whole(levels[1], levels[3]) << 8
                | whole(levels[2], levels[3]);
      } else {
        pixels[x] = levels[0] << 16 | levels[1] << 8 | levels[2];
      }
    }
    return pixels;
  }

  /** What an ink and black leave of the light, rounded as Pillow rounds. */
  private static int light(int ink, int black) {
    int paper = 255 - black;
    int product = ink * paper + 128;
    return Math.max(0, paper - (((product >> 8) + product) >> 8));
  }

  /** A level that was multiplied with alpha, undone. */
  private static int whole(int level, int alpha) {
    return Math.min(255, 255 * level / alpha);
  }

  /**
   * The picture of a WebP file that is shown first.
   *
   * @param file a WebP file with one picture: the file itself, or what is made of the first picture
   *     of an animation
   * @param left where the picture stands on the canvas
   * @param top the same downwards
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record WebpStill(byte[] file, int left, int top) {
    private static final int HEADER = 12; // RIFF, size, WEBP
    private static final int CHUNK = 8; // name, size
    private static final int FRAME = 16; // place, size, duration, flags

    /** The file itself if it is not animated, or too damaged to tell. */
    static WebpStill of(byte[] file) {
      int frame = find("ANMF", file, HEADER, file.length);
      if (frame < 0) {
        return new WebpStill(file, 0, 0);
      }
      int begin = frame + CHUNK + FRAME;
      int end = (int) Math.min(file.length, frame + CHUNK + size(file, frame));
      int picture = picture(file, begin, end);
      if (picture < 0) {
        return new WebpStill(file, 0, 0);
      }
      byte[] chunk = Arrays.copyOfRange(file, picture, end);
      ByteBuffer still = ByteBuffer.allocate(HEADER + chunk.length).order(ByteOrder.LITTLE_ENDIAN);
      still.put("RIFF".getBytes(ISO_8859_1)).putInt(4 + chunk.length);
      still.put("WEBP".getBytes(ISO_8859_1)).put(chunk);
      ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      int place = frame + CHUNK;
      return new WebpStill(
          still.array(),
          2 * (bytes.getInt(place) & 0xffffff),
          2 * (bytes.getInt(place + 3) & 0xffffff));
    }

    /**
     * Checks that the picture in a file is of the size that the file's header says, which is what a
     * decoder makes room for.
     */
    static void requireSize(ByteBuffer in, int width, int height) {
      byte[] file = new byte[in.limit()];
      in.duplicate().position(0).get(file);
      if (find("ANMF", file, HEADER, file.length) >= 0) {
        return;
      }
      int picture = picture(file, HEADER, file.length);
      if (picture < 0 || picture + CHUNK + 10 > file.length) {
        throw new VerifyException("it has no picture");
      }
      ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      boolean lossless = file[picture + 3] == 'L';
      int begin = picture + CHUNK;
      int bits = bytes.getInt(begin + 1);
      int ownWidth = lossless ? (bits & 0x3fff) + 1 : bytes.getShort(begin + 6) & 0x3fff;
      int ownHeight = lossless ? (bits >> 14 & 0x3fff) + 1 : bytes.getShort(begin + 8) & 0x3fff;
      if (ownWidth != width || ownHeight != height) {
        throw new VerifyException(
            "its header says %d x %d pixels, its picture has %d x %d"
                .formatted(width, height, ownWidth, ownHeight));
      }
    }

    private static int picture(byte[] file, int begin, int end) {
      int lossy = find("VP8 ", file, begin, end);
      return lossy < 0 ? find("VP8L", file, begin, end) : lossy;
    }

    private static int find(String name, byte[] file, int begin, int end) {
      long at = begin;
      while (at + CHUNK <= end) {
        if (new String(file, (int) at, 4, ISO_8859_1).equals(name)) {
          return (int) at;
        }
        long size = size(file, (int) at);
        at += CHUNK + size + (size & 1);
      }
      return -1;
    }

    private static long size(byte[] file, int chunk) {
      return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(chunk + 4) & 0xffffffffL;
    }
  }
}
