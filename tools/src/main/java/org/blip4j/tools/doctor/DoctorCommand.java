package org.blip4j.tools.doctor;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.RunSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code doctor}: says whether this machine has what the program needs. */
@Command(
    name = "doctor",
    description = {
      "Look at Java, the native library, devices, CUDA, memory and threads.",
      "Exit status 1 if something needed is missing; --device gpu asks for a GPU, too."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip doctor --device gpu:0")
public final class DoctorCommand implements Callable<Integer> {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, or gpu:N for GPUs that have to be there (cpu).")
  private String device = "cpu";

  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    List<Doctor.Finding> findings =
        Doctor.examine(new RunSettings(device, 0, Precision.FLOAT32).gpus());
    Console console = common.console();
    for (Doctor.Finding finding : findings) {
      console.result(finding, text(finding));
    }
    boolean ok = findings.stream().allMatch(Doctor.Finding::ok);
    console.text(ok ? "Everything needed is there." : "Something is missing; see above.");
    return ok ? ExitCodes.OK : ExitCodes.SOME_FAILED;
  }

  private static String text(Doctor.Finding finding) {
    String line =
        "%-4s  %-15s %s (wanted: %s)"
            .formatted(
                finding.ok() ? "ok" : "FAIL", finding.check(), finding.found(), finding.wanted());
    return finding.advice() == null ? line : line + "\n      -> " + finding.advice();
  }
}
