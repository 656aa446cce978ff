package org.blip4j.tools.report;

import com.google.common.collect.ImmutableList;
import java.util.OptionalDouble;

/**
 * One diagram of the report: a loss over the steps of one or more runs.
 *
 * @param title such as "Image-text contrastive loss"
 * @param curves at least one
 * @param baseline a level to compare with, such as that of always saying "no match"
 */
public record LossChart(String title, ImmutableList<Curve> curves, OptionalDouble baseline) {
  /**
   * The loss of one run.
   *
   * @param name such as "raw web texts"
   * @param points at least one, steps ascending
   */
  public record Curve(String name, ImmutableList<Point> points) {
    /** Refuses what cannot be drawn. */
    public Curve {
      if (points.isEmpty()) {
        throw new IllegalArgumentException("the curve \"" + name + "\" has no points");
      }
    }
  }

  /**
   * The loss at one step.
   *
   * @param step number of the step
   * @param loss finite
   */
  public record Point(int step, double loss) {
    /** Refuses what cannot be drawn. */
    public Point {
      if (!Double.isFinite(loss)) {
        throw new IllegalArgumentException("the loss at step " + step + " is " + loss);
      }
    }
  }

  /** Refuses an empty diagram. */
  public LossChart {
    if (curves.isEmpty()) {
      throw new IllegalArgumentException("the diagram \"" + title + "\" has no curves");
    }
  }
}
