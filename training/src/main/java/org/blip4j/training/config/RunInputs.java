package org.blip4j.training.config;

import java.util.Objects;
import java.util.Optional;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.ops.kernel.Precision;
import org.tensorflow.proto.ConfigProto;

/**
 * What a run is made from, apart from its configuration.
 *
 * <pre>{@code
 * RunInputs inputs =
 *     RunInputs.of(ShardSet.find(List.of("web/*.tfrecord"))).startingFrom(StartingModel.of(folder));
 * }</pre>
 *
 * @param data the shards, of one data set or several
 * @param codec column names of the records
 * @param init the model whose weights the run starts from; empty = fresh weights
 * @param session threads and devices; several visible GPUs, or several devices of the CPU where no
 *     GPU may be used, share each batch
 * @param precision what products are computed in
 * @param version of the program, for provenance
 * @param commit of the program, for provenance
 * @param cluster the processes that share each batch
 */
public record RunInputs(
    Mixture data,
    ExampleCodec codec,
    Optional<StartingModel> init,
    ConfigProto session,
    Precision precision,
    String version,
    String commit,
    Cluster cluster) {

  /** Checks that all is there. */
  public RunInputs {
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(codec, "codec");
    Objects.requireNonNull(init, "init");
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(cluster, "cluster");
  }

  /** Shards with standard columns, fresh weights, the default session and float32. */
  public static RunInputs of(ShardSet data) {
    return new RunInputs(
        Mixture.of(data),
        ExampleCodec.standard(),
        Optional.empty(),
        ConfigProto.getDefaultInstance(),
        Precision.FLOAT32,
        "unknown",
        "unknown",
        Cluster.ALONE);
  }

  /** The same with weights to start from. */
  public RunInputs startingFrom(StartingModel model) {
    return new RunInputs(
        data, codec, Optional.of(model), session, precision, version, commit, cluster);
  }

  /**
   * The same of records that are read in another way, such as {@code ExampleCodec.bootstrapped()}.
   */
  public RunInputs readBy(ExampleCodec other) {
    return new RunInputs(data, other, init, session, precision, version, commit, cluster);
  }

  /** The same on other devices or in another precision. */
  public RunInputs on(ConfigProto other, Precision wanted) {
    return new RunInputs(data, codec, init, other, wanted, version, commit, cluster);
  }

  /** The same by one of several processes. */
  public RunInputs among(Cluster processes) {
    return new RunInputs(data, codec, init, session, precision, version, commit, processes);
  }
}
