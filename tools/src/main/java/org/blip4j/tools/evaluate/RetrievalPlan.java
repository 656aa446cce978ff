package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.util.Locale;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.evaluate.Gallery;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.tools.bench.BenchPlan;
import org.blip4j.tools.bench.Benchmark;
import org.blip4j.tools.bench.Operations;
import org.tensorflow.proto.ConfigProto;

/**
 * What an evaluation of retrieval has to compute: floating-point operations of matrix products, two
 * for a multiplication with its addition.
 *
 * @param images in the gallery
 * @param texts in the gallery
 * @param candidates of each image and of each text
 * @param mostPairs that may have to be matched; fewer where both directions choose the same
 * @param encoding operations of encoding every image once
 * @param features operations of the texts' features and of all cosines, in both directions
 * @param pair operations of matching one text of mean length
 */
record RetrievalPlan(
    long images,
    long texts,
    int candidates,
    long mostPairs,
    double encoding,
    double features,
    double pair,
    double keysValues) {
  /** Below it, measuring the machine would take longer than the work. */
  private static final double SMALL = 2e12;

  /** What the products of a model of this size reach of the rate of large ones, about. */
  private static final double USUAL_SHARE = 0.7;

  /** Texts of one call; see the protocol. */
  private static final int TEXTS_AT_ONCE = 128;

  private static final double GIGA = 1e-9;

  /** Plans for a model. */
  static RetrievalPlan of(ServingModel model, Gallery gallery, int candidates) {
    BlipConfig config = model.config().architecture();
    int[] lengths = gallery.lengths(model);
    long images = gallery.size();
    long texts = lengths.length;
    double keysValues = Operations.match(config, gallery.frames(), new int[0]);
    long most =
        Math.min(
            images * texts,
            images * Math.min(candidates, texts) + texts * Math.min(candidates, images));
    return new RetrievalPlan(
        images,
        texts,
        candidates,
        most,
        images * gallery.frames() * Operations.vision(config.vision()),
        Operations.embedTexts(config, lengths) + 4.0 * images * texts * config.embedDim(),
        (Operations.match(config, gallery.frames(), lengths) - keysValues) / texts,
        keysValues);
  }

  /** Operations of matching so many pairs of all images, which are encoded for it. */
  double matching(long pairs) {
    double calls = images * Math.ceil((double) pairs / images / TEXTS_AT_ONCE);
    return encoding + calls * keysValues + pairs * pair;
  }

  /** Operations of everything, if no pair is chosen by both directions. */
  double most() {
    return encoding + features + matching(mostPairs);
  }

  /** Whether it is worth while to measure the machine first. */
  boolean isLarge() {
    return most() > SMALL;
  }

  /**
   * The rate of large matrix products on the same devices.
   *
   * @return operations a second
   */
  static double matrixRate(ConfigProto session, Kernels kernels) throws IOException {
    BenchPlan plan =
        new BenchPlan(
            BenchPlan.Work.matmul, BenchPlan.Size.tiny, 1, 1, 3, session, kernels, false, false);
    return Benchmark.run(plan, done -> {}).matmulGflops() / GIGA;
  }

  /**
   * The plan in a sentence.
   *
   * @param rate of matrix products, or 0 if it is not known
   */
  String line(double rate) {
    String all =
        candidates > Math.min(images, texts)
            ? " (there are no more than %d images and %d texts: all of these)"
                .formatted(images, texts)
            : "";
    String time =
        rate == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", about %s at %.0f of this machine's %.0f Gflop/s",
                time(most() / (USUAL_SHARE * rate)),
                USUAL_SHARE * rate * GIGA,
                rate * GIGA);
    return String.format(
        Locale.ROOT,
        "plan: %d images, %d texts, %d candidates each way%s; at most %d pairs, %.3g floating-point"
            + " operations%s",
        images,
        texts,
        candidates,
        all,
        mostPairs,
        most(),
        time);
  }

  private static String time(double seconds) {
    return seconds < 120
        ? "%d s".formatted(Math.round(seconds))
        : seconds < 7200
            ? "%d min".formatted(Math.round(seconds / 60))
            : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }
}
