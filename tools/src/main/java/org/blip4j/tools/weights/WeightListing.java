package org.blip4j.tools.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.weights.SafetensorsFile;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.TorchCheckpoint;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.graph.weights.PublishedWeights;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.tensorflow.ndarray.Shape;

/** Lists published weights and checkpoints; nothing but headers is read. */
final class WeightListing {
  private static final int LONGEST = 200;

  private WeightListing() {}

  /** A {@code .pth}, a safetensors file, or a folder with one or with shards. */
  static InspectCommand.Listing published(Path path) throws IOException {
    try (WeightFile file = WeightFile.open(path)) {
      InspectCommand.Listing listing = new InspectCommand.Listing(path.toString(), file.kind());
      long values = 0;
      long bytes = 0;
      for (StoredTensor tensor : file.tensors().values()) {
        values += tensor.shape().size();
        bytes += tensor.shape().size() * tensor.type().bytes();
      }
      listing.fact("tensors", file.tensors().size());
      listing.fact("values", values);
      listing.fact("bytes", bytes);
      describe(listing, file, path);
      entries(listing, file);
      tensors(listing, file);
      return listing;
    }
  }

  private static void describe(InspectCommand.Listing listing, WeightFile stored, Path path) {
    try {
      WeightFile file = PublishedWeights.of(stored);
      if (file instanceof PublishedWeights wrapped) {
        listing.fact("names_after", wrapped.prefix());
      }
      PublishedForm form = PublishedForm.of(file.tensors().keySet());
      listing.fact("names", form.name().toLowerCase(Locale.ROOT).replace('_', ' '));
      PublishedTask task = PublishedTask.of(file.tensors().keySet());
      listing.fact("task", task.name().toLowerCase(Locale.ROOT));
      ModelSource.Published source = new ModelSource.Published(path, Optional.empty());
      model(listing, PublishedDescription.of(file, source).model().config());
    } catch (IllegalArgumentException | IOException e) {
      listing.fact("note", e.getMessage());
    }
  }

  /** Sizes of a model. */
  static void model(InspectCommand.Listing listing, ModelConfig config) {
    var vision = config.architecture().vision();
    var text = config.architecture().text();
    listing.fact("task", config.task().name().toLowerCase(Locale.ROOT));
    listing.fact(
        "image",
        "%d px, patch %d, width %d, %d layers, %d heads"
            .formatted(
                vision.imageSize(),
                vision.patchSize(),
                vision.width(),
                vision.layers(),
                vision.heads()));
    listing.fact(
        "text",
        "%d words, %d positions, width %d, %d layers, %d heads"
            .formatted(
                text.vocabularySize(),
                text.maxPositions(),
                text.width(),
                text.layers(),
                text.heads()));
    listing.fact("source", config.provenance().source());
  }

  private static void entries(InspectCommand.Listing listing, WeightFile file) throws IOException {
    if (file instanceof SafetensorsFile own && !own.metadata().isEmpty()) {
      listing.fact("metadata", own.metadata().keySet());
    }
    if (file instanceof TorchCheckpoint checkpoint) {
      for (String entry : checkpoint.entries()) {
        boolean isTensor = file.tensors().containsKey(entry);
        if (!isTensor && !entry.equals("model")) {
          listing.fact("entry_" + entry, brief(checkpoint.entry(entry)));
        }
      }
    }
  }

  private static String brief(Object value) {
    if (value instanceof Map<?, ?> map) {
      return "dictionary of "
          + map.keySet().stream().limit(9).toList()
          + (map.size() > 9 ? " and more" : "");
    }
    String text = value instanceof List<?> list ? "list of " + list.size() : String.valueOf(value);
    return text.length() > LONGEST ? text.substring(0, LONGEST) + " ..." : text;
  }

  private static void tensors(InspectCommand.Listing listing, WeightFile file) {
    List<StoredTensor> seen = new ArrayList<>();
    for (StoredTensor tensor : file.tensors().values()) {
      Optional<StoredTensor> same =
          file instanceof TorchCheckpoint
              ? seen.stream().filter(tensor::sameStorage).findFirst()
              : Optional.empty();
      listing.row(
          "name", tensor.name(),
          "dtype", tensor.type().name(),
          "shape", sizes(tensor.shape()),
          "same_as", same.map(StoredTensor::name).orElse(null));
      seen.add(tensor);
    }
  }

  /** A TensorFlow checkpoint. */
  static InspectCommand.Listing checkpoint(Path prefix) throws IOException {
    InspectCommand.Listing listing =
        new InspectCommand.Listing(prefix.toString(), "TensorFlow checkpoint");
    variables(listing, prefix);
    return listing;
  }

  /** The variables of a checkpoint, a row each. */
  static void variables(InspectCommand.Listing listing, Path prefix) throws IOException {
    TensorBundleReader reader = TensorBundleReader.open(prefix);
    listing.fact("variables", reader.variables().size());
    long values = 0;
    for (TensorBundleReader.Entry variable : reader.variables().values()) {
      values += Math.max(0, variable.shape().size());
      listing.row(
          "name", variable.name(),
          "dtype", variable.type().name().replace("DT_", "").toLowerCase(Locale.ROOT),
          "shape", sizes(variable.shape()));
    }
    listing.fact("values", values);
  }

  static List<Long> sizes(Shape shape) {
    List<Long> sizes = new ArrayList<>();
    for (long size : shape.asArray()) {
      sizes.add(size);
    }
    return sizes;
  }
}
