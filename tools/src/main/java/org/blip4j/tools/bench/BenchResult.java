package org.blip4j.tools.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * What was measured. Rates are those of the shortest run, as the peers' scripts report them.
 *
 * @param work what was run
 * @param size the model's size, null for matrix products
 * @param batch images or texts at once, null for matrix products
 * @param atOnce batches computed at once, null for matrix products
 * @param repeat measured runs
 * @param secondsMin the shortest run over the batches computed in it
 * @param secondsMedian the middle run
 * @param secondsMax the longest run
 * @param imagesPerSecond images a second; null for matrix products and matching
 * @param pairsPerSecond pairs of an image and a text a second, null for all but matching
 * @param gflops operations of the work's matrix products, 1e9 a second
 * @param matmulGflops the raw 2048 matrix product in the same process, 1e9 operations a second; in
 *     bfloat16 if the model's products are
 * @param share {@code gflops} over {@code matmulGflops}
 * @param memoryGbytes 1e9 bytes a second that all threads together read from memory, measured in
 *     the same process
 * @param boundShare the least time that {@code operations / matrix rate + bytes / memory rate}
 *     allows over the shortest run; null for matrix products and where the matrix rate in the
 *     model's number format is not measured (int8)
 * @param peakBytes the largest resident size of the process so far, 0 where it is not known
 * @param threads threads of TensorFlow
 * @param processor the processor's name
 * @param profile where a step of training spends its time; null where it was not asked for, as the
 *     next
 * @param stages what each stage of CapFilt takes by itself
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BenchResult(
    String work,
    String size,
    Integer batch,
    @JsonProperty("at_once") Integer atOnce,
    int repeat,
    @JsonProperty("seconds_min") double secondsMin,
    @JsonProperty("seconds_median") double secondsMedian,
    @JsonProperty("seconds_max") double secondsMax,
    @JsonProperty("images_per_second") Double imagesPerSecond,
    @JsonProperty("pairs_per_second") Double pairsPerSecond,
    double gflops,
    @JsonProperty("matmul_gflops") double matmulGflops,
    double share,
    @JsonProperty("memory_gbytes") double memoryGbytes,
    @JsonProperty("bound_share") Double boundShare,
    @JsonProperty("peak_bytes") long peakBytes,
    int threads,
    String processor,
    List<Kind> profile,
    List<Stage> stages) {

  /**
   * Operations of one kind in a step.
   *
   * @param kind TensorFlow's name of it
   * @param count how many ran
   * @param seconds how long they ran, added up over all that ran at once
   */
  public record Kind(String kind, long count, double seconds) {}

  /**
   * A part of the work by itself.
   *
   * @param stage its name
   * @param seconds the shortest run over the batches computed in it
   * @param boundShare the least time that its operations and bytes allow over {@code seconds}
   */
  public record Stage(
      String stage, double seconds, @JsonProperty("bound_share") double boundShare) {}
}
