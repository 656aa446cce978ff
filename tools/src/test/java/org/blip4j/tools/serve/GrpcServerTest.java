package org.blip4j.tools.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** The three methods over gRPC, with messages that are put together by their numbers. */
class GrpcServerTest {
  private static final ModelServer SERVER = TinyServer.get();
  private static GrpcServer grpc;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws IOException {
    grpc = GrpcServer.start(SERVER, "127.0.0.1", 0, TinyServer.WORKERS);
    channel = NettyChannelBuilder.forAddress("127.0.0.1", grpc.port()).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    ManagedChannel unused = channel.shutdownNow();
    grpc.close();
  }

  private static Message call(String method, String message, Message request) {
    MethodDescriptor<Message, Message> described =
        MethodDescriptor.<Message, Message>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("tensorflow.serving." + method)
            .setRequestMarshaller(new GrpcServer.Marshaller(message + "Request"))
            .setResponseMarshaller(new GrpcServer.Marshaller(message + "Response"))
            .build();
    return ClientCalls.blockingUnaryCall(channel, described, CallOptions.DEFAULT, request);
  }

  private static DynamicMessage.Builder request(String type, String model, String signature) {
    DynamicMessage.Builder spec = ServingMessages.builder("ModelSpec");
    ServingMessages.set(ServingMessages.set(spec, "name", model), "signature_name", signature);
    return ServingMessages.set(ServingMessages.builder(type), "model_spec", spec.build());
  }

  private static Message predict(String model, String signature, byte[]... images) {
    DynamicMessage.Builder input = ServingMessages.builder("TensorEntry");
    TensorData tensor = TensorData.ofStrings(new long[] {images.length}, images);
    ServingMessages.set(input, "key", "image_bytes");
    ServingMessages.set(input, "value", tensor.toProto());
    DynamicMessage.Builder request = request("PredictRequest", model, signature);
    return ServingMessages.set(request, "inputs", input.build()).build();
  }

  @Test
  void answersAsTheModelItselfDoes() throws Exception {
    byte[][] images = {
      TinyModel.image(1, "png"), Served.bytes("junk")[0], TinyModel.image(2, "png")
    };
    Message response = call("PredictionService/Predict", "Predict", predict("caption", "", images));
    ServedModel model = SERVER.models().find("caption", Optional.of(3L), Optional.empty()).model();
    byte[][] captions =
        model
            .run(
                "test",
                model.signatureOf("caption"),
                Map.of("image_bytes", TensorData.ofStrings(new long[] {3}, images)),
                Duration.ofMinutes(1))
            .join()
            .get("caption")
            .strings();
    int compared = 0;
    for (Message entry : ServingMessages.parts(response, "outputs")) {
      TensorProto tensor =
          TensorProto.parseFrom(ServingMessages.part(entry, "value").toByteString());
      if (ServingMessages.text(entry, "key").equals("caption")) {
        assertEquals(
            Stream.of(captions).map(ByteString::copyFrom).toList(), tensor.getStringValList());
        compared++;
      }
    }
    assertEquals(1, compared);
    assertEquals(
        3L, ServingMessages.version(ServingMessages.part(response, "model_spec")).orElseThrow());
  }

