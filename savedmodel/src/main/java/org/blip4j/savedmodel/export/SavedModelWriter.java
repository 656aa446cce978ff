package org.blip4j.savedmodel.export;

import com.google.common.collect.ImmutableMap;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.types.TString;

/**
 * Writes a SavedModel: {@code saved_model.pb}, {@code variables/} and {@code assets.extra/}.
 *
 * <p>The graph is reduced to what its signatures need, attributes that have their default are left
 * out, and the loader restores the variables by the graph's own nodes; no initialisation is needed
 * beyond that.
 *
 * <pre>{@code
 * SavedModelWriter.write(model, session, Map.of("vocab.txt", bytes), target);
 * }</pre>
 */
public final class SavedModelWriter {
  private static final long SCHEMA_VERSION = 1;

  private SavedModelWriter() {}

  /**
   * Writes one version of a model.
   *
   * @param session holds the values of the variables
   * @param extra content of {@code assets.extra} by file name; servers do not read these
   * @return the folder of the version
   * @throws IOException if the version exists and may not be replaced, or cannot be written
   */
  public static Path write(
      ServingGraph.Exportable model,
      Session session,
      ImmutableMap<String, byte[]> extra,
      ModelExporter.Target target)
      throws IOException {
    target.requireFree();
    try (AtomicFolder folder = AtomicFolder.create(target.versionFolder())) {
      Path path = folder.path();
      saveVariables(model, session, Files.createDirectory(path.resolve("variables")));
      SavedModel definition =
          SavedModel.newBuilder()
              .setSavedModelSchemaVersion(SCHEMA_VERSION)
              .addMetaGraphs(MetaGraphs.of(model))
              .build();
      Files.write(path.resolve("saved_model.pb"), deterministic(definition));
      Path assets = Files.createDirectory(path.resolve("assets.extra"));
      for (Map.Entry<String, byte[]> file : extra.entrySet()) {
        Files.write(assets.resolve(file.getKey()), file.getValue());
      }
      WarmupRequests.write(assets.resolve(WarmupRequests.FILE), model.signatures());
      folder.commit();
    }
    return target.versionFolder();
  }

  /** Equal bytes for equal models: maps in the order of their keys. */
  private static byte[] deterministic(SavedModel definition) throws IOException {
    byte[] bytes = new byte[definition.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    definition.writeTo(out);
    out.checkNoSpaceLeft();
    return bytes;
  }

  private static void saveVariables(ServingGraph.Exportable model, Session session, Path folder)
      throws IOException {
    try (TString prefix = TString.scalarOf(folder.resolve("variables").toString())) {
      session
          .runner()
          .feed(model.saver().filename(), prefix)
          .fetch(model.saver().done())
          .run()
          .close();
    } catch (TensorFlowException e) {
      throw new IOException(folder + ": the variables cannot be written: " + e.getMessage(), e);
    }
  }
}
