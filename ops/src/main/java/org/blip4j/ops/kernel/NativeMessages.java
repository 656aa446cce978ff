package org.blip4j.ops.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.internal.c_api.Deallocator_Pointer_long_Pointer;

/**
 * Keeps TensorFlow from writing to standard error, which belongs to the program.
 *
 * <p>Its log heeds an environment variable, at 3 all but fatal errors (others are exceptions, too),
 * which is read while the library is loaded. One message of its first session heeds nothing, so
 * that a first session of one constant is run with standard error turned away for some milliseconds
 * (on Linux). Java has no way to call the C library; what JavaCPP calls to free memory is such a
 * way.
 */
final class NativeMessages {
  private static final String LEVEL = "TF_CPP_MIN_LOG_LEVEL";
  private static final int STANDARD_ERROR = 2;
  private static final List<Integer> SPARE = List.of(1000, 1001, 1002, 1003);

  private NativeMessages() {}

  /** Whether the program has not said itself what it wants to read. */
  static boolean unasked() {
    return System.getenv(LEVEL) == null;
  }

  /**
   * Sets the variable in the environment of the C library, before TensorFlow is loaded; Java's own
   * copy stays as it is.
   */
  static void offBeforeLoading() {
    try {
      Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
      Pointer set = Loader.addressof("putenv");
      byte[] text = (LEVEL + "=3\0").getBytes(UTF_8);
      BytePointer kept = new BytePointer(Pointer.malloc(text.length)); // the environment's from now
      long value = kept.capacity(text.length).put(text, 0, text.length).address();
      Method init =
          Pointer.class.getDeclaredMethod("init", long.class, long.class, long.class, long.class);
      init.setAccessible(true);
      Pointer carrier = new Pointer();
      init.invoke(carrier, value, 1L, value, set.address());
      carrier.deallocate(); // calls the function
    } catch (LinkageError | ReflectiveOperationException | RuntimeException e) {
      return; // without JavaCPP's own library, or between modules: messages are no failure
    }
  }

  /** Runs a first session, whose message nobody sees. */
  static void offIn(Runnable firstSession) {
    Path open = Path.of("/proc/self/fd");
    if (!Files.isDirectory(open)) {
      return;
    }
    try (FileOutputStream nowhere = new FileOutputStream("/dev/null")) {
      nowhere.write(0);
      int spare = -1;
      for (int number : SPARE) {
        spare = Files.exists(open.resolve(String.valueOf(number))) ? spare : number;
      }
      int turned = number(open);
      if (spare < 0 || turned < 0) {
        return;
      }
      call("dup2", STANDARD_ERROR, spare);
      if (!Files.exists(open.resolve(String.valueOf(spare)))) {
        return; // the process may not have so many files open; nothing was turned
      }
      call("dup2", turned, STANDARD_ERROR);
      try {
        firstSession.run();
      } finally {
        call("dup2", spare, STANDARD_ERROR);
        call("close", spare, 0);
      }
    } catch (IOException | LinkageError e) {
      return; // the message is read then
    }
  }

  private static int number(Path open) throws IOException {
    try (Stream<Path> all = Files.list(open)) {
      for (Path one : all.toList()) {
        if (Files.isSymbolicLink(one)
            && Files.readSymbolicLink(one).equals(Path.of("/dev/null"))
            && Files.isWritable(one)) {
          return Integer.parseInt(one.getFileName().toString());
        }
      }
    }
    return -1;
  }

  /** Calls a function of the C library that takes two numbers or one. */
  private static void call(String name, long first, long second) {
    try (PointerPointer<Pointer> function = new PointerPointer<>(2);
        Pointer one = new Address(first);
        Pointer none = new Pointer()) {
      function.put(0, Loader.addressof(name));
      new Deallocator_Pointer_long_Pointer(function).call(one, second, none);
    }
  }

  /** A number that is passed as an address. */
  private static final class Address extends Pointer {
    private Address(long number) {
      this.address = number;
    }
  }
}
