package org.blip4j.tools.weights;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/** Lists a SavedModel from its description alone: signatures, size of the graph, variables. */
final class SavedModelListing {
  private SavedModelListing() {}

  static InspectCommand.Listing of(Path folder) throws IOException {
    Path file = folder.resolve("saved_model.pb");
    SavedModel model;
    try {
      model = SavedModel.parseFrom(Files.readAllBytes(file));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + ": damaged: " + e.getMessage(), e);
    }
    InspectCommand.Listing listing = new InspectCommand.Listing(folder.toString(), "SavedModel");
    Path info = folder.resolve(ExportedInfo.FILE);
    if (Files.exists(info)) {
      WeightListing.model(listing, ConfigJson.read(info, ExportedInfo.class).model());
    }
    for (MetaGraphDef graph : model.getMetaGraphsList()) {
      listing.fact("tags", graph.getMetaInfoDef().getTagsList());
      listing.fact("tensorflow", graph.getMetaInfoDef().getTensorflowVersion());
      listing.fact("operations", graph.getGraphDef().getNodeCount());
      listing.fact("functions", graph.getGraphDef().getLibrary().getFunctionCount());
      new TreeMap<>(graph.getSignatureDefMap())
          .forEach((key, signature) -> add(listing, key, signature));
    }
    Path variables = folder.resolve("variables").resolve("variables");
    if (TensorBundleReader.exists(variables)) {
      WeightListing.variables(listing, variables);
    }
    return listing;
  }

  private static void add(InspectCommand.Listing listing, String key, SignatureDef signature) {
    listing.row(
        "signature", key,
        "inputs", tensors(signature.getInputsMap()),
        "outputs", tensors(signature.getOutputsMap()));
  }

  private static List<String> tensors(Map<String, TensorInfo> tensors) {
    return new TreeMap<>(tensors)
        .entrySet().stream()
            .map(
                entry ->
                    entry.getKey()
                        + " "
                        + entry
                            .getValue()
                            .getDtype()
                            .name()
                            .replace("DT_", "")
                            .toLowerCase(Locale.ROOT)
                        + shape(entry.getValue().getTensorShape()))
            .toList();
  }

  private static String shape(TensorShapeProto shape) {
    return shape.getUnknownRank()
        ? "[...]"
        : shape.getDimList().stream()
            .map(size -> size.getSize() < 0 ? "?" : Long.toString(size.getSize()))
            .toList()
            .toString();
  }
}
