package org.blip4j.tools.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.primitives.ImmutableDoubleArray;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pieces of videos and the WebVTT files of their captions. */
class CaptionTrackTest {
  private static ImmutableDoubleArray times(int count, double step) {
    return ImmutableDoubleArray.copyOf(IntStream.range(0, count).mapToDouble(i -> i * step));
  }

  @Test
  void piecesHoldTheFramesThatBeginInThem() {
    assertEquals(
        List.of(
            new CaptionTrack.Piece(0, 2, 0, 4),
            new CaptionTrack.Piece(2, 4, 4, 4),
            new CaptionTrack.Piece(4, 4.5, 8, 1)),
        CaptionTrack.pieces(times(9, 0.5), 2));
    assertEquals(
        List.of(
            new CaptionTrack.Piece(0, 3, 0, 1),
            new CaptionTrack.Piece(3, 6, 1, 1),
            new CaptionTrack.Piece(6, 9, 2, 1)),
        CaptionTrack.pieces(times(3, 3), 1),
        "a frame is shown until the next");
    assertEquals(List.of(new CaptionTrack.Piece(0, 5, 0, 1)), CaptionTrack.pieces(times(1, 1), 5));
    assertEquals(
        List.of(new CaptionTrack.Piece(0, 1, 0, 3), new CaptionTrack.Piece(1, 2.25, 3, 1)),
        CaptionTrack.pieces(ImmutableDoubleArray.copyOf(DoubleStream.of(0, 0.9, 0.8, 1.6875)), 1),
        "a time that goes back");
  }

  @Test
  void equalNeighboursAreOneCue() {
    CaptionTrack track = new CaptionTrack();
    track.add(new CaptionTrack.Piece(0, 4, 0, 1), "a dog");
    track.add(new CaptionTrack.Piece(4, 8, 1, 1), "a dog");
    track.add(new CaptionTrack.Piece(8, 3725.0625, 2, 1), "a < b & c");
    track.add(new CaptionTrack.Piece(3725.0625, 3726, 3, 1), "a dog");
    assertEquals(
        """
        WEBVTT

        00:00:00.000 --> 00:00:08.000
        a dog

        00:00:08.000 --> 01:02:05.063
        a &lt; b &amp; c

        01:02:05.063 --> 01:02:06.000
        a dog
        """,
        track.vtt());
    assertEquals("clip.vtt", CaptionTrack.fileName(Path.of("x/clip.mp4")));
  }
}
