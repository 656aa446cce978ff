package org.blip4j.tools.infer;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.ops.core.Randomness;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.VideoClip;
import org.tensorflow.types.TFloat32;

/**
 * Captions of videos: the decoder attends the states of some frames behind each other, as the
 * published model does for questions about videos (blip-spec 7.7).
 *
 * @param run the model
 * @param frames taken of each video, or of each piece of it
 * @param samples captions drawn for each; 0 searches for one
 * @param seed of the drawing
 */
record VideoCaptions(VideoRun run, int frames, int samples, long seed) {

  /**
   * What is done with captions of whole videos.
   *
   * @param ids whether tokens are printed
   */
  void whole(List<Path> videos, CaptionFiles files, boolean ids) throws IOException {
    Console console = run.console();
    run.each(
        videos,
        (path, clip) -> {
          CaptionCommand.Row row =
              CaptionCommand.Row.of(
                  path.toString(), captions(clip.sampled(frames), path.toString()), ids);
          console.result(row, row.text());
          LoadedImage named = LoadedImage.failed(path.toString(), Optional.of(path), "a video");
          files.add(named, row).ifPresent(why -> console.failed(path.toString(), why));
        });
  }

  private List<Caption> captions(List<ByteString> pictures, String name) throws SampleException {
    try (TFloat32 states = run.states(pictures, frames)) {
      if (samples == 0) {
        return run.model().captions(states);
      }
      List<Caption> drawn = new ArrayList<>();
      for (int i = 0; i < samples; i++) {
        long[] one = {Randomness.stream(seed, name + "#" + i)};
        drawn.addAll(run.model().captions(states, one));
      }
      return drawn;
    }
  }

  /**
   * A row of a caption track.
   *
   * @param video its path
   * @param begin in seconds
   * @param end in seconds
   * @param caption of that time
   */
  record CueRow(String video, double begin, double end, String caption) {}

  /**
   * Caption tracks: of one video to standard output; NAME.vtt beside each if {@code beside}.
   *
   * @param seconds length of a piece
   * @param atOnce pieces captioned at once
   * @param overwrite whether an older file beside may be replaced
   */
  void tracks(List<Path> videos, double seconds, int atOnce, boolean beside, boolean overwrite)
      throws IOException {
    Console console = run.console();
    run.each(
        videos,
        (path, clip) -> {
          Path file = path.resolveSibling(CaptionTrack.fileName(path));
          if (beside && !overwrite && Files.exists(file)) {
            throw new SampleException(file + " exists already; give --overwrite");
          }
          CaptionTrack track = track(clip, path.toString(), seconds, atOnce);
          if (beside) {
            AtomicFile.write(file, track.vtt());
          }
          for (CaptionTrack.Cue cue : track.cues()) {
            console.result(new CueRow(path.toString(), cue.begin(), cue.end(), cue.caption()), "");
          }
          if (!console.json()) {
            console.result(path, beside ? path + "\t" + file : track.vtt().stripTrailing());
          }
        });
  }

  private CaptionTrack track(VideoClip clip, String name, double seconds, int atOnce)
      throws IOException {
    CaptionTrack track = new CaptionTrack();
    List<CaptionTrack.Piece> pieces = CaptionTrack.pieces(clip.times(), seconds);
    int[] numbers =
        pieces.stream()
            .flatMapToInt(
                piece ->
                    IntStream.of(Sample.Video.frameNumbers(piece.frames(), frames))
                        .map(number -> piece.first() + number))
            .toArray();
    List<ByteString> open = new ArrayList<>();
    int[] done = {0};
    clip.pictures(
        numbers,
        picture -> {
          open.add(picture);
          int left = pieces.size() - done[0];
          if (open.size() == frames * Math.min(atOnce, left)) {
            for (Caption caption : pieceCaptions(open, name, done[0])) {
              track.add(pieces.get(done[0]++), caption.text());
            }
            open.clear();
          }
        });
    return track;
  }

  /** Captions of some pieces of a video, in order. */
  private List<Caption> pieceCaptions(List<ByteString> pictures, String name, int first)
      throws SampleException {
    try (TFloat32 states = run.states(pictures, frames)) {
      StagedModel model = run.model();
      if (samples == 0) {
        return model.captions(states);
      }
      long[] seeds =
          IntStream.range(0, pictures.size() / frames)
              .mapToLong(i -> Randomness.stream(seed, name + "@" + (first + i)))
              .toArray();
      return model.captions(states, seeds);
    }
  }
}
