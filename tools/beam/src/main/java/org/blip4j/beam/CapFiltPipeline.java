package org.blip4j.beam;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.blip4j.tools.console.Streams;

/**
 * CapFilt on Apache Beam: {@code --runner=DirectRunner}, {@code FlinkRunner} or {@code
 * SparkRunner}.
 *
 * <pre>
 * java -cp blip-beam.jar org.blip4j.beam.CapFiltPipeline --captioner runs/captioner/model
 *     --filter runs/filter/model --data 'web/*.tfrecord' --out bootstrapped --runner=FlinkRunner
 * </pre>
 *
 * <p>Settings of CapFilt are those of the plain command, and so is the folder that comes out. The
 * status is 0, 1 if records could not be used, 2 for what is wrong with the command or the input.
 */
public final class CapFiltPipeline {
  private CapFiltPipeline() {}

  /**
   * Runs the command; ends the process only where it failed, since some engines call this within
   * theirs.
   */
  public static void main(String[] args) {
    int status = run(Streams.ofProcess(), args);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Runs the command on the given streams and returns its status. */
  public static int run(Streams streams, String... args) {
    return EngineCommand.run(streams, CapFiltPipeline::prepare, args);
  }

  private static EngineCommand.Submission prepare(List<String> rest) {
    PipelineOptions options = options(rest);
    return job -> {
      Pipeline pipeline = Pipeline.create(options);
      ShardStages.finish(ShardStages.blocks(pipeline, job), job.work());
      PipelineResult.State state = pipeline.run().waitUntilFinish();
      if (state == PipelineResult.State.FAILED || state == PipelineResult.State.CANCELLED) {
        throw new IllegalStateException("the runner ended with " + state + "; its log says why");
      }
      return state == PipelineResult.State.DONE;
    };
  }

  /** The runner's options. */
  static PipelineOptions options(List<String> rest) {
    List<String> all = new ArrayList<>(rest);
    boolean spark = rest.stream().anyMatch(option -> option.startsWith("--runner=Spark"));
    if (spark && rest.stream().noneMatch(option -> option.startsWith("--storageLevel="))) {
      all.add("--storageLevel=MEMORY_AND_DISK"); // its default computes again what does not fit
    }
    return PipelineOptionsFactory.fromArgs(all.toArray(new String[0])).withValidation().create();
  }
}
