package org.blip4j.data.weights;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.ndarray.Shape;

/**
 * Files of every kind with bytes changed, inserted and cut off by chance: each is read, or refused
 * in one line that a user understands.
 */
final class ReaderAttackTest {
  private static final int SHORT = 400;
  private static final int LONG = Integer.getInteger("blip.attacks", 4000);
  private static final int HEAD = 400;

  /** Bytes that mean something to a reader. */
  private static final byte[] MEANINGFUL =
      ")]}{(.RaetsuqhNKQb\u0085\u0086\"[:,0-9\u0000\u007f\u0080\u00ff"
          .getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path folder;

  enum Kind {
    ZIP,
    LEGACY,
    SAFETENSORS,
    INDEX_OF_SHARDS,
    CHECKPOINT_INDEX
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void damageEndsInAnAnswerOrInOneLine(Kind kind) throws IOException {
    attack(kind, SHORT);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  @Tag("slow")
  void damageEndsInAnAnswerOrInOneLineForLong(Kind kind) throws IOException {
    attack(kind, LONG);
  }

  @Test
  void namesOfAFileStayOnTheLine() throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{\"a\":\"x\\ny\"}}");
    IOException e = assertThrows(IOException.class, () -> WeightFile.open(folder));
    assertTrue(e.getMessage().contains("shard x?y"), e.getMessage());
  }

  private void attack(Kind kind, int rounds) throws IOException {
    Path file = sample(kind);
    read(kind, file); // whole
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(kind.name().hashCode());
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      Files.write(file, mutated(whole, random));
      try {
        read(kind, file);
      } catch (IOException e) {
        refused++;
        requireReadable(e.getMessage());
      } catch (RuntimeException | Error e) {
        fail("round " + round, e);
      }
    }
    assertTrue(refused > rounds / 20, refused + " of " + rounds + " were refused");
  }

  private static byte[] mutated(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(HEAD, bytes.length) : bytes.length);
      bytes[at] =
          random.nextBoolean()
              ? MEANINGFUL[random.nextInt(MEANINGFUL.length)]
              : (byte) random.nextInt(256);
      if (random.nextInt(4) == 0) {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        bytes = longer;
      }
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private void requireReadable(String message) {
    assertTrue(message.contains(folder.toString()), message);
    assertTrue(message.length() < 1500, message);
    for (String foreign : List.of("\n", "Input length", "fasterxml", "java.", "Stream", "null")) {
      assertFalse(message.contains(foreign), message);
    }
  }

  private static void read(Kind kind, Path file) throws IOException {
    if (kind == Kind.CHECKPOINT_INDEX) {
      TensorBundleReader reader = TensorBundleReader.open(file.resolveSibling("variables"));
      for (TensorBundleReader.Entry entry : reader.variables().values()) {
        switch (entry.type()) {
          case DT_FLOAT -> reader.floats(entry.name());
          case DT_INT64 -> reader.longs(entry.name());
          default -> reader.region(entry.name());
        }
      }
      return;
    }
    Path opened = kind == Kind.INDEX_OF_SHARDS ? file.getParent() : file;
    try (WeightFile weights = WeightFile.open(opened)) {
      for (StoredTensor tensor : weights.tensors().values()) {
        tensor.doubles();
      }
      if (weights instanceof TorchCheckpoint checkpoint) {
        for (String entry : checkpoint.entries()) {
          checkpoint.entry(entry);
        }
      }
    }
  }

  private Path sample(Kind kind) throws IOException {
    Path weights = folder.resolve("model-00001-of-00001.safetensors");
    return switch (kind) {
      case ZIP -> pickle().write(folder.resolve("zip.pth"));
      case LEGACY -> pickle().writeLegacy(folder.resolve("legacy.pth"));
      case SAFETENSORS -> safetensors(weights);
      case INDEX_OF_SHARDS -> {
        safetensors(weights);
        yield Files.writeString(
            folder.resolve("model.safetensors.index.json"),
            "{\"metadata\":{\"total_size\":36},\"weight_map\":{\"a\":\"%1$s\",\"b\":\"%1$s\"}}"
                .formatted(weights.getFileName()));
      }
      case CHECKPOINT_INDEX -> {
        try (TensorBundleWriter writer = TensorBundleWriter.create(folder.resolve("variables"))) {
          writer.add("a/kernel", Shape.of(2, 3), new float[6]);
          writer.add("a/longer/name/kernel", Shape.of(3), new float[3]);
          writer.add("count", Shape.of(1), new long[] {7});
          writer.finish();
        }
        yield folder.resolve("variables.index");
      }
    };
  }

  private static Path safetensors(Path file) throws IOException {
    SafetensorsWriter.write(
        file,
        List.of(
            new SafetensorsWriter.Floats("a", Shape.of(2, 3), () -> new float[6]),
            new SafetensorsWriter.Longs("b", Shape.of(2), () -> new long[2])));
    return file;
  }

  private static PickleWriter pickle() {
    PickleWriter pickle = new PickleWriter().raw("}q\u0000(").text("model");
    pickle.dictionary(new TreeMap<>(Map.of("a.weight", 1f, "b.weight", 2f)));
    pickle
        .text("epoch")
        .number(3)
        .text("args")
        .raw("}(")
        .text("lr")
        .raw("G?\u00f0")
        .raw(new int[6]);
    pickle
        .text("sizes")
        .raw("](")
        .number(1)
        .number(2)
        .raw("eq\u0001")
        .text("again")
        .raw("h\u0001u");
    pickle.text("device").global("torch device").text("cpu").raw("\u0085R");
    return pickle.raw("u");
  }
}
