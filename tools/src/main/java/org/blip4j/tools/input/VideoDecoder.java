package org.blip4j.tools.input;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Decodes video files. It has native code, and so is implemented in the module {@code tools/video},
 * which is part of a build with the profile {@code video} alone and is found by {@link
 * java.util.ServiceLoader}.
 */
public interface VideoDecoder {
  /**
   * Times of all frames {@code [N]} in seconds; decodes the file from its first frame to its last,
   * since headers do not always tell how many there are.
   *
   * @throws IOException if the file is no video, has no frame or is cut; says what is wrong with
   *     it, without its name
   */
  ImmutableDoubleArray times(Path file) throws IOException;

  /**
   * Gives frames as PNG files, upright where the file says how it was held, each as soon as it is
   * decoded.
   *
   * @param numbers of the frames {@code [K]}, counted from 0 and ascending; equal ones may follow
   *     each other
   */
  void pictures(Path file, int[] numbers, Sink sink) throws IOException;

  /** Takes one picture after another. */
  interface Sink {
    void picture(ByteString png) throws IOException;
  }
}
