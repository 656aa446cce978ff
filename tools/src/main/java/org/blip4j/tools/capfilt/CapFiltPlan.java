package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Objects;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.capfilt.ModelIdentity;

/**
 * What a CapFilt output folder is made of: kept in the folder, so that all processes that work on
 * it do the same.
 *
 * @param format version of the layout of the folder
 * @param shards all input shards, also those that a single process leaves to others
 * @param settings what decides the result
 * @param captioner the captioning model
 * @param filter the filtering model
 */
public record CapFiltPlan(
    int format,
    List<InputShard> shards,
    CapFiltSettings settings,
    ModelIdentity captioner,
    ModelIdentity filter) {
  /** The layout written by this version. */
  public static final int FORMAT = 1;

  /** Copies the list and refuses other layouts. */
  public CapFiltPlan {
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "format is " + format + "; this version reads format " + FORMAT);
    }
    shards = ImmutableList.copyOf(shards);
    Objects.requireNonNull(settings, "settings is missing");
    Objects.requireNonNull(captioner, "captioner is missing");
    Objects.requireNonNull(filter, "filter is missing");
    if (shards.isEmpty()) {
      throw new IllegalArgumentException("there are no shards to work on");
    }
  }

  /** The names of all shards, in order. */
  ImmutableList<String> names() {
    return shards.stream().map(InputShard::name).collect(ImmutableList.toImmutableList());
  }

  /** Empty if both plans give the same result, otherwise the first difference, in words. */
  String differenceTo(CapFiltPlan other) {
    if (shards.size() != other.shards.size()) {
      return "%d shards there, %d here".formatted(shards.size(), other.shards.size());
    }
    for (int i = 0; i < shards.size(); i++) {
      if (!shards.get(i).isLike(other.shards.get(i))) {
        return "shard %d is %s (%d bytes) there, %s (%d bytes) here"
            .formatted(
                i,
                shards.get(i).name(),
                shards.get(i).bytes(),
                other.shards.get(i).name(),
                other.shards.get(i).bytes());
      }
    }
    if (!settings.equals(other.settings)) {
      return "%s there, %s here".formatted(settings, other.settings);
    }
    if (!captioner.sha256().equals(other.captioner.sha256())) {
      return "captioner %s there, %s here".formatted(captioner, other.captioner);
    }
    return filter.sha256().equals(other.filter.sha256())
        ? ""
        : "filter %s there, %s here".formatted(filter, other.filter);
  }
}
