package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Bodies of requests and a server's configuration with bytes changed, inserted, repeated and cut
 * off by chance: each is read, or refused in words as the fault of who sent it. {@code
 * -Dblip.attacks=N} sets how many the slow test tries of each kind.
 */
final class RequestAttackTest {
  private static final int SHORT = 1000;
  private static final int LONG = Integer.getInteger("blip.attacks", 20_000);
  private static final byte[] MEANINGFUL =
      "{}[]\",:-+.0123456789eEtfnuNI\\/= \n\u0000\u0080\u00ff".getBytes(UTF_8);

  /** Of an image, a number and a tensor. */
  private static final SignatureDef SIGNATURE =
      SignatureDef.newBuilder()
          .putInputs("image_bytes", input(DataType.DT_STRING, -1))
          .putInputs("seed", input(DataType.DT_INT64, -1))
          .putInputs("pixels", input(DataType.DT_FLOAT, -1, 2, 1))
          .build();

  private static final SignatureDef TEXTS =
      SignatureDef.newBuilder().putInputs("text", input(DataType.DT_STRING, -1)).build();

  @TempDir private Path folder;

  private static TensorInfo input(DataType type, long... shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    Arrays.stream(shape).forEach(size -> sizes.addDimBuilder().setSize(size));
    return TensorInfo.newBuilder().setDtype(type).setTensorShape(sizes).build();
  }

  enum Kind {
    ROWS(
        """
        {"signature_name":"x","instances":[
          {"image_bytes":{"b64":"/9j/4A=="},"seed":7,"pixels":[[0.5],[-1e-3]]},
          {"image_bytes":"caf\\u00e9 \\ud83d\\ude00","seed":-3,"pixels":[[NaN],[2]]}]}\
        """),
    COLUMNS(
        """
        {"inputs":{"image_bytes":[{"b64":"QUJD"},"b"],"seed":[1,9223372036854775807],
          "pixels":[[[1.5],[2]],[[3e38],[-Infinity]]]}}\
        """),
    TEXT("{\"signature_name\":\"text\",\"instances\":[\"a dog\",{\"b64\":\"QQ==\"},{\"text\":1}]}"),
    EXAMPLES(
        """
        {"signature_name":"x","context":{"a":[1,2]},
          "examples":[{"b":"text","c":[1.5,2.5],"d":{"b64":"QUJD"}},{"b":["x","y"]}]}\
        """),
    CONFIGURATION(
        """
        model_config_list {
          config {
            name: "caption" base_path: "/models/caption" model_platform: "tensorflow"
            model_version_policy { specific { versions: 1 versions: 2 } }
            version_labels { key: "stable" value: 1 }
          }
          config { name: "match" base_path: "m\\303\\251" model_version_policy { all {} } }
        }
        """);

    private final String whole;

    Kind(String whole) {
      this.whole = whole;
    }
  }

  private static byte[] mutated(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = MEANINGFUL[random.nextInt(MEANINGFUL.length)];
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> { // a part comes again
          int length = random.nextInt(Math.min(40, bytes.length - at));
          byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
          System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
          bytes = longer;
        }
        default -> { // a part is gone
          int next = Math.min(bytes.length - 1, at + 1 + random.nextInt(20));
          byte[] shorter = Arrays.copyOf(bytes, bytes.length - (next - at));
          System.arraycopy(bytes, next, shorter, at, bytes.length - next);
          bytes = shorter.length == 0 ? bytes : shorter;
        }
      }
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  /** Whether it was read; else it was refused in words. */
  private boolean accepts(Kind kind, byte[] bytes) throws IOException {
    try {
      switch (kind) {
        case ROWS, COLUMNS, TEXT -> {
          RequestJson.Request request =
              RequestJson.read(bytes, name -> name.equals("text") ? TEXTS : SIGNATURE);
          int inputs = SignatureShapes.fitting(request.signature(), request.inputs(), true).size();
          assertEquals(request.signature().getInputsCount(), inputs);
        }
        case EXAMPLES -> assertFalse(ExamplesJson.read(bytes).contains("\u0000\u0000"));
        case CONFIGURATION -> {
          Path file = folder.resolve("models.config");
          Files.write(file, bytes);
          ModelConfigs.read(file).forEach(model -> assertFalse(model.name().isEmpty()));
        }
      }
      return true;
    } catch (ServingException e) {
      assertTrue(e.code().status() < 500, e.full());
      assertFalse(e.getMessage().contains("java."), e.getMessage());
    } catch (IOException | IllegalArgumentException e) {
      assertEquals(Kind.CONFIGURATION, kind);
      assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
      assertFalse(e.getMessage().contains("java."), e.getMessage());
    }
    return false;
  }

  private void attack(Kind kind, int rounds) throws IOException {
    byte[] whole = kind.whole.getBytes(UTF_8);
    assertTrue(kind == Kind.TEXT || accepts(kind, whole), () -> "refused as it is: " + kind.whole);
    Random random = new Random(kind.name().hashCode());
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] bytes = mutated(whole, random);
      try {
        refused += accepts(kind, bytes) ? 0 : 1;
      } catch (RuntimeException | Error | IOException e) {
        fail("round " + round + ": " + new String(bytes, UTF_8), e);
      }
    }
    assertTrue(refused > rounds / 20, refused + " of " + rounds + " were refused");
    assertTrue(kind == Kind.TEXT || refused < rounds, "all were refused");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void damageIsReadOrRefusedInWords(Kind kind) throws IOException {
    attack(kind, SHORT);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  @Tag("slow")
  void damageIsReadOrRefusedInWordsForLong(Kind kind) throws IOException {
    attack(kind, LONG);
  }
}
