package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;

/**
 * How much memory a process may hold before JavaCPP refuses to give it more: twice the heap unless
 * a property says otherwise, which a small heap and a model of common size exceed together.
 *
 * <p>JavaCPP reads the property once, when its first class is loaded.
 */
final class NativeLimit {
  private static final String PROPERTY = "org.bytedeco.javacpp.maxPhysicalBytes";

  private NativeLimit() {}

  /** Switches the limit off where nothing was said about it; too late once JavaCPP is in use. */
  static void lift() {
    if (System.getProperty(PROPERTY) == null
        && System.getProperty(PROPERTY.replace("maxPhysicalBytes", "maxphysicalbytes")) == null) {
      System.setProperty(PROPERTY, "0");
    }
  }

  /**
   * Fails if a model does not fit below the limit, which was fixed before.
   *
   * @throws IllegalStateException with the numbers and what to do
   */
  static void require(Path model) throws IOException {
    long limit = Pointer.maxPhysicalBytes();
    if (limit <= 0) {
      return;
    }
    long held = Pointer.physicalBytes();
    long needed = size(model);
    if (held + needed > limit) {
      throw new IllegalStateException(
          ("%s needs %d MB, this process holds %d MB and may hold %d MB; start Java with -D%s=0, or"
                  + " with a larger -Xmx")
              .formatted(model, needed >> 20, held >> 20, limit >> 20, PROPERTY));
    }
  }

  private static long size(Path model) throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }
}
