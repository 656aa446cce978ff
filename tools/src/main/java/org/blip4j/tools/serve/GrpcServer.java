package org.blip4j.tools.serve;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.blip4j.tools.serve.ModelRepository.Available;
import org.tensorflow.proto.SignatureDef;

/**
 * The same models over gRPC: {@code PredictionService}'s {@code Predict} and {@code
 * GetModelMetadata}, {@code ModelService}'s {@code GetModelStatus}.
 */
final class GrpcServer implements Closeable {
  private static final String PREDICTION = "tensorflow.serving.PredictionService";
  private static final String MODEL = "tensorflow.serving.ModelService";

  /** Tells of every message that is too long; kept here, as its level would be forgotten. */
  private static final Logger LOGGER = Logger.getLogger("io.grpc");

  /** Whose turn it is in queues. */
  static final Context.Key<String> CLIENT = Context.key("client");

  /** Messages whose classes nobody generated. */
  record Marshaller(String type) implements MethodDescriptor.Marshaller<Message> {
    @Override
    public InputStream stream(Message message) {
      return message.toByteString().newInput();
    }

    @Override
    public Message parse(InputStream stream) {
      try {
        return DynamicMessage.parseFrom(ServingMessages.type(type), stream);
      } catch (IOException e) {
        throw Status.INTERNAL.withDescription("no " + type + ": " + e).asRuntimeException();
      }
    }
  }

  /** Answers a request. */
  private interface Method {
    CompletableFuture<Message> answer(Message request) throws ServingException;
  }

  private final ModelServer server;
  private final Executor workers;
  private final Server grpc;

  private GrpcServer(ModelServer server, String host, int port, Executor workers) {
    this.server = server;
    this.workers = workers;
    LOGGER.setLevel(Level.SEVERE);
    ServerServiceDefinition prediction =
        ServerServiceDefinition.builder(PREDICTION)
            .addMethod(
                method(PREDICTION, "Predict", "PredictRequest", "PredictResponse"),
                ServerCalls.asyncUnaryCall((in, out) -> answer(this::predict, in, out)))
            .addMethod(
                method(
                    PREDICTION,
                    "GetModelMetadata",
                    "GetModelMetadataRequest",
                    "GetModelMetadataResponse"),
                ServerCalls.asyncUnaryCall((in, out) -> answer(this::metadata, in, out)))
            .build();
    ServerServiceDefinition model =
        ServerServiceDefinition.builder(MODEL)
            .addMethod(
                method(MODEL, "GetModelStatus", "GetModelStatusRequest", "GetModelStatusResponse"),
                ServerCalls.asyncUnaryCall((in, out) -> answer(this::status, in, out)))
            .build();
    this.grpc =
        NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
            .executor(workers)
            .maxInboundMessageSize(server.settings().mostBytes())
            .maxConcurrentCallsPerConnection(64)
            .maxConnectionIdle(10, TimeUnit.MINUTES)
            .intercept(GrpcServer::withClient)
            .addService(prediction)
            .addService(model)
            .build();
  }

  /** Keeps who calls, without the port, of which a client may have many. */
  static <I, O> ServerCall.Listener<I> withClient(
      ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
    SocketAddress peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    String client =
        peer instanceof InetSocketAddress address ? address.getHostString() : String.valueOf(peer);
    return Contexts.interceptCall(Context.current().withValue(CLIENT, client), call, headers, next);
  }

  private static MethodDescriptor<Message, Message> method(
      String service, String name, String request, String answer) {
    return MethodDescriptor.<Message, Message>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
        .setRequestMarshaller(new Marshaller(request))
        .setResponseMarshaller(new Marshaller(answer))
        .build();
  }

  /** Begins to listen. */
  static GrpcServer start(ModelServer server, String host, int port, Executor workers)
      throws IOException {
    GrpcServer started = new GrpcServer(server, host, port, workers);
    Server unused = started.grpc.start();
    return started;
  }

  int port() {
    return grpc.getPort();
  }

