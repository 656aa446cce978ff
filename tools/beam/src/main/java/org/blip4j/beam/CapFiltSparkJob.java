package org.blip4j.beam;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.blip4j.tools.console.Streams;

/**
 * CapFilt as a Spark job without Beam: one task a shard. It runs on Spark 3.5 and 4 with the Scala
 * version of the distribution; {@code spark-submit} says where.
 */
public final class CapFiltSparkJob {
  private CapFiltSparkJob() {}

  /** Runs the command; ends the process only where it failed. */
  public static void main(String[] args) {
    int status = run(Streams.ofProcess(), args);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Runs the command on the given streams and returns its status. */
  public static int run(Streams streams, String... args) {
    return EngineCommand.run(streams, CapFiltSparkJob::prepare, args);
  }

  private static EngineCommand.Submission prepare(List<String> rest) {
    if (!rest.isEmpty()) {
      throw new IllegalArgumentException(
          rest.get(0) + " is not an option of capfilt; Spark's own go to spark-submit");
    }
    return job -> {
      EngineCommand.Work work = job.work();
      SparkConf conf =
          new SparkConf().setAppName("capfilt").setIfMissing("spark.master", "local[2]");
      try (JavaSparkContext spark = new JavaSparkContext(conf)) {
        spark.parallelize(job.shards(), job.shards().size()).foreach(work::write);
      }
      return true; // the driver finishes the folder
    };
  }
}
