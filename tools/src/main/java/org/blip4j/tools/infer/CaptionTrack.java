package org.blip4j.tools.infer;

import com.google.common.primitives.ImmutableDoubleArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Captions of the pieces of a video, as a WebVTT file (W3C, "WebVTT: The Web Video Text Tracks
 * Format"). Adjacent pieces with equal captions are one cue.
 */
final class CaptionTrack {
  private final List<Cue> cues = new ArrayList<>();

  /**
   * What is said for some time.
   *
   * @param begin in seconds
   * @param end in seconds
   */
  record Cue(double begin, double end, String caption) {}

  /**
   * A piece of a video.
   *
   * @param begin in seconds
   * @param end in seconds
   * @param first its first frame
   * @param frames how many it has, at least one
   */
  record Piece(double begin, double end, int first, int frames) {}

  /**
   * Cuts a video into pieces of equal length; the last one may be shorter. One in which no frame
   * begins belongs to the piece before, whose last frame is still shown.
   *
   * @param times of the frames in seconds, the first 0, ascending
   * @param seconds length of a piece
   */
  static List<Piece> pieces(ImmutableDoubleArray times, double seconds) {
    int count = times.length();
    double last = times.get(count - 1);
    double end = count > 1 ? last + last / (count - 1) : seconds;
    List<Piece> pieces = new ArrayList<>();
    int first = 0;
    while (first < count) {
      double piece = Math.floor(times.get(first) / seconds);
      int next = first + 1;
      while (next < count && Math.floor(times.get(next) / seconds) <= piece) {
        next++;
      }
      double until = next < count ? seconds * Math.floor(times.get(next) / seconds) : end;
      pieces.add(new Piece(seconds * piece, until, first, next - first));
      first = next;
    }
    return pieces;
  }

  /** The name of a track beside a video: {@code clip.vtt} beside {@code clip.mp4}. */
  static String fileName(Path video) {
    String name = video.getFileName().toString();
    int point = name.lastIndexOf('.');
    return (point > 0 ? name.substring(0, point) : name) + ".vtt";
  }

  /** Adds the caption of the next piece. */
  void add(Piece piece, String caption) {
    Cue before = cues.isEmpty() ? null : cues.get(cues.size() - 1);
    if (before != null && before.caption().equals(caption)) {
      cues.set(cues.size() - 1, new Cue(before.begin(), piece.end(), caption));
    } else {
      cues.add(new Cue(piece.begin(), piece.end(), caption));
    }
  }

  /** The cues in order of time. */
  List<Cue> cues() {
    return List.copyOf(cues);
  }

  /** The file. */
  String vtt() {
    StringBuilder file = new StringBuilder("WEBVTT\n");
    for (Cue cue : cues) {
      file.append("\n%s --> %s\n%s\n".formatted(time(cue.begin()), time(cue.end()), text(cue)));
    }
    return file.toString();
  }

  private static String text(Cue cue) {
    return cue.caption().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String time(double seconds) {
    long thousandths = Math.round(1000 * seconds);
    return String.format(
        Locale.ROOT,
        "%02d:%02d:%02d.%03d",
        thousandths / 3_600_000,
        thousandths / 60_000 % 60,
        thousandths / 1000 % 60,
        thousandths % 1000);
  }
}
