package org.blip4j.tools.serve;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.tools.serve.ServingException.Code;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.SignatureDef;

/**
 * One loaded version of a model. Calls are checked against the signature before they are queued,
 * cut into rows, and run in batches with the rows of others; a signature whose inputs or outputs
 * are not lists of rows is run as it is called.
 */
final class ServedModel implements Closeable {
  /** The file of requests to run before the first client is let in. */
  private static final String WARMUP = "assets.extra/tf_serving_warmup_requests";

  private static final int MOST_WARMUPS = 1000;

  /** How models are run. */
  record Settings(ConfigProto session, DynamicBatching.Settings batching) {
    Settings {
      Objects.requireNonNull(session, "session");
      Objects.requireNonNull(batching, "batching");
    }
  }

  /** Hears of every call and batch. */
  interface Listener {
    /** A call of so many rows was queued. */
    void asked(int rows);

    /** A row waited for its batch. */
    void waited(Duration time);

    /** So many rows were run together. */
    void ran(int rows, Duration time);

    /** The requests to warm up with were run. */
    void warmed(Path version, Duration time);
  }

  /**
   * A row that waits.
   *
   * @param since when it was queued, of {@link System#nanoTime}
   */
  private record Waiting(Map<String, TensorData> tensors, long since) {}

  private final SavedModelBundle bundle;
  private final Settings settings;
  private final Listener listener;
  private final TreeMap<String, SignatureDef> signatures;

  /** By input and output tensors: signatures with the same ones share a queue. */
  private final Map<String, DynamicBatching<Waiting, Map<String, TensorData>>> queues =
      new LinkedHashMap<>();

  private ServedModel(SavedModelBundle bundle, Settings settings, Listener listener) {
    this.bundle = bundle;
    this.settings = settings;
    this.listener = listener;
    this.signatures = new TreeMap<>(bundle.metaGraphDef().getSignatureDefMap());
    signatures.remove("__saved_model_init_op");
    signatures.values().forEach(this::makeQueue);
  }

