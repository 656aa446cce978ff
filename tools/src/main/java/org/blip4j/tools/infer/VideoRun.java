package org.blip4j.tools.infer;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.evaluate.VideoProtocol;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.VideoClip;
import org.tensorflow.Result;
import org.tensorflow.types.TFloat32;
import picocli.CommandLine.Option;

/**
 * Goes through videos one after another and hands on the states of their frames; a video that
 * cannot be used is named, and the others are done.
 *
 * @param model encodes the frames
 * @param console where failures go
 */
record VideoRun(StagedModel model, Console console) {

  /** Does something with a video. */
  interface Use {
    /**
     * Uses it.
     *
     * @throws SampleException if it cannot be used; says why, without its name
     */
    void video(Path path, VideoClip clip) throws IOException;
  }

  /** Uses each video. */
  void each(List<Path> videos, Use use) throws IOException {
    try (Progress progress = console.progress("videos", videos.size())) {
      for (Path path : videos) {
        try {
          use.video(path, VideoClip.open(path));
        } catch (SampleException e) {
          console.failed(path.toString(), e.getMessage());
        }
        progress.advance(1);
      }
    }
  }

  /**
   * The states of frames, those of one video behind each other: {@code [V, F*P, W]}.
   *
   * @param pictures of V videos, video by video
   * @param frames how many are of one video, F
   */
  TFloat32 states(List<ByteString> pictures, int frames) throws SampleException {
    List<byte[]> files = new ArrayList<>();
    pictures.forEach(picture -> files.add(picture.toByteArray()));
    try (Result decoded = model.decode(files)) {
      List<String> statuses = StagedModel.strings(decoded.get(1));
      for (int i = 0; i < statuses.size(); i++) {
        if (!statuses.get(i).isEmpty()) {
          throw new SampleException("frame %d of %d: %s".formatted(i, frames, statuses.get(i)));
        }
      }
      try (Result states = model.encode(decoded.get(0))) {
        return VideoProtocol.concatenated(states.get(0), frames);
      }
    }
  }

  /** {@code --frames}, for commands that take videos beside images. */
  static final class Frames {
    @Option(
        names = "--frames",
        paramLabel = "N",
        description =
            "Take N frames of each video, evenly (caption 8, with --every 1; vqa 16). A folder is"
                + " then a video whose frames are its images in order of name, or holds videos.")
    private Integer frames;

    /** Whether the arguments of a command are videos. */
    boolean videos(List<String> arguments) {
      return frames != null || arguments.stream().anyMatch(VideoClip::isNamed);
    }

    /** How many frames. */
    int count(int usual) {
      if (frames != null && frames < 1) {
        throw new IllegalArgumentException("--frames " + frames + " is less than 1; 8 is usual");
      }
      return frames == null ? usual : frames;
    }
  }
}
