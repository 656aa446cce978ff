package org.blip4j.data.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes PyTorch checkpoints operation by operation, as no program would. */
final class PickleWriter {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final List<float[]> storages = new ArrayList<>();

  PickleWriter() {
    raw(0x80, 2);
  }

  PickleWriter raw(int... operations) {
    for (int operation : operations) {
      pickle.write(operation);
    }
    return this;
  }

  PickleWriter raw(String operations) {
    pickle.writeBytes(operations.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  PickleWriter text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    raw('X').littleEndian(bytes.length);
    pickle.writeBytes(bytes);
    return this;
  }

  PickleWriter number(int number) {
    return raw('J').littleEndian(number);
  }

  /** {@code module name}, such as {@code torch FloatStorage}. */
  PickleWriter global(String name) {
    return raw("c" + name.replace(' ', '\n') + "\n");
  }

  /** A float vector with a storage of its own. */
  PickleWriter tensor(float... values) {
    global("torch._utils _rebuild_tensor_v2").raw("((").text("storage");
    global("torch FloatStorage").text(Integer.toString(storages.size())).text("cpu");
    number(values.length).raw("tQ").number(0);
    number(values.length).raw(0x85).number(1).raw(0x85, 0x89);
    global("collections OrderedDict").raw(")RtR");
    storages.add(values);
    return this;
  }

  /** A dictionary of vectors of one number. */
  PickleWriter dictionary(Map<String, Float> entries) {
    raw("}(");
    entries.forEach((name, value) -> text(name).tensor(value));
    return raw("u");
  }

  private PickleWriter littleEndian(int number) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    pickle.writeBytes(bytes.putInt(number).array());
    return this;
  }

  /** The archive that {@code torch.save} makes. */
  Path write(Path file) throws IOException {
    raw(".");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "archive/data.pkl", pickle.toByteArray());
      for (int i = 0; i < storages.size(); i++) {
        ByteBuffer bytes =
            ByteBuffer.allocate(storages.get(i).length * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(storages.get(i));
        put(zip, "archive/data/" + i, bytes.array());
      }
    }
    return file;
  }

  /** The form before torch 1.6: five pickles, then the storages. */
  Path writeLegacy(Path file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PickleWriter magic = new PickleWriter().raw(0x8a, 10);
    magic.raw(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).raw(".");
    out.writeBytes(magic.pickle.toByteArray());
    out.writeBytes(new PickleWriter().raw("M").raw(0xe9, 3).raw(".").pickle.toByteArray());
    PickleWriter system = new PickleWriter().raw("}").text("little_endian").raw(0x88, 's', '.');
    out.writeBytes(system.pickle.toByteArray());
    out.writeBytes(raw(".").pickle.toByteArray());
    PickleWriter keys = new PickleWriter().raw("](");
    for (int i = 0; i < storages.size(); i++) {
      keys.text(Integer.toString(i));
    }
    out.writeBytes(keys.raw("e.").pickle.toByteArray());
    for (float[] storage : storages) {
      ByteBuffer bytes =
          ByteBuffer.allocate(Long.BYTES + storage.length * Float.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(storage.length);
      bytes.asFloatBuffer().put(storage);
      out.writeBytes(bytes.array());
    }
    return Files.write(file, out.toByteArray());
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