  /** Answers what has begun, and ends after ten seconds at the latest. */
  @Override
  public void close() {
    Server unused = grpc.shutdown();
    try {
      if (!grpc.awaitTermination(10, TimeUnit.SECONDS)) {
        unused = grpc.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(Method method, Message request, StreamObserver<Message> observer) {
    CompletableFuture<Message> answer;
    try {
      answer = method.answer(request);
    } catch (ServingException | RuntimeException | Error e) {
      answer = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<Message> unused =
        answer.whenComplete((message, failure) -> finish(observer, message, failure));
  }

  /** Ends a call, whatever happens; its client would wait. */
  private static void finish(StreamObserver<Message> observer, Message message, Throwable failure) {
    Throwable why = failure;
    if (why == null) {
      try {
        observer.onNext(message);
        observer.onCompleted();
        return;
      } catch (RuntimeException | Error e) {
        why = e;
      }
    }
    try {
      ServingException told = ServingException.of(why);
      observer.onError(
          Status.fromCodeValue(told.code().number())
              .withDescription(told.getMessage())
              .asRuntimeException());
    } catch (RuntimeException e) {
      // the client has gone, or has its answer
    }
  }

  private Available<ServedModel> find(Message request) throws ServingException {
    if (!ServingMessages.has(request, "model_spec")) {
      throw ServingException.invalid("Missing ModelSpec");
    }
    Message spec = ServingMessages.part(request, "model_spec");
    String label = ServingMessages.text(spec, "version_label");
    return server
        .models()
        .find(
            ServingMessages.text(spec, "name"),
            ServingMessages.version(spec),
            label.isEmpty() ? Optional.empty() : Optional.of(label));
  }

  private Duration limit() {
    Duration own = server.settings().limit();
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null) {
      return own;
    }
    Duration left = Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
    return left.compareTo(own) < 0 ? left : own;
  }

  private CompletableFuture<Message> predict(Message request) {
    long start = System.nanoTime();
    String name = ServingMessages.text(ServingMessages.part(request, "model_spec"), "name");
    String client = CLIENT.get();
    return ModelServer.whileReplaced(() -> predict(client, request))
        .whenComplete(
            (message, failure) -> {
              if (server.models().names().contains(name)) { // other names are anybody's
                server.metrics().called(name, ServingException.codeOf(failure), "GRPC", start);
              }
            });
  }

  private CompletableFuture<Message> predict(String client, Message request)
      throws ServingException {
    Available<ServedModel> model = find(request);
    String key =
        ServingMessages.text(ServingMessages.part(request, "model_spec"), "signature_name");
    SignatureDef signature = model.model().signatureOf(key);
    TreeSet<String> wanted = new TreeSet<>();
    ((List<?>) ServingMessages.get(request, "output_filter"))
        .forEach(name -> wanted.add((String) name));
    for (String name : wanted) {
      if (!signature.containsOutputs(name)) {
        throw ServingException.invalid(
            "output tensor alias not found in signature: %s Outputs expected to be in the set {%s}."
                .formatted(
                    name, String.join(",", new TreeSet<>(signature.getOutputsMap().keySet()))));
      }
    }
    Message spec =
        ServingMessages.modelSpec(
            model.name(), key.isEmpty() ? "serving_default" : key, model.version());
    return model
        .model()
        .run(client, signature, ServingMessages.inputs(request, signature), limit())
        .thenApplyAsync(outputs -> ServingMessages.response(outputs, wanted, spec), workers);
  }

  private CompletableFuture<Message> metadata(Message request) throws ServingException {
    List<?> fields = (List<?>) ServingMessages.get(request, "metadata_field");
    if (fields.isEmpty()) {
      throw ServingException.invalid(
          "GetModelMetadataRequest must specify at least one metadata_field");
    }
    for (Object field : fields) {
      if (!field.equals(ServingMessages.SIGNATURES)) {
        throw ServingException.invalid("Metadata field " + field + " is not supported");
      }
    }
    Available<ServedModel> model = find(request);
    DynamicMessage.Builder response = ServingMessages.builder("GetModelMetadataResponse");
    ServingMessages.set(
        response, "model_spec", ServingMessages.modelSpec(model.name(), "", model.version()));
    return CompletableFuture.completedFuture(
        ServingMessages.set(
                response, "metadata", ServingMessages.signatures(model.model().signatures()))
            .build());
  }

  private CompletableFuture<Message> status(Message request) throws ServingException {
    Message spec = ServingMessages.part(request, "model_spec");
    DynamicMessage.Builder response = ServingMessages.builder("GetModelStatusResponse");
    for (ModelRepository.Status version :
        server.models().status(ServingMessages.text(spec, "name"), ServingMessages.version(spec))) {
      DynamicMessage.Builder one = ServingMessages.builder("ModelVersionStatus");
      ServingMessages.set(one, "version", version.version());
      ServingMessages.set(one, "state", version.state().number());
      DynamicMessage.Builder code = ServingMessages.builder("StatusProto");
      ServingMessages.set(code, "error_code", version.code().number());
      ServingMessages.set(code, "error_message", version.message());
      ServingMessages.set(one, "status", code.build());
      ServingMessages.set(response, "model_version_status", one.build());
    }
    return CompletableFuture.completedFuture(response.build());
  }
}
