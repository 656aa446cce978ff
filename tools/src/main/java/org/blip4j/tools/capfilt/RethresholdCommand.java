package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRules;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code capfilt rethreshold}: decides anew from the scores of a finished run. */
@Command(
    name = "rethreshold",
    description = {
      "Make a new set from the scores of a finished one, without running a model.",
      "What is not given is as in the run that made it."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip capfilt rethreshold --from bootstrapped --threshold 0.7 --out stricter")
final class RethresholdCommand implements Callable<Integer> {
  @Mixin private FinishedRun run;
  @Mixin private PolicyOptions policy;

  @Option(names = "--no-rules", description = "Leave out the rules that the run was made with.")
  private boolean noRules;

  @Option(
      names = "--out",
      paramLabel = "DIR2",
      required = true,
      description = "Where the new set is written.")
  private Path out;

  @Option(names = "--overwrite", description = "Begin anew what an earlier run wrote there.")
  private boolean overwrite;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    Optional<ImmutableList<CapFiltPlan.Shard>> shards = run.shards();
    CapFiltStats stats;
    try (Progress progress = console.progress("images", -1)) {
      CapFiltJob.Work work = CapFiltJob.Work.single(CapFiltListener.on(console, progress));
      stats =
          new CapFilt(new CapFiltFolder(out), work, run.codec(), overwrite)
              .rethreshold(run.folder(), this::decided, shards);
    }
    console.result(stats, stats.text());
    return stats.totals().unreadable() > 0 ? ExitCodes.SOME_FAILED : ExitCodes.OK;
  }

  /**
   * The new policy.
   *
   * @throws IllegalArgumentException if there are no scores to decide by
   */
  private CapFiltPolicy decided(CapFiltSettings old) {
    CapFiltPolicy base = noRules ? old.policy().withRules(CapFiltRules.NONE) : old.policy();
    CapFiltPolicy changed = policy.over(base);
    boolean unscored = !old.scores() && changed.filter();
    if (unscored
        || (changed.texts() != old.policy().texts()
            && old.policy().texts() != CapFiltPolicy.Texts.both)) {
      throw new IllegalArgumentException(
          unscored
              ? run.folder().path() + " was made with --no-filter; there are no scores to decide by"
              : "%s has no other texts than --texts %s"
                  .formatted(run.folder().path(), old.policy().texts()));
    }
    return changed;
  }
}
