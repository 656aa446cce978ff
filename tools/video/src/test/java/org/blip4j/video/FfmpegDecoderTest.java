package org.blip4j.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import javax.imageio.ImageIO;
import org.blip4j.data.sample.SampleException;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.input.VideoClip;
import org.blip4j.tools.input.VideoDecoder;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacv.FFmpegFrameRecorder;
import org.bytedeco.javacv.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clips that FFmpeg writes here, whole, turned, cut and not clips at all. */
class FfmpegDecoderTest {
  private static final int WIDTH = 50; // lines of 150 bytes, which FFmpeg fills up
  private static final int HEIGHT = 36;
  private static final int FRAMES = 23;
  private static final double RATE = 10;

  @TempDir private Path folder;
  private final VideoDecoder decoder = new FfmpegDecoder();

  /** A clip whose frame i has red of level 10 i, and green in its upper left corner. */
  private Path clip(String name, int codec, double rotation) throws IOException {
    Path file = folder.resolve(name);
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(file.toFile(), WIDTH, HEIGHT)) {
      recorder.setVideoCodec(codec);
      recorder.setPixelFormat(
          codec == avcodec.AV_CODEC_ID_PNG ? avutil.AV_PIX_FMT_RGB24 : avutil.AV_PIX_FMT_YUV420P);
      recorder.setFrameRate(RATE);
      recorder.setVideoBitrate(2_000_000);
      recorder.setDisplayRotation(rotation);
      recorder.start();
      for (int i = 0; i < FRAMES; i++) {
        try (Frame frame = new Frame(WIDTH, HEIGHT, Frame.DEPTH_UBYTE, 3)) {
          ByteBuffer bytes = (ByteBuffer) frame.image[0];
          for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
              bytes.position(y * frame.imageStride + 3 * x);
              boolean corner = x < 10 && y < 10;
              bytes.put(new byte[] {(byte) (10 * i), (byte) (corner ? 200 : 0), 0});
            }
          }
          bytes.position(0);
          recorder.record(frame, avutil.AV_PIX_FMT_RGB24);
        }
      }
    }
    return file;
  }

  private List<BufferedImage> pictures(Path file, int... numbers) throws IOException {
    List<BufferedImage> pictures = new ArrayList<>();
    decoder.pictures(file, numbers, png -> pictures.add(ImageIO.read(png.newInput())));
    return pictures;
  }

  private static int red(BufferedImage picture) {
    return picture.getRGB(40, 30) >> 16 & 255;
  }

  @Test
  void framesAreCountedAndTakenExactly() throws IOException {
    Path clip = clip("exact.mkv", avcodec.AV_CODEC_ID_PNG, 0);
    double[] times = decoder.times(clip).toArray();
    assertEquals(FRAMES, times.length);
    for (int i = 0; i < FRAMES; i++) {
      assertEquals(i / RATE, times[i] - times[0], 1e-3);
    }
    int[] numbers = {0, 0, 7, 22};
    List<BufferedImage> pictures = pictures(clip, numbers);
    for (int i = 0; i < numbers.length; i++) {
      BufferedImage picture = pictures.get(i);
      assertEquals(WIDTH, picture.getWidth());
      assertEquals(10 * numbers[i], red(picture));
      assertEquals(10 * numbers[i], picture.getRGB(WIDTH - 1, HEIGHT - 1) >> 16 & 255);
      assertEquals(200, picture.getRGB(2, 2) >> 8 & 255);
      assertEquals(0, picture.getRGB(12, 2) >> 8 & 255);
    }
    IOException e = assertThrows(IOException.class, () -> pictures(clip, 23));
    assertEquals("has no frame 23; only 23 can be decoded", e.getMessage());
  }

  @Test
  void commonFormatsAreDecodedWithTheirPredictedFrames() throws IOException {
    for (String name : List.of("a.mp4", "a.avi", "a.mov", "a.webm")) {
      boolean webm = name.endsWith("webm");
      Path clip = clip(name, webm ? avcodec.AV_CODEC_ID_VP8 : avcodec.AV_CODEC_ID_MPEG4, 0);
      assertEquals(FRAMES, decoder.times(clip).length(), name);
      assertEquals(150, red(pictures(clip, 15).get(0)), 12, name);
      VideoClip opened = VideoClip.open(clip);
      List<ByteString> sampled = opened.sampled(8);
      assertEquals(8, sampled.size());
      assertEquals(40, red(ImageIO.read(sampled.get(2).newInput())), 12, "2 * floor(23 / 8)");
    }
  }

  @Test
  void picturesStandUpright() throws IOException {
    for (int turn : new int[] {90, 180, -90}) {
      Path clip = clip("turned" + turn + ".mp4", avcodec.AV_CODEC_ID_MPEG4, turn);
      BufferedImage picture = pictures(clip, 4).get(0);
      assertEquals(turn == 180 ? WIDTH : HEIGHT, picture.getWidth());
      int x = turn == -90 || turn == 180 ? picture.getWidth() - 4 : 4;
      int y = turn == 90 || turn == 180 ? picture.getHeight() - 4 : 4;
      assertTrue((picture.getRGB(x, y) >> 8 & 255) > 150, "the corner is turned by " + turn);
    }
  }

  @Test
  void cutFilesAreRefused() throws IOException {
    for (String name : List.of("c.mkv", "c.avi", "c.mp4", "c.webm")) {
      int codec = name.endsWith("webm") ? avcodec.AV_CODEC_ID_VP8 : avcodec.AV_CODEC_ID_MPEG4;
      Path whole = clip(name, codec, 0);
      byte[] bytes = Files.readAllBytes(whole);
      for (int percent : new int[] {0, 1, 50, 85}) {
        Path cut = folder.resolve("cut-" + name);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length * percent / 100));
        SampleException e = assertThrows(SampleException.class, () -> VideoClip.open(cut), name);
        assertTrue(e.getMessage().contains("cut"), e.getMessage());
      }
    }
  }

  @Test
  void whatIsNoVideoIsRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("text.mp4"), "these are words\n".repeat(99));
    Path still = Files.write(folder.resolve("still.mp4"), TinyModel.image(1, "jpg"));
    assertTrue(problem(text).startsWith("is no video that FFmpeg reads"), problem(text));
    assertTrue(problem(still).startsWith("a JPEG image with the name of a video"));
    assertEquals("no such file", problem(folder.resolve("absent.mp4")));
    Path sound = folder.resolve("sound.mkv");
    try (FFmpegFrameRecorder recorder = new FFmpegFrameRecorder(sound.toFile(), 1)) {
      recorder.setAudioCodec(avcodec.AV_CODEC_ID_PCM_S16LE);
      recorder.setSampleRate(8000);
      recorder.start();
      recorder.recordSamples(ShortBuffer.allocate(8000));
    }
    assertTrue(problem(sound).contains("no pictures"), problem(sound));
  }

  private static String problem(Path file) {
    return assertThrows(SampleException.class, () -> VideoClip.open(file)).getMessage();
  }

  @Test
  void runsBesideTensorFlow() throws IOException {
    assertEquals(
        FfmpegDecoder.class,
        ServiceLoader.load(VideoDecoder.class).findFirst().orElseThrow().getClass());
    Path clip = clip("beside.mkv", avcodec.AV_CODEC_ID_PNG, 0);
    ModelSource source = TinyModel.write(folder.resolve("model"), Task.CAPTION);
    try (Predictor model = Predictor.open(source, PredictorOptions.defaults())) {
      byte[] frame = VideoClip.open(clip).sampled(1).get(0).toByteArray();
      assertTrue(model.caption(List.of(frame)).get(0).ok());
    }
  }
}