  /**
   * Loads a version folder and runs its warm-up requests.
   *
   * @throws ServingException if it is no SavedModel, or one of the requests fails
   */
  static ServedModel load(Path version, Settings settings, Listener listener)
      throws ServingException, IOException {
    if (!Files.exists(version.resolve("saved_model.pb"))) {
      throw new ServingException(
          Code.NOT_FOUND,
          version + " does not appear to contain a SavedModel bundle (no saved_model.pb)");
    }
    ServedModel model;
    try {
      model =
          new ServedModel(
              SavedModelBundle.loader(version.toString())
                  .withTags("serve")
                  .withConfigProto(settings.session())
                  .load(),
              settings,
              listener);
    } catch (RuntimeException e) {
      throw ServingException.of(e);
    }
    try {
      model.warmUp(version);
      return model;
    } catch (ServingException | IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private void makeQueue(SignatureDef signature) {
    boolean rows = SignatureShapes.inRows(signature);
    DynamicBatching.Settings own = settings.batching();
    DynamicBatching.Settings single =
        new DynamicBatching.Settings(1, own.maxWait(), own.maxQueued(), own.runners());
    queues.computeIfAbsent(
        queueKey(signature),
        key ->
            DynamicBatching.start(rows ? own : single, waiting -> runQueued(signature, waiting)));
  }

  private static String queueKey(SignatureDef signature) {
    return new TreeMap<>(signature.getInputsMap()) + " " + new TreeMap<>(signature.getOutputsMap());
  }

  /** Signatures by name. */
  Map<String, SignatureDef> signatures() {
    return signatures;
  }

  /** How many rows wait. */
  int queued() {
    return queues.values().stream().mapToInt(DynamicBatching::queued).sum();
  }

  /**
   * Calls a signature.
   *
   * @param client whose turn it is in the queue
   * @param inputs a tensor for each input, no others
   * @return a tensor for each output, or a failure that {@link ServingException#of} understands
   */
  CompletableFuture<Map<String, TensorData>> run(
      Object client, SignatureDef signature, Map<String, TensorData> inputs, Duration limit)
      throws ServingException {
    boolean inRows = SignatureShapes.inRows(signature);
    Map<String, TensorData> fitting = SignatureShapes.fitting(signature, inputs, inRows);
    int rows = inRows ? Math.toIntExact(fitting.values().iterator().next().rows()) : 1;
    if (rows == 0) {
      return CompletableFuture.completedFuture(SignatureShapes.nothing(signature));
    }
    if (rows > settings.batching().maxQueued()) {
      throw ServingException.invalid(
          "Task size %d is larger than maximum input batch size %d"
              .formatted(rows, settings.batching().maxQueued()));
    }
    long now = System.nanoTime();
    List<Waiting> calls =
        IntStream.range(0, rows)
            .mapToObj(row -> new Waiting(rows == 1 ? fitting : each(fitting, row), now))
            .toList();
    listener.asked(rows);
    return queues
        .get(queueKey(signature))
        .submit(client, calls, limit)
        .thenApply(ServedModel::below);
  }

  private static Map<String, TensorData> each(Map<String, TensorData> tensors, int row) {
    Map<String, TensorData> one = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> one.put(name, tensor.row(row)));
    return one;
  }

  private static Map<String, TensorData> below(List<Map<String, TensorData>> rows) {
    Map<String, TensorData> all = new LinkedHashMap<>();
    rows.get(0)
        .keySet()
        .forEach(
            name ->
                all.put(name, TensorData.concat(rows.stream().map(row -> row.get(name)).toList())));
    return all;
  }

  private List<Map<String, TensorData>> runQueued(SignatureDef signature, List<Waiting> waiting) {
    long now = System.nanoTime();
    waiting.forEach(row -> listener.waited(Duration.ofNanos(now - row.since())));
    return runTogether(signature, waiting.stream().map(Waiting::tensors).toList());
  }

  /** Runs calls, those of the same shapes in one run. */
  private List<Map<String, TensorData>> runTogether(
      SignatureDef signature, List<Map<String, TensorData>> calls) {
    Map<List<Long>, List<Integer>> alike = new LinkedHashMap<>();
    for (int i = 0; i < calls.size(); i++) {
      List<Long> shapes = new ArrayList<>();
      calls.get(i).values().forEach(t -> Arrays.stream(t.shape()).forEach(shapes::add));
      alike.computeIfAbsent(shapes, key -> new ArrayList<>()).add(i);
    }
    List<Map<String, TensorData>> outputs = new ArrayList<>(calls);
    for (List<Integer> group : alike.values()) {
      Map<String, TensorData> all =
          runNow(signature, below(group.stream().map(calls::get).toList()));
      for (int row = 0; row < group.size(); row++) {
        outputs.set(group.get(row), group.size() == 1 ? all : each(all, row));
      }
    }
    return outputs;
  }

  private Map<String, TensorData> runNow(SignatureDef signature, Map<String, TensorData> inputs) {
    long start = System.nanoTime();
    List<Tensor> fed = new ArrayList<>();
    try {
      Session.Runner runner = bundle.session().runner();
      inputs.forEach(
          (name, value) -> {
            fed.add(value.toTensor());
            runner.feed(signature.getInputsOrThrow(name).getName(), fed.get(fed.size() - 1));
          });
      List<String> names = List.copyOf(new TreeMap<>(signature.getOutputsMap()).keySet());
      names.forEach(name -> runner.fetch(signature.getOutputsOrThrow(name).getName()));
      Map<String, TensorData> outputs = new LinkedHashMap<>();
      try (Result result = runner.run()) {
        for (int i = 0; i < names.size(); i++) {
          outputs.put(names.get(i), TensorData.of(result.get(i)));
        }
      }
      int rows =
          Math.toIntExact(inputs.values().stream().mapToLong(TensorData::rows).max().orElse(1));
      listener.ran(rows, Duration.ofNanos(System.nanoTime() - start));
      return outputs;
    } finally {
      fed.forEach(Tensor::close);
    }
  }

  private void warmUp(Path version) throws ServingException, IOException {
    Path file = version.resolve(WARMUP);
    if (!Files.exists(file)) {
      return;
    }
    long start = System.nanoTime();
    try (TfRecordReader records = TfRecordReader.open(file)) {
      int count = 0;
      for (var record = records.next(); record.isPresent(); record = records.next()) {
        if (++count > MOST_WARMUPS) {
          throw ServingException.invalid(
              "Number of warmup records exceeds the maximum (%d)".formatted(MOST_WARMUPS));
        }
        Message log = ServingMessages.parse("PredictionLog", ByteString.copyFrom(record.get()));
        if (!ServingMessages.has(log, "predict_log")) {
          throw new ServingException(
              Code.UNIMPLEMENTED, "a warm-up record is no PredictLog, the one kind that is run");
        }
        Message request = ServingMessages.part(ServingMessages.part(log, "predict_log"), "request");
        String key =
            ServingMessages.text(ServingMessages.part(request, "model_spec"), "signature_name");
        SignatureDef signature = signatureOf(key);
        Map<String, TensorData> inputs = ServingMessages.inputs(request, signature);
        Map<String, TensorData> unused =
            runNow(signature, SignatureShapes.fitting(signature, inputs, false));
      }
      listener.warmed(version, Duration.ofNanos(System.nanoTime() - start));
    } catch (TfRecordException e) {
      throw new ServingException(
          Code.DATA_LOSS,
          e.getMessage() + "; Please verify your warmup data is in TFRecord format.");
    }
  }

  /** A signature as gRPC names it; none is {@code serving_default}. */
  SignatureDef signatureOf(String key) throws ServingException {
    SignatureDef signature = signatures.get(key.isEmpty() ? "serving_default" : key);
    if (signature == null) {
      throw new ServingException(
          Code.FAILED_PRECONDITION, "Serving signature key \"%s\" not found.".formatted(key));
    }
    return signature;
  }

  /** Answers what is queued, then lets the model go. */
  @Override
  public void close() {
    queues.values().forEach(DynamicBatching::close);
    bundle.close();
  }
}
