package org.blip4j.tools.scenes;

/**
 * How many pictures the quickstart makes.
 *
 * @param seed the same seed gives the same bytes
 * @param human pictures of the human-annotated set
 * @param web pictures of the web set, at least two
 * @param heldOut pictures held out for evaluation
 * @param shardSize records in a shard, the last one of a set may have fewer
 */
public record SceneDataPlan(long seed, int human, int web, int heldOut, int shardSize) {
  /** Refuses sets without pictures. */
  public SceneDataPlan {
    if (human < 1 || web < 2 || heldOut < 1 || shardSize < 1) {
      throw new IllegalArgumentException(
          "sets of %d, %d and %d pictures in shards of %d are too small; make at least 1, 2, 1 and 1"
              .formatted(human, web, heldOut, shardSize));
    }
  }

  /** The quickstart's own sizes: 2,000 human-annotated, 10,000 from the web, 500 held out. */
  public static SceneDataPlan standard(long seed) {
    return new SceneDataPlan(seed, 2_000, 10_000, 500, 1_000);
  }

  /** Pictures of a set. */
  public int count(SceneSet set) {
    return switch (set) {
      case HUMAN -> human;
      case WEB -> web;
      case HELD_OUT -> heldOut;
    };
  }

  int shards(SceneSet set) {
    return (count(set) + shardSize - 1) / shardSize;
  }
}
