package org.blip4j.tools.doctor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.tools.console.Devices;
import org.blip4j.tools.console.Processor;
import org.blip4j.tools.input.VideoClip;
import org.tensorflow.TensorFlow;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/** Examines the machine and says what is missing and what to do about it. */
public final class Doctor {
  private static final String CUDA = "12.5";
  private static final String CUDNN = "9.3";
  private static final long GIB = 1L << 30;

  private Doctor() {}

  /**
   * Looks at everything, the native library included, which is loaded by this.
   *
   * @param gpus which GPUs the user means to compute on; they and their libraries must be there
   */
  public static List<Finding> examine(List<Integer> gpus) {
    List<Finding> findings = new ArrayList<>();
    int java = Runtime.version().feature();
    findings.add(
        Finding.of(
            "java",
            Runtime.version() + ", " + System.getProperty("java.vendor"),
            "17 or newer",
            java >= 17,
            "install JDK 17 and set JAVA_HOME to it"));
    boolean gpuBuild = isGpuBuild();
    Finding library = library(gpuBuild);
    findings.add(library);
    List<Devices.Device> devices = new ArrayList<>();
    if (library.ok()) {
      try {
        devices.addAll(Devices.list(growing()));
      } catch (TensorFlowException e) {
        findings.add(
            Finding.of(
                "device", e.getMessage(), "CPU or GPU", false, "see whether nvidia-smi works"));
      }
    }
    findings.addAll(devices(devices, gpus, gpuBuild));
    long found = count(devices);
    findings.addAll(cuda(found == 0 && (gpuBuild || !gpus.isEmpty())));
    findings.add(memory());
    findings.add(heap());
    findings.add(cache());
    findings.add(threads());
    findings.add(videos());
    return findings;
  }

  private static Finding library(boolean gpuBuild) {
    String build = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    try {
      String kind = gpuBuild ? "GPU build" : "CPU build";
      return Finding.good(
          "native library", "TensorFlow " + TensorFlow.version() + ", " + kind, "2.18");
    } catch (LinkageError e) {
      return Finding.of(
          "native library",
          "does not load on " + build + ": " + e.getMessage(),
          "2.18",
          false,
          "build for this platform: Linux x86-64 and arm64 and macOS arm64 are chosen by"
              + " themselves, a GPU with BLIP_MAVEN_OPTS=-Pgpu; see also whether the disk of"
              + " ~/.javacpp is full");
    }
  }

  static List<Finding> devices(List<Devices.Device> devices, List<Integer> gpus, boolean gpuBuild) {
    List<Finding> findings = new ArrayList<>();
    for (Devices.Device device : devices) {
      String memory = device.type().equals("GPU") ? ", " + gib(device.bytes()) : "";
      findings.add(Finding.good("device", device.name() + memory, "CPU or GPU"));
    }
    long found = count(devices);
    for (int gpu : gpus) {
      if (gpu >= found) {
        findings.add(
            Finding.of(
                "device", "no GPU " + gpu, "--device gpu:" + gpu, false, advice(found, gpuBuild)));
      }
    }
    return findings;
  }

  private static String advice(long found, boolean gpuBuild) {
    if (found > 0) {
      return "use one from gpu:0 to gpu:" + (found - 1) + "; see also CUDA_VISIBLE_DEVICES";
    }
    return gpuBuild
        ? "install the NVIDIA driver, CUDA " + CUDA + " and cuDNN " + CUDNN
        : "build for it with BLIP_MAVEN_OPTS=-Pgpu tools/blip doctor";
  }

  private static long count(List<Devices.Device> devices) {
    return devices.stream().filter(device -> device.type().equals("GPU")).count();
  }

  /** Libraries of other releases are fine where TensorFlow has found its GPU with them. */
  private static List<Finding> cuda(boolean needed) {
    CudaLibraries libraries =
        CudaLibraries.ofMachine(Optional.ofNullable(System.getenv("LD_LIBRARY_PATH")).orElse(""));
    return List.of(
        cudaLibrary("CUDA", libraries.version("libcudart"), CUDA, needed),
        cudaLibrary("cuDNN", libraries.version("libcudnn"), CUDNN, needed));
  }

