package org.blip4j.tools.infer;

import java.io.IOException;
import org.blip4j.tools.input.LoadedImage;

/** Where captions go beside standard output. */
interface CaptionSink extends AutoCloseable {

  /** Takes one row; the image is the one that the row is about. */
  void accept(LoadedImage image, CaptionRow row) throws IOException;

  /** Makes what was written final; not called if the command fails. */
  void commit() throws IOException;

  @Override
  void close() throws IOException;
}
