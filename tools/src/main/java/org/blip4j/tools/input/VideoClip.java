package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.blip4j.data.dataset.ImageFolder;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * A video: a file, which the module {@code tools/video} decodes, or a folder whose images are its
 * frames in order of name.
 *
 * <p>What is wrong with a video is said without its name, as a {@link SampleException}.
 */
public final class VideoClip {
  private final Path path;
  private final List<Path> images;
  private final ImmutableDoubleArray times;

  private VideoClip(Path path, List<Path> images, ImmutableDoubleArray times) {
    this.path = path;
    this.images = images;
    this.times = times;
  }

  /** Whether an argument has the ending of a video file, or is a glob with such an ending. */
  public static boolean isNamed(String argument) {
    try {
      return ImageFolder.isNameOfVideo(Path.of(argument));
    } catch (InvalidPathException e) {
      return false; // whatever reads it says why
    }
  }

  /**
   * Says at once that no video file can be decoded, where that is so.
   *
   * @throws IOException if there is a file among the videos and this build has no decoder
   */
  public static void requireDecoder(List<Path> videos) throws IOException {
    if (videos.stream().anyMatch(Files::isRegularFile)) {
      decoder();
    }
  }

  /**
   * Loads what decodes video files, and tells its name.
   *
   * @throws IOException if it is not in this build; with a cause, if it is but does not run here
   */
  public static String decoderName() throws IOException {
    return decoder().getClass().getSimpleName();
  }

  /**
   * The videos that arguments name: files, folders of frames, folders of videos, globs. What is not
   * there is among them, and said when it is opened.
   *
   * @throws IOException if a folder holds no video, or this build cannot decode one
   */
  public static List<Path> find(List<String> arguments) throws IOException {
    List<Path> videos = new ArrayList<>();
    for (String argument : arguments) {
      Path path = Path.of(argument);
      if (!Files.exists(path) && ImageSource.PATTERN.matcher(argument).find()) {
        videos.addAll(ShardSet.find(List.of(argument)).paths());
      } else if (!Files.isDirectory(path)) {
        videos.add(path);
      } else if (!ImageFolder.frames(path).isEmpty()) {
        videos.add(path);
      } else {
        List<Path> inside = ImageFolder.videos(path);
        if (inside.isEmpty()) {
          throw new IOException(path + ": no videos and no frames in this folder");
        }
        videos.addAll(inside);
      }
    }
    if (videos.stream().noneMatch(Files::exists)) {
      throw new IOException(
          videos.isEmpty()
              ? "no videos given; name files or folders of frames"
              : videos.get(0) + ": there is no such video; check the name");
    }
    requireDecoder(videos);
    return videos;
  }

  /** Opens a video and counts its frames. */
  public static VideoClip open(Path path) throws SampleException {
    try {
      if (Files.isDirectory(path)) {
        List<Path> images = ImageFolder.frames(path);
        if (images.isEmpty()) {
          throw new SampleException("the folder holds no images, which would be its frames");
        }
        return new VideoClip(path, images, ImmutableDoubleArray.of());
      }
      requireNoPicture(path);
      return new VideoClip(path, List.of(), decoder().times(path));
    } catch (NoSuchFileException e) {
      throw new SampleException("no such file", e);
    } catch (IOException e) {
      throw problem(e);
    }
  }

  /** FFmpeg would take a picture for a video of one frame. */
  private static void requireNoPicture(Path file) throws IOException {
    Optional<ImageInfo.ImageFormat> format = ImageInfo.ImageFormat.of(file);
    if (format.isPresent()) {
      throw new SampleException(
          "a %s image with the name of a video; give it the ending of an image"
              .formatted(format.get()));
    }
  }

  private static VideoDecoder decoder() throws IOException {
    try {
      return ServiceLoader.load(VideoDecoder.class)
          .findFirst()
          .orElseThrow(
              () ->
                  new IOException(
                      "video files need the module tools/video, which is not in this build; build"
                          + " with BLIP_MAVEN_OPTS=-Pvideo tools/blip doctor, or give a folder"
                          + " of the frames as images"));
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new IOException("FFmpeg does not run on this machine: " + e.getMessage(), e);
    }
  }

  private static SampleException problem(IOException e) {
    return e instanceof SampleException known ? known : new SampleException(e.getMessage(), e);
  }

  /** How many frames it has, at least one. */
  public int frames() {
    return images.isEmpty() ? times.length() : images.size();
  }

  /**
   * When each frame is shown, in seconds after the first {@code [N]}.
   *
   * @throws SampleException if it is a folder, which does not say
   */
  public ImmutableDoubleArray times() throws SampleException {
    if (!images.isEmpty()) {
      throw new SampleException("a folder of frames has no times; give the video file");
    }
    ImmutableDoubleArray.Builder shifted = ImmutableDoubleArray.builder(times.length());
    times.forEach(time -> shifted.add(time - times.get(0)));
    return shifted.build();
  }

  /** Frames taken evenly from the whole video, as image files that the graph reads. */
  public ImmutableList<ByteString> sampled(int count) throws SampleException {
    ImmutableList.Builder<ByteString> pictures = ImmutableList.builder();
    try {
      pictures(Sample.Video.frameNumbers(frames(), count), pictures::add);
    } catch (IOException e) {
      throw problem(e);
    }
    return pictures.build();
  }

  /** Gives the frames of these numbers, ascending, as image files that the graph reads. */
  public void pictures(int[] numbers, VideoDecoder.Sink sink) throws IOException {
    if (images.isEmpty()) {
      decoder().pictures(path, numbers, sink);
      return;
    }
    for (int number : numbers) {
      sink.picture(picture(images.get(number)));
    }
  }

  private static ByteString picture(Path image) throws IOException {
    try (InputStream in = Files.newInputStream(image)) {
      return EncodedImage.of(ByteString.readFrom(in)).bytes();
    } catch (SampleException e) {
      throw new SampleException("frame %s: %s".formatted(image.getFileName(), e.getMessage()), e);
    }
  }
}
