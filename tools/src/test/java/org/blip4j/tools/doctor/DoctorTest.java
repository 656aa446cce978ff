package org.blip4j.tools.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.console.Devices;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
  @TempDir Path folder;

  @Test
  void thisMachineIsFit() {
    CliRun run = CliRun.of("doctor", "--json");
    assertEquals(0, run.status(), run.out());
    assertTrue(run.out().contains("\"check\":\"native library\",\"found\":\"TensorFlow 2.18"));
    assertTrue(run.out().contains("device:CPU:0"), run.out());
    assertTrue(
        run.out().contains("\"video files\",\"found\":\"decoded by FlipBookDecoder\""), run.out());
    assertEquals("", run.err());
  }

  @Test
  void cudaVersionIsReadFromTheRealFile() throws IOException {
    Path real = Files.createFile(folder.resolve("libcudnn.so.9.3.0"));
    Files.createSymbolicLink(folder.resolve("libcudnn.so.9"), real);
    CudaLibraries libraries = new CudaLibraries(List.of(folder.resolve("absent"), folder));
    assertEquals(Optional.of("9.3.0"), libraries.version("libcudnn"));
    assertEquals(Optional.empty(), libraries.version("libcudart"));
  }

  @Test
  void eachGpuThatIsAskedForMustBeThere() {
    List<Devices.Device> one =
        List.of(new Devices.Device("cpu", "CPU", 0), new Devices.Device("gpu", "GPU", 1L << 36));
    assertTrue(Doctor.devices(one, List.of(0), true).stream().allMatch(Doctor.Finding::ok));
    List<Doctor.Finding> missing =
        Doctor.devices(one, List.of(0, 1), true).stream().filter(f -> !f.ok()).toList();
    assertEquals(List.of("no GPU 1"), missing.stream().map(Doctor.Finding::found).toList());
    assertTrue(missing.get(0).advice().startsWith("use one from gpu:0 to gpu:0"));
    Doctor.Finding none = Doctor.devices(one.subList(0, 1), List.of(0), false).get(1);
    assertTrue(none.advice().contains("-Pgpu"), none.advice());
  }

  @Test
  void librariesMatterOnlyToThoseWhoComputeOnGpus() {
    assertTrue(Doctor.cudaLibrary("CUDA", Optional.empty(), "12.5", false).ok());
    assertTrue(Doctor.cudaLibrary("CUDA", Optional.of("12.6.1"), "12.5", true).ok());
    Doctor.Finding old = Doctor.cudaLibrary("CUDA", Optional.of("11.8"), "12.5", true);
    assertFalse(old.ok());
    assertEquals("install CUDA 12.5 and put its folder into LD_LIBRARY_PATH", old.advice());
  }
}
