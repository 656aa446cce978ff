package org.blip4j.savedmodel.capfilt;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.signature.ExportedInfo;

/**
 * The models of a run, as the user named them.
 *
 * @param captioner writes texts; may be missing if only web texts are filtered
 * @param filter judges texts; may be missing if nothing is filtered
 * @see CapFiltStep
 */
public record CapFiltModels(Optional<ModelSource> captioner, Optional<ModelSource> filter) {
  /**
   * Which model it was: where it lay and what was in it.
   *
   * @param path as the user gave it; empty if no model was asked
   * @param sha256 over all its files and their names
   */
  public record Identity(String path, String sha256) {
    /** No model. */
    public static final Identity NONE = new Identity("", "");

    private static final int BUFFER = 1 << 16;

    /** Identifies a model file or folder by its content. */
    public static Identity of(Path model) throws IOException {
      List<Path> files;
      try (Stream<Path> walk = Files.walk(model)) {
        files = walk.filter(Files::isRegularFile).sorted().toList();
      }
      Hasher hasher = Hashing.sha256().newHasher();
      byte[] buffer = new byte[BUFFER];
      for (Path file : files) {
        hasher.putString(model.relativize(file).toString(), StandardCharsets.UTF_8);
        hasher.putLong(Files.size(file));
        try (InputStream in = Files.newInputStream(file)) {
          for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            hasher.putBytes(buffer, 0, read);
          }
        }
      }
      return new Identity(model.toString(), hasher.hash().toString());
    }
  }

  /** Both models. */
  public static CapFiltModels of(ModelSource captioner, ModelSource filter) {
    return new CapFiltModels(Optional.of(captioner), Optional.of(filter));
  }

  /** The published procedure, with the captioner's own lengths. */
  public CapFiltSettings published(long seed) throws IOException {
    return CapFiltSettings.published(texts(), seed);
  }

  /** How the captioner's texts are prepared; the published way if there is none. */
  public TextSettings texts() throws IOException {
    if (captioner.isEmpty()) {
      return TextSettings.published();
    }
    ModelSource source = captioner.get();
    if (source instanceof ModelSource.Folder folder) {
      return folder.folder().readConfig().textSettings();
    }
    if (source instanceof ModelSource.Published published) {
      try (WeightFile file = WeightFile.open(source.path())) {
        return PublishedDescription.of(file, published).model().config().textSettings();
      }
    }
    Path info = source.path().resolve(ExportedInfo.FILE);
    return ConfigJson.read(info, ExportedInfo.class).model().textSettings();
  }

  /** The captioner's identity, if the settings need one. */
  public Identity captionerIdentity(CapFiltSettings settings) throws IOException {
    return settings.captions() ? Identity.of(requireCaptioner().path()) : Identity.NONE;
  }

  /** The filter's identity, if the settings need one. */
  public Identity filterIdentity(CapFiltSettings settings) throws IOException {
    return settings.scores() ? Identity.of(requireFilter().path()) : Identity.NONE;
  }

  ModelSource requireCaptioner() {
    return captioner.orElseThrow(
        () ->
            new IllegalArgumentException(
                "no captioner given; give one, or a policy with texts of the web only"));
  }

  ModelSource requireFilter() {
    return filter.orElseThrow(
        () ->
            new IllegalArgumentException(
                "no filter given; give one, or a policy without a filter, which keeps all texts"));
  }
}
