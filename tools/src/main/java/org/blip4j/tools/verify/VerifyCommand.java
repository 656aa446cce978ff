package org.blip4j.tools.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code verify}: compares this implementation with golden data of the reference. */
@Command(
    name = "verify",
    description = {
      "Compare with golden data of the reference implementation.",
      "Prints a line for each golden and one for each comparison that failed (with --json: one"
          + " for each comparison). Exit status 1 if any fails or none was made."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip verify tools/src/test/resources/golden")
public final class VerifyCommand implements Callable<Integer> {
  /** Which kernel sets are compared; those in narrower numbers have no place in the tolerances. */
  private enum KernelChoice {
    fastest,
    portable,
    all;

    List<Kernels> of(Kernels fast) {
      return switch (this) {
        case fastest -> List.of(fast);
        case portable -> List.of(fast.stock());
        case all -> Stream.of(fast, fast.stock()).distinct().toList();
      };
    }
  }

  private static final String FORMAT = "%-20s %-7s %7s  %9s  %9s  %s";

  @Parameters(
      paramLabel = "GOLDEN",
      arity = "1..*",
      description = "Golden folders or files, or folders to search for them.")
  private List<Path> paths;

  @Option(names = "--all", description = "Print every comparison, not only the failed ones.")
  private boolean all;

  @Option(
      names = "--kernels",
      paramLabel = "SET",
      description =
          "Kernels of inference: fastest (those that the other commands take here), portable"
              + " (those of exported models), or all (first the one, then the other).")
  private KernelChoice choice = KernelChoice.fastest;

  @Mixin private ComputeOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    PredictorOptions options = common.inference();
    if (options.kernels().narrow()) {
      throw new IllegalArgumentException(
          "verify computes in float32 on a GPU; leave --precision away");
    }
    List<Golden> goldens = new ArrayList<>();
    List<CheckRow> absent = new ArrayList<>();
    for (Path path : paths) {
      List<Golden> found = Golden.find(path);
      goldens.addAll(found);
      if (found.isEmpty()) {
        absent.add(CheckRow.failed(path.toString(), "find", "no golden here or below"));
      }
    }
    console.text(FORMAT.formatted("GOLDEN", "", "CHECKS", "DEVIATION", "TOLERANCE", "LARGEST AT"));
    for (CheckRow row : absent) {
      console.result(row, line(row.name(), false, "0", row));
    }
    boolean ok = absent.isEmpty();
    List<Kernels> sets = choice.of(options.kernels());
    try (Progress progress = console.progress("goldens", goldens.size() * (long) sets.size())) {
      for (Golden golden : goldens) {
        for (Kernels kernels : sets) {
          String note = sets.size() > 1 ? " [" + kernels.name().toLowerCase(Locale.ROOT) + "]" : "";
          ok &= check(golden, note, new GoldenRun.Machine(options.session(), kernels), console);
          progress.advance(1);
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return ok ? ExitCodes.OK : ExitCodes.SOME_FAILED;
  }

  private boolean check(Golden found, String note, GoldenRun.Machine machine, Console console)
      throws IOException {
    Golden golden = new Golden(found.path(), found.name() + note, found.kind());
    List<CheckRow> rows = new ArrayList<>();
    GoldenRun run =
        new GoldenRun(
            golden,
            machine,
            row -> {
              rows.add(row);
              try {
                console.json(row);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    run.check();
    long failed = rows.stream().filter(row -> !row.ok()).count();
    String checks = Integer.toString(rows.size());
    if (failed == 0) {
      CheckRow worst = Collections.max(rows, Comparator.comparingDouble(VerifyCommand::share));
      console.text(line(golden.name(), true, checks, worst));
    } else {
      console.text(FORMAT.formatted(golden.name(), "FAIL", checks, "", "", failed + " failed:"));
    }
    for (CheckRow row : rows) {
      if (all || !row.ok()) {
        console.text(line("", row.ok(), "", row));
      }
    }
    return failed == 0;
  }

  /** How much of the tolerance was used. */
  private static double share(CheckRow row) {
    return row.deviation() == 0 ? 0 : row.deviation() / row.tolerance();
  }

  private static String line(String name, boolean ok, String checks, CheckRow row) {
    String what = row.ok() ? row.check() : row.check() + ": " + row.problem();
    return FORMAT
        .formatted(
            name,
            ok ? "pass" : "FAIL",
            checks,
            row.deviation() == null ? "-" : number(row.deviation()),
            row.tolerance() == 0 ? "exact" : number(row.tolerance()),
            what)
        .stripTrailing();
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.1e", value);
  }
}