  static Finding cudaLibrary(String name, Optional<String> found, String wanted, boolean needed) {
    String major = wanted.substring(0, wanted.indexOf('.'));
    boolean fits = found.filter(version -> version.startsWith(major + ".")).isPresent();
    String note = needed ? wanted : wanted + " for a GPU; not missed here";
    return Finding.of(
        name,
        found.orElse("not found"),
        note,
        fits || !needed,
        "install %s %s and put its folder into LD_LIBRARY_PATH".formatted(name, wanted));
  }

  private static Finding memory() {
    long bytes =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return Finding.of(
        "memory",
        gib(bytes),
        "4 GiB (16 to train base size)",
        bytes == 0 || bytes >= 4 * GIB * 9 / 10,
        "close other programs, and use small models and --batch-size 1");
  }

  private static Finding heap() {
    long bytes = Runtime.getRuntime().maxMemory();
    return Finding.of(
        "Java heap",
        gib(bytes),
        "0.5 GiB",
        bytes >= GIB / 2 * 9 / 10,
        "give Java more with JAVA_OPTS=-Xmx1g");
  }

  private static Finding cache() {
    Path home = Path.of(System.getProperty("user.home"));
    try {
      long bytes = Files.getFileStore(home).getUsableSpace();
      return Finding.of(
          "disk of " + home,
          gib(bytes) + " free",
          "1 GiB (the native library is unpacked to ~/.javacpp)",
          bytes >= GIB || Files.isDirectory(home.resolve(".javacpp/cache")),
          "free some space, or unpack elsewhere with"
              + " JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=FOLDER");
    } catch (IOException e) {
      return Finding.of(
          "disk of " + home, "cannot be read: " + e.getMessage(), "1 GiB", false, "set HOME");
    }
  }

  private static Finding threads() {
    int processors = Runtime.getRuntime().availableProcessors();
    Processor kind = Processor.ofMachine();
    return Finding.good(
        "threads",
        processors + " processors, " + kind.name() + kind.instructions(),
        "2 (set by --threads)");
  }

  private static Finding videos() {
    String check = "video files";
    try {
      return Finding.good(check, "decoded by " + VideoClip.decoderName(), "only for video files");
    } catch (IOException e) {
      String found = e.getCause() == null ? "no decoder in this build" : e.getMessage();
      return Finding.of(
          check,
          found,
          "only for video files; a build with BLIP_MAVEN_OPTS=-Pvideo",
          e.getCause() == null,
          "build without -Pvideo, and give videos as folders of frames");
    }
  }

  /** Takes no more of a GPU's memory than is needed to look at it. */
  private static ConfigProto growing() {
    return ConfigProto.newBuilder()
        .setGpuOptions(GPUOptions.newBuilder().setAllowGrowth(true))
        .build();
  }

  private static boolean isGpuBuild() {
    String folder = "/org/tensorflow/internal/c_api/linux-x86_64-gpu/libtensorflow_cc.so.2";
    return Doctor.class.getResource(folder) != null;
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) GIB);
  }

  /**
   * One thing looked at.
   *
   * @param check what was looked at
   * @param found what is there
   * @param wanted what is needed or recommended
   * @param ok whether the program can work with it
   * @param advice what to do, or null if there is nothing to do
   */
  public record Finding(String check, String found, String wanted, boolean ok, String advice) {
    public Finding {
      Objects.requireNonNull(check, "check");
      Objects.requireNonNull(found, "found");
      Objects.requireNonNull(wanted, "wanted");
      if (!ok && advice == null) {
        throw new IllegalArgumentException(check + ": what fails has to say what to do");
      }
    }

    static Finding good(String check, String found, String wanted) {
      return new Finding(check, found, wanted, true, null);
    }

    static Finding of(String check, String found, String wanted, boolean ok, String advice) {
      return new Finding(check, found, wanted, ok, ok ? null : advice);
    }
  }
}
