package org.blip4j.savedmodel.export;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.LoadedModel;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingSettings;

/** Exports a model: builds its serving graph, loads its weights, writes the SavedModel. */
public final class ModelExporter {
  private ModelExporter() {}

  /**
   * What was exported.
   *
   * @param folder the folder of the version
   * @param signatures the keys that can be called
   * @param settings what was baked in
   */
  public record Exported(Path folder, ImmutableSet<String> signatures, ServingSettings settings) {}

  /**
   * Exports a model.
   *
   * @throws IOException if the model cannot be read, is a SavedModel already, or the version exists
   *     and may not be replaced
   */
  public static Exported export(ModelSource source, PredictorOptions options, Target target)
      throws IOException {
    if (source instanceof ModelSource.Exported) {
      throw new IOException(source.path() + " is exported already; give a model folder or weights");
    }
    target.requireFree();
    try (LoadedModel loaded = LoadedModel.open(source, options.portable())) {
      ExportedInfo info = new ExportedInfo(loaded.model().config(), loaded.settings());
      String vocabulary = String.join("\n", loaded.model().vocabulary().tokens()) + "\n";
      ImmutableMap<String, byte[]> extra =
          ImmutableMap.of(
              "blip.json", ConfigJson.write(info).getBytes(UTF_8),
              "vocab.txt", vocabulary.getBytes(UTF_8));
      Path folder =
          SavedModelWriter.write(loaded.graph().toModelGraph(), loaded.session(), extra, target);
      return new Exported(folder, loaded.graph().signatures().keySet(), loaded.settings());
    }
  }

  /**
   * Where an exported model goes.
   *
   * @param folder the model's base path, as given to a server
   * @param version a positive number; servers take the highest
   * @param overwrite whether an existing version may be replaced
   */
  public record Target(Path folder, long version, boolean overwrite) {
    /** Checks the version. */
    public Target {
      Objects.requireNonNull(folder, "folder");
      if (version < 1) {
        throw new IllegalArgumentException(
            "version " + version + " is not a positive number; a server loads 1, 2, 3 ...");
      }
    }

    /** The folder of the version itself. */
    public Path versionFolder() {
      return folder.resolve(Long.toString(version));
    }

    /**
     * Fails if the version exists and may not be replaced; ask before work that takes time.
     *
     * @throws IOException naming the version
     */
    public void requireFree() throws IOException {
      if (!overwrite && Files.exists(versionFolder(), LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(
            versionFolder().toString(),
            null,
            "exists already; choose another version or folder, or let it be replaced");
      }
    }
  }
}
