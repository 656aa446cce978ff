package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltShards;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.run.Trainer;
import org.tensorflow.proto.ConfigProto;

/** Bootstrapping (paper section 3.3): a model that is trained on texts that it has cleaned. */
public record BootstrapModel(
    RunConfig pretrain, RunConfig caption, RunConfig filter, ConfigProto session) {

  /** A round in a folder; what is finished there is not done again. */
  public ModelFolder run(ShardSet human, ShardSet web, Path folder) throws IOException {
    ModelFolder first = train(pretrain, together(human, web), folder.resolve("first"));
    RunInputs further = RunInputs.of(human).startingFrom(StartingModel.of(first));
    CapFiltModels models =
        CapFiltModels.of(
            new ModelSource.Folder(train(caption, further, folder.resolve("captioner"))),
            new ModelSource.Folder(train(filter, further, folder.resolve("filter"))));
    Path kept = folder.resolve("kept");
    try (CapFiltStep step =
        CapFiltStep.open(models, models.published(1), PredictorOptions.defaults())) {
      new CapFiltShards(step, 32, () -> false, new CapFiltShards.Listener() {}).run(web, kept);
    }
    ShardSet clean = ShardSet.find(List.of(kept + "/*.tfrecord"));
    return train(pretrain, together(human, clean), folder.resolve("second"));
  }

  private static RunInputs together(ShardSet one, ShardSet other) {
    List<Path> all = Stream.concat(one.paths().stream(), other.paths().stream()).toList();
    return RunInputs.of(ShardSet.of(all)).readBy(ExampleCodec.bootstrapped());
  }

  private ModelFolder train(RunConfig config, RunInputs inputs, Path run) throws IOException {
    return Trainer.of(config, inputs.on(session, Precision.FLOAT32)).run(run, step -> {}).model();
  }
}
