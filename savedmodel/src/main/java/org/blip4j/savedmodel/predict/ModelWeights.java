package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.CheckpointFit;
import org.blip4j.graph.weights.VariableValues;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.DataStorageVisitor;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Where a graph's variables get their values from. */
sealed interface ModelWeights {

  /**
   * Gives every variable of the graph its value.
   *
   * @throws IOException if variables are missing or have another shape, all named at once; or if
   *     the files are damaged
   */
  void load(ServingGraph graph, Session session) throws IOException;

  /**
   * A TensorFlow checkpoint with our names; tensors that the graph does not use are left alone.
   *
   * @param prefix path without {@code .index}
   */
  record Checkpoint(Path prefix) implements ModelWeights {
    @Override
    public void load(ServingGraph graph, Session session) throws IOException {
      Map<String, TensorBundleReader.Entry> stored = TensorBundleReader.open(prefix).variables();
      CheckpointFit fit = new CheckpointFit();
      for (Variable<?> variable : graph.variables()) {
        fit.check(variable, Optional.ofNullable(stored.get(variable.name())));
      }
      fit.require(prefix, "config.json");
      try (TString path = TString.scalarOf(prefix.toString())) {
        session
            .runner()
            .feed(graph.saver().filename(), path)
            .addTarget(graph.saver().restoreAll())
            .run()
            .close();
      } catch (TensorFlowException e) {
        throw new IOException(prefix + ": the weights cannot be read: " + e.getMessage(), e);
      }
    }
  }

  /**
   * Published weights.
   *
   * @param file a {@code .pth}, a safetensors file, or a Hugging Face folder; stays open
   * @param task what the graph was built for
   */
  record Published(WeightFile file, Task task) implements ModelWeights {
    @Override
    public void load(ServingGraph graph, Session session) throws IOException {
      List<VariableValues.Wanted> shapes =
          graph.variables().stream()
              .map(v -> new VariableValues.Wanted(v.name(), v.shape()))
              .toList();
      WeightNames names = WeightImporter.names(file, task == Task.PRETRAIN);
      WeightImporter importer = WeightImporter.plan(file, names, shapes);
      Map<String, Tensor> values = new ConcurrentHashMap<>();
      try {
        importer.parallel(variable -> read(importer, variable, values));
        assign(graph, session, values);
      } finally {
        values.values().forEach(Tensor::close);
      }
    }

    /** Reads a variable right into the memory of a tensor. */
    private static void read(
        WeightImporter importer, VariableValues.Wanted variable, Map<String, Tensor> values)
        throws IOException {
      if (WeightNames.isInteger(variable.name())) {
        long[] numbers = importer.longs(variable.name());
        values.put(
            variable.name(),
            TInt64.tensorOf(variable.shape(), DataBuffers.of(numbers, true, false)));
        return;
      }
      TFloat32 tensor = TFloat32.tensorOf(variable.shape());
      values.put(variable.name(), tensor);
      importer.read(variable.name(), NativeMemory.of(tensor.asRawTensor()));
    }

    /** Variables keep the fed memory itself, so there is never a second copy of all weights. */
    private static void assign(ServingGraph graph, Session session, Map<String, Tensor> values) {
      Session.Runner runner = session.runner();
      for (Variable<?> variable : graph.variables()) {
        runner.feed(graph.saver().stored(variable), values.get(variable.name()));
      }
      runner.addTarget(graph.saver().restoreAll()).run().close();
    }
  }

  /**
   * The variables of a model that is open already; their memory is shared, since neither graph
   * assigns them again.
   */
  record Shared(LoadedModel model) implements ModelWeights {
    @Override
    public void load(ServingGraph graph, Session session) {
      Session.Runner reading = model.session().runner();
      List<String> names = new ArrayList<>();
      for (Variable<?> variable : model.graph().variables()) {
        names.add(variable.name());
        reading.fetch(variable.value());
      }
      try (Result values = reading.run()) {
        Session.Runner writing = session.runner();
        for (Variable<?> variable : graph.variables()) {
          writing.feed(graph.saver().stored(variable), values.get(names.indexOf(variable.name())));
        }
        writing.addTarget(graph.saver().restoreAll()).run().close();
      }
    }
  }

  /**
   * The memory of a tensor as a buffer, so that a file is read right into it; valid as long as the
   * tensor is open.
   */
  final class NativeMemory extends Pointer {
    private NativeMemory(long address) {
      this.address = address;
    }

    /**
     * The bytes of a tensor, in the order of the machine.
     *
     * @throws IllegalArgumentException if the tensor has more than 2 GiB
     */
    static ByteBuffer of(RawTensor tensor) {
      long bytes = tensor.numBytes();
      if (bytes > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("a tensor of " + bytes + " bytes; at most 2 GiB");
      }
      return tensor.data().accept(new Address(bytes)).order(ByteOrder.nativeOrder());
    }

    /** Asks a buffer for its address. */
    private static final class Address implements DataStorageVisitor<ByteBuffer> {
      private final long bytes;

      private Address(long bytes) {
        this.bytes = bytes;
      }

      @Override
      public ByteBuffer visit(ByteBuffer buffer) {
        return buffer;
      }

      @Override
      public ByteBuffer visit(long address, long length, long scale) {
        return new BytePointer(new NativeMemory(address)).capacity(bytes).asByteBuffer();
      }

      @Override
      public ByteBuffer fallback() {
        throw new IllegalStateException("a tensor without memory of its own");
      }
    }
  }
}
