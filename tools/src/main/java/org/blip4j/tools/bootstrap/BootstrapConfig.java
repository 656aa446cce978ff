package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Objects;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.training.config.RunConfig;

/**
 * What bootstrapping is made of.
 *
 * @param human shards whose texts people wrote for their images; never filtered
 * @param web shards whose texts are noisy
 * @param pretrain how the first and every new model are pre-trained, from scratch and with the same
 *     seed
 * @param captioner how the captioner is fine-tuned on the human set
 * @param filter how the filter is fine-tuned on the human set
 * @param capfilt what is written and kept
 */
public record BootstrapConfig(
    List<String> human,
    List<String> web,
    RunConfig pretrain,
    RunConfig captioner,
    RunConfig filter,
    CapFiltSettings capfilt) {
  /** Refuses missing parts and stages for another task. */
  public BootstrapConfig {
    human = ImmutableList.copyOf(human);
    web = ImmutableList.copyOf(web);
    if (human.isEmpty() || web.isEmpty()) {
      throw new IllegalArgumentException(
          "human has %d patterns and web %d; both need shards".formatted(human.size(), web.size()));
    }
    require("pretrain", pretrain, Task.PRETRAIN);
    require("captioner", captioner, Task.CAPTION);
    require("filter", filter, Task.RETRIEVAL);
    Objects.requireNonNull(capfilt, "capfilt is missing");
  }

  private static void require(String name, RunConfig run, Task task) {
    Objects.requireNonNull(run, name + " is missing");
    if (run.task() != task) {
      throw new IllegalArgumentException(
          "%s.task is %s; it must be %s".formatted(name, run.task(), task));
    }
  }
}
