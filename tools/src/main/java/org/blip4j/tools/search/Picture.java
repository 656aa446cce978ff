package org.blip4j.tools.search;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;

/**
 * A picture of an index: where it lies, and how its file was when its feature was computed.
 *
 * @param image what it is called in results: its path, or its key in a shard
 * @param file the absolute path of its file, or of its shard
 * @param record its number in the shard, from 0; -1 for a file of its own
 * @param offset where its record begins in a shard that is not compressed
 * @param stamp of the file
 */
record Picture(String image, String file, long record, long offset, Stamp stamp) {

  /**
   * What a changed file is told by.
   *
   * @param bytes its length
   * @param modified when it was last changed, in nanoseconds since 1970
   */
  record Stamp(long bytes, long modified) {
    static Stamp of(Path file) throws IOException {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(now.size(), now.lastModifiedTime().to(TimeUnit.NANOSECONDS));
    }
  }

  /** A picture that is alone in its file. */
  static Picture ofFile(Path absolute, Stamp stamp) {
    return new Picture(absolute.toString(), absolute.toString(), -1, 0, stamp);
  }

  /** What stays the same when the file changes. */
  String place() {
    return record < 0 ? file : file + "#" + record;
  }

  /** Its bytes, or why there are none: the file is gone or was changed since, say. */
  LoadedImage read() {
    Path path = Path.of(file);
    try {
      if (Files.exists(path) && !Stamp.of(path).equals(stamp)) {
        return failed("was changed since it was indexed; give search index again");
      }
      return record < 0 ? ImageStream.read(path) : readRecord(path);
    } catch (IOException e) {
      return failed(String.valueOf(e.getMessage()));
    }
  }

  private LoadedImage readRecord(Path shard) throws IOException {
    if (!Files.exists(shard)) {
      return failed("its shard " + file + " is gone");
    }
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      if (reader.isPlain()) {
        reader.seek(offset);
      } else {
        for (long passed = 0; passed < record && reader.skip(); passed++) {}
      }
      Optional<byte[]> found = reader.next();
      if (found.isEmpty()) {
        return failed("its shard has no record " + record);
      }
      ByteString bytes = ExampleCodec.standard().imageText(found.get(), image).image();
      return LoadedImage.of(image, Optional.empty(), bytes);
    }
  }

  private LoadedImage failed(String why) {
    return LoadedImage.failed(image, Optional.empty(), why);
  }
}
