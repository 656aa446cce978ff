package org.blip4j.savedmodel.capfilt;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * The two models of CapFilt, over bytes and strings. A row's answer depends neither on the rows
 * beside it nor on their number. Used by several threads at once.
 *
 * @see CapFiltStep
 */
public interface CaptionerAndFilter extends AutoCloseable {
  /** Images that were decoded and encoded once, to be asked about any number of times. */
  interface Images extends AutoCloseable {
    /** For each image empty, or why it cannot be decoded. */
    List<String> problems();

    /**
     * One text for each image; unspecified where there is a problem.
     *
     * @param seeds one for each image, what is sampled depends on; a search takes no notice
     */
    List<String> captions(long[] seeds);

    /**
     * Texts with the filter's scores.
     *
     * @param rows the image of each text
     */
    List<CapFiltText> scored(int[] rows, List<CapFiltText> texts);

    @Override
    void close();
  }

  /** Most images that can be read at once. */
  int rows();

  /**
   * Takes half as many images at once from now on, since the device had no room for more. Scores
   * may differ in their last digit from those of a device that has.
   *
   * @param tried the number that did not fit; nothing changes if it is fewer already
   * @return false if fewer cannot be
   */
  default boolean halve(int tried) {
    return false;
  }

  /** Decodes and encodes image files. */
  Images read(List<ByteString> files);

  @Override
  void close();
}
