package org.blip4j.tools.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.primitives.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntBinaryOperator;
import org.blip4j.ops.kernel.Kernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.ConfigProto;

/**
 * A golden whose results can be told without computing: shifts, mirrors and what changes nothing.
 */
class ImageChecksTest {
  private static final int SIDE = 12;

  @TempDir private Path folder;

  private static byte[] picture(IntBinaryOperator level) {
    byte[] bytes = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) level.applyAsInt(i / 3 % SIDE, i / 3 / SIDE);
    }
    return bytes;
  }

  private List<CheckRow> check(byte[] shifted) throws IOException {
    byte[] plain = picture((x, y) -> 10 * x + y);
    Files.writeString(
        folder.resolve("cases.json"),
        """
        {"ops": [
          {"output": "Identity/a", "op": "Identity", "level": 5, "input": "in/a"},
          {"output": "Brightness/a", "op": "Brightness", "level": 5, "input": "in/a", "value": 1.0},
          {"output": "TranslateX/a", "op": "TranslateX", "level": 5, "input": "in/a", "value": 5.0}],
         "crops": [
          {"output": "crop/a", "input": "in/a", "top": 0, "left": 0, "height": 12, "width": 12,
           "size": 12, "horizontal_flip": true}]}
        """);
    StringBuilder header = new StringBuilder();
    byte[] data = new byte[0];
    List<String> names = List.of("in/a", "Identity/a", "Brightness/a", "TranslateX/a", "crop/a");
    List<byte[]> pictures =
        List.of(plain, plain, plain, shifted, picture((x, y) -> 10 * (SIDE - 1 - x) + y));
    for (int i = 0; i < names.size(); i++) {
      header.append(
          "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[12,12,3],\"data_offsets\":[%d,%d]}"
              .formatted(
                  i == 0 ? "{" : ",",
                  names.get(i),
                  data.length,
                  data.length + pictures.get(i).length));
      data = Bytes.concat(data, pictures.get(i));
    }
    byte[] json = header.append('}').toString().getBytes(UTF_8);
    byte[] length =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array();
    Files.write(folder.resolve("tensors.safetensors"), Bytes.concat(length, json, data));
    List<CheckRow> rows = new ArrayList<>();
    GoldenRun.Machine machine =
        new GoldenRun.Machine(ConfigProto.getDefaultInstance(), Kernels.PORTABLE);
    new GoldenRun(Golden.of(folder), machine, rows::add).check();
    return rows;
  }

  private static byte[] shiftedLeft() {
    return picture((x, y) -> x + 5 < SIDE ? 10 * (x + 5) + y : 128);
  }

  @Test
  void everyOperationAndCropIsCompared() throws IOException {
    List<CheckRow> rows = check(shiftedLeft());

    assertEquals(7, rows.size(), rows.toString());
    assertTrue(rows.stream().allMatch(CheckRow::ok), rows.toString());
  }

  @Test
  void oneLevelOffIsFound() throws IOException {
    byte[] wrong = shiftedLeft();
    wrong[40]++;

    assertEquals(
        List.of("TranslateX/a"),
        check(wrong).stream().filter(row -> !row.ok()).map(CheckRow::check).toList());
  }
}
