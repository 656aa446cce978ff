package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;

/**
 * Records that a model is measured on, read as they are needed.
 *
 * @param shards where they are
 * @param codec their columns
 */
public record LabelledRecords(ShardSet shards, ExampleCodec codec) {
  private static final int READ_AT_ONCE = 32;
  private static final int ENCODED_AT_ONCE = 8;

  /** Does something with some adjacent records. */
  public interface Visit<S> {
    /**
     * Takes some.
     *
     * @param first how many records of the kind came before
     */
    void batch(int first, List<S> samples) throws IOException;
  }

  /**
   * Gives all records of a kind, in order.
   *
   * @param atOnce how many at a time
   * @throws IOException if there are none, or one cannot be read
   */
  public <S extends Sample> void forEach(Class<S> type, int atOnce, Visit<S> visit)
      throws IOException {
    List<S> batch = new ArrayList<>();
    int found = 0;
    for (int i = 0; i < shards.size(); i++) {
      Path shard = shards.paths().get(i);
      try (TfRecordReader reader = TfRecordReader.open(shard)) {
        long index = 0;
        for (Optional<byte[]> next = reader.next(); next.isPresent(); next = reader.next()) {
          Sample sample = sample(type, next.get(), shards.names().get(i) + "#" + index++, reader);
          if (type.isInstance(sample)) {
            batch.add(type.cast(sample));
            found++;
          }
          if (batch.size() == atOnce) {
            visit.batch(found - atOnce, batch);
            batch.clear();
          }
        }
      }
    }
    if (!batch.isEmpty()) {
      visit.batch(found - batch.size(), batch);
    }
    if (found == 0) {
      throw new IOException(
          "%s: no record is one of %s; validate on data of the task"
              .formatted(shards.paths().get(0), type.getSimpleName()));
    }
  }

  private Sample sample(Class<?> type, byte[] record, String otherwise, TfRecordReader reader)
      throws IOException {
    try {
      return type == Sample.ImageText.class
          ? codec.imageText(record, otherwise)
          : codec.decode(record, otherwise);
    } catch (SampleException e) {
      throw new IOException(reader.where() + ": " + e.getMessage(), e);
    }
  }

  /** Sees records as they are read. */
  public interface Look {
    void at(List<Sample.ImageText> samples) throws IOException;
  }

  /**
   * Reads what texts there are; images are read anew when they are wanted.
   *
   * @param model decodes them
   * @param look sees the records that are read now
   */
  public Gallery gallery(StagedModel model, Look look) throws IOException {
    ImmutableList.Builder<String> texts = ImmutableList.builder();
    ImmutableList.Builder<ImmutableIntArray> textsOfImage = ImmutableList.builder();
    int[] count = {0};
    forEach(
        Sample.ImageText.class,
        READ_AT_ONCE,
        (first, samples) -> {
          for (Sample.ImageText sample : samples) {
            texts.addAll(sample.texts());
            int end = count[0] + sample.texts().size();
            textsOfImage.add(ImmutableIntArray.copyOf(IntStream.range(count[0], end)));
            count[0] = end;
          }
          look.at(samples);
        });
    return new Gallery(
        (from, block) -> pixels(model, from, block), texts.build(), textsOfImage.build());
  }

  private void pixels(StagedModel model, int from, Gallery.Block block) throws IOException {
    forEach(
        Sample.ImageText.class,
        ENCODED_AT_ONCE,
        (first, all) -> {
          int skipped = Math.max(0, Math.min(all.size(), from - first));
          List<Sample.ImageText> samples = all.subList(skipped, all.size());
          if (!samples.isEmpty()) {
            try (Result decoded = model.decode(images(samples))) {
              List<String> status = StagedModel.strings(decoded.get(1));
              for (int i = 0; i < samples.size(); i++) {
                requireRead(status.get(i), samples.get(i));
              }
              block.pixels(first + skipped, decoded.get(0));
            }
          }
        });
  }

  static List<byte[]> images(List<Sample.ImageText> samples) {
    return samples.stream().map(sample -> sample.image().toByteArray()).toList();
  }

  static void requireRead(String status, Sample sample) throws IOException {
    if (!status.isEmpty()) {
      throw new IOException(
          "sample \"%s\" cannot be validated on: %s; remove it".formatted(sample.key(), status));
    }
  }
}
