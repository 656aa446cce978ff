package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.savedmodel.open.ModelSource;

/** Tells what a path is and lists it; nothing in it is ever executed. */
final class Inspection {
  private static final String INDEX = ".index";
  private static final String DATA = "\\.data-\\d{5}-of-\\d{5}";

  private Inspection() {}

  /**
   * Lists a file or folder.
   *
   * @throws IOException if it is nothing that is known, or damaged; says why
   */
  static Listing of(Path path) throws IOException {
    Path prefix = prefix(path);
    if (TensorBundleReader.exists(prefix)) {
      return WeightListing.checkpoint(prefix);
    }
    if (!Files.exists(path)) {
      throw new IOException(path + ": no such file or folder");
    }
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    if (Files.size(path) == 0) {
      throw new IOException(path + ": the file is empty");
    }
    return RecordListing.isShard(path) ? RecordListing.of(path) : WeightListing.published(path);
  }

  /** The checkpoint that a path belongs to: its index, one of its data files, or its prefix. */
  private static Path prefix(Path path) {
    String name = String.valueOf(path.getFileName());
    String plain =
        name.endsWith(INDEX)
            ? name.substring(0, name.length() - INDEX.length())
            : name.replaceFirst(DATA + "$", "");
    return path.resolveSibling(plain);
  }

  private static Listing folder(Path path) throws IOException {
    ModelSource source;
    try {
      source = ModelSource.resolve(path.toString());
    } catch (IOException e) {
      return RecordListing.of(path, shards(path).orElseThrow(() -> e));
    }
    if (source instanceof ModelSource.Folder folder) {
      return model(folder.folder());
    }
    return source instanceof ModelSource.Exported exported
        ? SavedModelListing.of(exported.path())
        : WeightListing.published(path);
  }

  /** The shards of a folder that is no model. */
  private static Optional<ShardSet> shards(Path folder) {
    try {
      ShardSet shards = ShardSet.find(List.of(folder.toString()));
      return RecordListing.isShard(shards.paths().get(0)) ? Optional.of(shards) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // that it is no model says more
    }
  }

  private static Listing model(ModelFolder folder) throws IOException {
    ModelConfig config = folder.readConfig();
    Listing listing = new Listing(folder.path().toString(), "model folder");
    WeightListing.model(listing, config);
    WeightListing.variables(listing, folder.variables());
    return listing;
  }
}
