package org.blip4j.tools.train;

import com.google.common.collect.ObjectArrays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.tools.scenes.SceneData;

/**
 * A few scenes, and the configuration of a model that is pre-trained on them for four steps.
 *
 * @param config the file
 * @param data the shards
 */
public record TinyScenes(Path config, String data) {

  /** Writes them. */
  public static TinyScenes write(Path folder) throws IOException {
    SceneData scenes =
        SceneData.write(folder.resolve("scenes"), new SceneData.Plan(1, 24, 8, 4, 24));
    String data = folder.resolve("scenes") + "/human*";
    int size = Vocabulary.read(scenes.vocabulary()).size();
    Path config = folder.resolve("tiny.json");
    Files.writeString(
        config,
        """
        {"architecture": {
           "vision": {"imageSize": 32, "patchSize": 16, "width": 8, "layers": 1, "heads": 2,
             "mlpRatio": 2, "layerNormEpsilon": 1e-6, "dropPath": 0},
           "text": {"vocabularySize": %d, "width": 8, "layers": 1, "heads": 2, "feedForward": 16,
             "maxPositions": 20, "layerNormEpsilon": 1e-12, "dropout": 0,
             "tokens": {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4, "dec": %d, "enc": %d}},
           "embedDim": 4, "initialization": "WIDTH_SCALED"},
         "vocabulary": "scenes/vocab.txt",
         "textSettings": {"prompt": "", "maxWords": 20, "matchTokens": 14, "minCaptionTokens": 2,
           "maxCaptionTokens": 14},
         "text": {"maxTokens": 14},
         "objective": {"queueSize": 16},
         "duration": {"batch": 4, "epochs": 0, "steps": 4},
         "keeping": {"logEvery": 2}}
        """
            .formatted(size, size - 2, size - 1));
    return new TinyScenes(config, data);
  }

  /**
   * A command that pre-trains in batches of four and keeps a checkpoint of every fifth step.
   *
   * @param more further arguments
   */
  String[] pretrain(Path out, int steps, int logEvery, String... more) {
    String[] own = {
      "pretrain",
      "--config",
      config.toString(),
      "--data",
      data,
      "--out",
      out.toString(),
      "--set",
      "duration={\"batch\":4,\"epochs\":0,\"steps\":%d}".formatted(steps),
      "--set",
      "keeping={\"logEvery\":%d,\"checkpointEvery\":5,\"checkpoints\":2}".formatted(logEvery)
    };
    return ObjectArrays.concat(own, more, String.class);
  }
}
