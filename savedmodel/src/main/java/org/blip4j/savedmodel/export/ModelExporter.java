package org.blip4j.savedmodel.export;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.LoadedModel;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.CapFiltGraph;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.Result;
import org.tensorflow.Session;

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
      ImmutableMap<String, byte[]> extra =
          ImmutableMap.of(
              name(ExportedInfo.FILE), ConfigJson.write(info).getBytes(UTF_8),
              name(ExportedInfo.VOCABULARY_FILE), vocabulary(loaded));
      Path folder =
          SavedModelWriter.write(loaded.graph().toModelGraph(), loaded.session(), extra, target);
      return new Exported(folder, loaded.graph().signatures().keySet(), loaded.settings());
    }
  }

  /**
   * Exports a captioner and a filter as one model, with the signature {@code capfilt}.
   *
   * @throws IOException as {@link #export}
   * @throws IllegalArgumentException if a model cannot do its part, or they take images of
   *     different sizes
   */
  public static Exported exportCapFilt(Bundle models, PredictorOptions options, Target target)
      throws IOException {
    target.requireFree();
    try (LoadedModel captioner = LoadedModel.open(models.captioner(), options.portable());
        LoadedModel filter = LoadedModel.open(models.filter(), options.portable());
        CapFiltGraph both =
            CapFiltGraph.build(
                new CapFiltGraph.Member(captioner.model(), captioner.settings()),
                new CapFiltGraph.Member(filter.model(), filter.settings()));
        Session session = new Session(both.graph())) {
      ServingGraph.Exportable model = both.toModelGraph();
      copy(captioner, CapFiltGraph.CAPTIONER, both, session);
      copy(filter, CapFiltGraph.FILTER, both, session);
      ExportedInfo info =
          new ExportedInfo(
              captioner.model().config(),
              captioner.settings(),
              Optional.of(filter.model().config()));
      ImmutableMap<String, byte[]> extra =
          ImmutableMap.of(
              name(ExportedInfo.FILE), ConfigJson.write(info).getBytes(UTF_8),
              name(ExportedInfo.VOCABULARY_FILE), vocabulary(captioner),
              name(ExportedInfo.FILTER_VOCABULARY_FILE), vocabulary(filter));
      Path folder = SavedModelWriter.write(model, session, extra, target);
      return new Exported(folder, model.signatures().keySet(), captioner.settings());
    }
  }

  /**
   * The two models of CapFilt.
   *
   * @param captioner writes texts
   * @param filter judges them
   */
  public record Bundle(ModelSource captioner, ModelSource filter) {}

  /** Gives the variables of one of two models their values. */
  private static void copy(LoadedModel from, String prefix, CapFiltGraph to, Session session) {
    Map<String, Variable<?>> own = new HashMap<>();
    from.graph().variables().forEach(variable -> own.put(variable.name(), variable));
    for (Variable<?> variable : to.variables()) {
      if (variable.name().startsWith(prefix + "/")) {
        Variable<?> source = own.get(variable.name().substring(prefix.length() + 1));
        try (Result value = from.session().runner().fetch(source.value()).run()) {
          session
              .runner()
              .feed(to.toModelGraph().saver().stored(variable), value.get(0))
              .addTarget(to.toModelGraph().saver().assigns().get(variable))
              .run()
              .close();
        }
      }
    }
  }

  private static String name(String file) {
    return file.substring(file.indexOf('/') + 1);
  }

  private static byte[] vocabulary(LoadedModel loaded) {
    return (String.join("\n", loaded.model().vocabulary().tokens()) + "\n").getBytes(UTF_8);
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
