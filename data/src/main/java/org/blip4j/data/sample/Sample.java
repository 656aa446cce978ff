package org.blip4j.data.sample;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.util.Collection;
import java.util.stream.IntStream;

/**
 * One record of a data set: an image with texts, a question, a pair of images, or a video.
 *
 * <p>Images are the original bytes (JPEG, PNG ...). {@code columns} are all others that the record
 * has, so that writing loses none.
 */
public sealed interface Sample {
  /** What identifies the sample in its set. */
  String key();

  /** Every further column. */
  Columns columns();

  /**
   * An image and any number of texts about it; each text makes one pair.
   *
   * @param texts may be empty, as in a web set whose text was lost
   */
  record ImageText(String key, ByteString image, ImmutableList<String> texts, Columns columns)
      implements Sample {
    /** A sample with no further columns. */
    public static ImageText of(String key, byte[] image, Collection<String> texts) {
      return new ImageText(
          key, ByteString.copyFrom(image), ImmutableList.copyOf(texts), Columns.NONE);
    }

    /** The same image with other texts. */
    public ImageText withTexts(Collection<String> other) {
      return new ImageText(key, image, ImmutableList.copyOf(other), columns);
    }

    /** The same image and texts with other columns. */
    public ImageText withColumns(Columns other) {
      return new ImageText(key, image, texts, other);
    }
  }

  /**
   * A question about an image.
   *
   * @param answers with their weights, which training scales each answer's loss by; may be empty
   */
  record Question(
      String key, ByteString image, String question, ImmutableList<Answer> answers, Columns columns)
      implements Sample {}

  /** An answer and its weight (the share of people who gave it). */
  record Answer(String text, float weight) {
    public Answer {
      if (!(weight >= 0)) {
        throw new IllegalArgumentException(
            "weight of answer \"%s\" is %s, it must be 0 or more".formatted(text, weight));
      }
    }
  }

  /**
   * Two images and a statement that holds for them or not.
   *
   * @param label 1 = true, 0 = false, -1 = not known
   */
  record ImagePair(
      String key, ByteString left, ByteString right, String statement, int label, Columns columns)
      implements Sample {
    public ImagePair {
      if (label < -1 || label > 1) {
        throw new IllegalArgumentException(
            "label of pair \"%s\" is %d, it must be 1, 0 or -1 (not known)".formatted(key, label));
      }
    }
  }

  /** Frames of a video as images, in order of time, and texts about it. */
  record Video(
      String key, ImmutableList<ByteString> frames, ImmutableList<String> texts, Columns columns)
      implements Sample {
    public Video {
      if (frames.isEmpty()) {
        throw new IllegalArgumentException(
            "video \"%s\" has no frames; it needs at least one".formatted(key));
      }
    }

    /**
     * Which frames stand for a video, counted from 0: {@code i * floor(count / wanted)}, as the
     * published code takes them ("uniform"). With fewer frames than wanted that is the first one,
     * each time; and the last frames of a video are never among them.
     *
     * @param count frames that the video has
     * @param wanted how many are taken
     */
    public static int[] frameNumbers(int count, int wanted) {
      if (count < 1 || wanted < 1) {
        throw new IllegalArgumentException(
            "cannot take %d of %d frames; both must be 1 or more".formatted(wanted, count));
      }
      return IntStream.range(0, wanted).map(i -> i * (count / wanted)).toArray();
    }
  }
}