  @Test
  void refusesWithServingsCodes() {
    assertRefused(
        Status.Code.NOT_FOUND, "Servable not found for request: Latest(nope)", "nope", "");
    assertRefused(
        Status.Code.FAILED_PRECONDITION,
        "Serving signature key \"nope\" not found.",
        "caption",
        "nope");
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "input size does not match signature: 1!=2 len({image_bytes}) != len({image_bytes,seed})."
            + " Sent extra: {}. Missing but required: {seed}.",
        "caption",
        "caption_sample");
  }

  private static void assertRefused(Status.Code code, String text, String model, String signature) {
    Message request = predict(model, signature, TinyModel.image(1, "png"));
    StatusRuntimeException e =
        assertThrows(
            StatusRuntimeException.class,
            () -> call("PredictionService/Predict", "Predict", request));
    assertEquals(code, e.getStatus().getCode());
    assertEquals(text, e.getStatus().getDescription());
  }

  /** Few bytes that say they are many: refused before anything is filled. */
  @Test
  void hugeTensorsOfFewValuesAreRefused() {
    TensorProto.Builder numbers =
        TensorProto.newBuilder().setDtype(DataType.DT_INT64).addInt64Val(7);
    TensorProto.Builder texts =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .addStringVal(ByteString.copyFrom(new byte[1 << 16]));
    for (TensorProto.Builder few : List.of(numbers, texts)) {
      for (long[] shape : new long[][] {{1L << 27}, {1L << 20, 1}, {1L << 40, 1L << 40}, {-1}}) {
        ServingException e =
            assertThrows(ServingException.class, () -> TensorData.of(shaped(few, shape)));
        assertEquals(ServingException.Code.INVALID_ARGUMENT, e.code());
      }
    }
    long[] deep = new long[1000];
    Arrays.fill(deep, 1);
    assertThrows(ServingException.class, () -> TensorData.of(shaped(numbers, deep)));
  }

  @Test
  void theLastValueStandsForThoseLeftOut() throws ServingException {
    TensorProto.Builder numbers =
        TensorProto.newBuilder().setDtype(DataType.DT_INT32).addIntVal(1).addIntVal(7);
    TensorData four = TensorData.of(shaped(numbers, 2, 2));
    assertEquals(List.of(1, 7, 7, 7), IntStream.range(0, 4).mapToObj(four::number).toList());
    TensorProto.Builder texts =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .addStringVal(ByteString.copyFromUtf8("a"));
    TensorData three = TensorData.of(shaped(texts, 3));
    assertSame(three.strings()[0], three.strings()[2], "not a copy for each");
  }

  private static TensorProto shaped(TensorProto.Builder values, long... shape) {
    TensorShapeProto.Builder made = TensorShapeProto.newBuilder();
    for (long size : shape) {
      made.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return values.clone().setTensorShape(made).build();
  }

  /** Inputs that no signature has are refused by name before any of them is read. */
  @Test
  void inputsOfNoSignatureAreNotRead() {
    TensorProto large =
        shaped(TensorProto.newBuilder().setDtype(DataType.DT_INT64).addInt64Val(7), 1L << 27);
    DynamicMessage.Builder request = request("PredictRequest", "caption", "");
    for (String name : List.of("image_bytes", "more")) {
      DynamicMessage.Builder input = ServingMessages.builder("TensorEntry");
      ServingMessages.set(ServingMessages.set(input, "key", name), "value", large);
      ServingMessages.set(request, "inputs", input.build());
    }
    StatusRuntimeException e =
        assertThrows(
            StatusRuntimeException.class,
            () -> call("PredictionService/Predict", "Predict", request.build()));
    assertEquals(Status.Code.INVALID_ARGUMENT, e.getStatus().getCode());
    String text = e.getStatus().getDescription();
    assertTrue(text.startsWith("input size does not match signature: 2!=1"), text);
  }

  /** A version is let go between being found and being run; the next one answers. */
  @Test
  void aCallWhoseVersionIsReplacedBeginsAgain() throws Exception {
    DynamicBatching<String, String> old =
        DynamicBatching.start(DynamicBatching.Settings.of(1), rows -> rows);
    old.close();
    List<String> begun = new ArrayList<>();
    try (DynamicBatching<String, String> next =
        DynamicBatching.start(DynamicBatching.Settings.of(1), rows -> rows)) {
      String answer =
          ModelServer.whileReplaced(
                  () -> {
                    begun.add("call");
                    return (begun.size() == 1 ? old : next)
                        .submit("client", "row")
                        .thenApply(row -> row + " done");
                  })
              .get(10, TimeUnit.SECONDS);
      assertEquals("row done", answer);
    }
    begun.clear();
    ModelServer.Call<String> never =
        () -> {
          begun.add("call");
          return old.submit("client", "row");
        };
    ExecutionException e =
        assertThrows(
            ExecutionException.class,
            () -> ModelServer.whileReplaced(never).get(10, TimeUnit.SECONDS));
    assertEquals("closed; it takes no more rows", e.getCause().getMessage());
    assertEquals(3, begun.size());
  }

  /** Clients take turns by address, not by connection. */
  @Test
  void knowsItsClientsByTheirAddress() {
    ServerCall<String, String> call =
        new SimpleForwardingServerCall<>(null) {
          @Override
          public Attributes getAttributes() {
            return Attributes.newBuilder()
                .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, new InetSocketAddress("127.0.0.7", 4711))
                .build();
          }
        };
    List<String> clients = new ArrayList<>();
    ServerCall.Listener<String> unused =
        GrpcServer.withClient(
            call,
            new Metadata(),
            (one, headers) -> {
              clients.add(GrpcServer.CLIENT.get());
              return new ServerCall.Listener<>() {};
            });
    assertEquals(List.of("127.0.0.7"), clients);
  }

  @Test
  void tellsSignaturesAndStates() throws Exception {
    DynamicMessage.Builder request = request("GetModelMetadataRequest", "caption", "");
    ServingMessages.set(request, "metadata_field", "signature_def");
    Message metadata =
        call("PredictionService/GetModelMetadata", "GetModelMetadata", request.build());
    Message packed = ServingMessages.parts(metadata, "metadata").get(0);
    Any any = Any.parseFrom(ServingMessages.part(packed, "value").toByteString());
    Message map = ServingMessages.parse("SignatureDefMap", any.getValue());
    assertTrue(
        ServingMessages.parts(map, "signature_def").stream()
            .map(entry -> ServingMessages.text(entry, "key"))
            .toList()
            .containsAll(List.of("serving_default", "caption", "caption_sample")));
    Message status =
        call(
            "ModelService/GetModelStatus",
            "GetModelStatus",
            request("GetModelStatusRequest", "caption", "").build());
    Message version = ServingMessages.parts(status, "model_version_status").get(0);
    assertEquals(3L, ServingMessages.get(version, "version"));
    assertEquals(30, ServingMessages.get(version, "state"));
  }
}
