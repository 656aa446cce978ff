package org.blip4j.video;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.blip4j.tools.input.VideoDecoder;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIndexEntry;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.FrameGrabber;

/**
 * Decodes with FFmpeg, in one thread so that equal files give equal pictures, and from the first
 * frame on: a seek would only find key frames.
 */
public final class FfmpegDecoder implements VideoDecoder {
  private static final double MICROSECONDS = 1e6;

  /** Fast and a tenth larger than the smallest. */
  private static final float PNG_QUALITY = 0.7f;

  static {
    avutil.av_log_set_level(avutil.AV_LOG_QUIET);
  }

  @Override
  public ImmutableDoubleArray times(Path file) throws IOException {
    ImmutableDoubleArray.Builder times = ImmutableDoubleArray.builder();
    try (FFmpegFrameGrabber grabber = open(file)) {
      requireWhole(grabber, file);
      for (Frame frame = next(grabber, false); frame != null; frame = next(grabber, false)) {
        times.add(frame.timestamp / MICROSECONDS);
      }
      ImmutableDoubleArray all = times.build();
      if (all.isEmpty()) {
        throw new IOException("no frame of this video can be decoded; is the file whole?");
      }
      return all;
    }
  }

  @Override
  public void pictures(Path file, int[] numbers, Sink sink) throws IOException {
    try (FFmpegFrameGrabber grabber = open(file)) {
      int rotation = rotation(grabber);
      int number = 0;
      for (int i = 0; i < numbers.length; number++) {
        boolean wanted = number == numbers[i];
        Frame frame = next(grabber, wanted);
        if (frame == null) {
          throw new IOException(
              "has no frame %d; only %d can be decoded".formatted(numbers[i], number));
        }
        if (wanted) {
          ByteString picture = png(upright(picture(frame), rotation));
          for (; i < numbers.length && numbers[i] == number; i++) {
            sink.picture(picture);
          }
        }
      }
    }
  }

  private static FFmpegFrameGrabber open(Path file) throws IOException {
    FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(file.toFile());
    grabber.setVideoOption("threads", "1");
    grabber.setPixelFormat(avutil.AV_PIX_FMT_RGB24);
    try {
      grabber.start();
      if (!grabber.hasVideo()) {
        throw new IOException("has no pictures, only sound or text");
      }
      return grabber;
    } catch (FrameGrabber.Exception e) {
      grabber.close();
      throw new IOException("is no video that FFmpeg reads, or its beginning or end is cut", e);
    } catch (IOException | RuntimeException | Error e) {
      grabber.close();
      throw e;
    }
  }

  /** The next frame; its pixels are only made if they are wanted. */
  private static Frame next(FFmpegFrameGrabber grabber, boolean pixels) throws IOException {
    try {
      return grabber.grabFrame(false, true, pixels, false);
    } catch (FrameGrabber.Exception e) {
      throw new IOException("a frame of this video cannot be decoded: " + e.getMessage(), e);
    }
  }

  /** Refuses a file that ends before the last frame that its index names. */
  private static void requireWhole(FFmpegFrameGrabber grabber, Path file) throws IOException {
    AVFormatContext container = grabber.getFormatContext();
    AVStream stream = container.streams(grabber.getVideoStream());
    long bytes = Files.size(file);
    long needed = FileEnds.stated(file);
    for (int i = avformat.avformat_index_get_entries_count(stream) - 1; i >= 0; i--) {
      AVIndexEntry entry = avformat.avformat_index_get_entry(stream, i);
      needed = Math.max(needed, entry.pos() + entry.size());
    }
    if (needed > bytes) {
      throw new IOException(
          "is cut: %,d bytes of %,d; copy it again, or let ffmpeg write what is left (-c copy)"
              .formatted(bytes, needed));
    }
  }

  /** Quarter turns against the clock that make the picture upright. */
  private static int rotation(FFmpegFrameGrabber grabber) {
    return Math.floorMod(Math.round(grabber.getDisplayRotation() / 90), 4);
  }

  /** A copy, since the grabber uses its buffer again. */
  private static BufferedImage picture(Frame frame) {
    BufferedImage picture =
        new BufferedImage(frame.imageWidth, frame.imageHeight, BufferedImage.TYPE_INT_RGB);
    ByteBuffer bytes = (ByteBuffer) frame.image[0];
    byte[] line = new byte[3 * frame.imageWidth];
    int[] pixels = new int[frame.imageWidth];
    for (int y = 0; y < frame.imageHeight; y++) {
      bytes.position(y * frame.imageStride);
      bytes.get(line);
      for (int x = 0; x < pixels.length; x++) {
        pixels[x] =
            (line[3 * x] & 255) << 16 | (line[3 * x + 1] & 255) << 8 | (line[3 * x + 2] & 255);
      }
      picture.setRGB(0, y, pixels.length, 1, pixels, 0, pixels.length);
    }
    return picture;
  }

  /** The picture turned against the clock. */
  private static BufferedImage upright(BufferedImage picture, int quarters) {
    if (quarters == 0) {
      return picture;
    }
    int width = picture.getWidth();
    int height = picture.getHeight();
    boolean lying = quarters % 2 == 1;
    BufferedImage turned =
        new BufferedImage(
            lying ? height : width, lying ? width : height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = picture.getRGB(x, y);
        switch (quarters) {
          case 1 -> turned.setRGB(y, width - 1 - x, rgb);
          case 2 -> turned.setRGB(width - 1 - x, height - 1 - y, rgb);
          default -> turned.setRGB(height - 1 - y, x, rgb);
        }
      }
    }
    return turned;
  }

  private static ByteString png(BufferedImage picture) throws IOException {
    ByteString.Output out = ByteString.newOutput();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam options = writer.getDefaultWriteParam();
      options.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      options.setCompressionQuality(PNG_QUALITY);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(picture, null, null), options);
    } finally {
      writer.dispose();
    }
    return out.toByteString();
  }
}
