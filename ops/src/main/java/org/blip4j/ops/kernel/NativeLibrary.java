package org.blip4j.ops.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.TensorFlow;

/**
 * TensorFlow's native library as a program in the same process needs it: quiet, and without
 * JavaCPP's limit of memory, which is twice the heap and so less than a small heap and a model of
 * common size need together.
 *
 * <p>What a program sets itself is left alone: the property {@value #LIMIT}, and the environment
 * variable TF_CPP_MIN_LOG_LEVEL, which brings the messages back with 0. No property is changed. The
 * library is quiet if it is loaded here and JavaCPP's own native library is on the class path, as
 * with {@code blip-platform}.
 */
public final class NativeLibrary {
  private static final String LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  private static boolean loaded;
  private static boolean begun;

  private NativeLibrary() {}

  /**
   * Loads the library; a second time does nothing.
   *
   * @throws IllegalStateException if it cannot be loaded; names the artifact that is missing, or
   *     the property by which it is unpacked elsewhere
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    withoutLimit(Pointer::maxPhysicalBytes); // reads the property, once and for all
    if (NativeMessages.unasked()) {
      NativeMessages.offBeforeLoading();
    }
    try {
      TensorFlow.version();
    } catch (LinkageError e) {
      throw new IllegalStateException(whyMissing(), e);
    }
    loaded = true;
  }

  /**
   * To be called before a session is opened, so that the first one of the process is as quiet as
   * the others.
   *
   * @param first opens and runs a session that computes next to nothing, with the threads that are
   *     wanted: the first one fixes them for all
   * @throws IllegalStateException as {@link #load}
   */
  public static synchronized void begin(Runnable first) {
    load();
    if (!begun && NativeMessages.unasked()) {
      NativeMessages.offIn(first);
    }
    begun = true;
  }

  private static void withoutLimit(Runnable reading) {
    boolean own =
        System.getProperty(LIMIT) != null
            || System.getProperty(LIMIT.replace("maxPhysicalBytes", "maxphysicalbytes")) != null;
    if (own) {
      reading.run();
      return;
    }
    System.setProperty(LIMIT, "0");
    try {
      reading.run();
    } finally {
      System.clearProperty(LIMIT);
    }
  }

  private static String whyMissing() {
    String platform = Loader.getPlatform();
    String library = "org/tensorflow/internal/c_api/" + platform + "/";
    if (NativeLibrary.class.getClassLoader().getResource(library + "libjnitensorflow.so") == null
        && NativeLibrary.class.getClassLoader().getResource(library + "libjnitensorflow.dylib")
            == null) {
      return "TensorFlow's native library for "
          + platform
          + " is not on the class path; depend on org.blip4j:blip-platform, or on"
          + " org.tensorflow:tensorflow-core-native:1.1.0 with classifier "
          + platform;
    }
    return "TensorFlow's native library is there but cannot be loaded: it is unpacked to"
        + " ~/.javacpp/cache or java.io.tmpdir, which must be writable, have 700 MB left and allow"
        + " execution; -Dorg.bytedeco.javacpp.cachedir=DIR names another folder";
  }

  /**
   * Fails if a model does not fit below JavaCPP's limit, which was fixed before this class came.
   *
   * @param model a file or folder
   * @throws IllegalStateException with the numbers and what to do
   */
  public static void requireRoom(Path model) throws IOException {
    load();
    long limit = Pointer.maxPhysicalBytes();
    if (limit <= 0) {
      return;
    }
    long held = Pointer.physicalBytes();
    long needed = size(model);
    if (held + needed > limit) {
      throw new IllegalStateException(
          ("%s needs %d MB, this process holds %d MB and may hold %d MB; start Java with -D%s=0,"
                  + " or with a larger -Xmx")
              .formatted(model, needed >> 20, held >> 20, limit >> 20, LIMIT));
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
