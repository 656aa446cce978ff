package org.blip4j.data.sample;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Floats;
import com.google.protobuf.ByteString;
import java.util.List;
import java.util.TreeMap;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;

/**
 * Writes samples as {@code tf.train.Example}: a superset of img2dataset's columns.
 *
 * <p>An image with texts becomes {@code key}, {@code jpg}, {@code png} or {@code webp} by its first
 * bytes ({@code image} for other formats), {@code txt} (one value a text), {@code width} and {@code
 * height} where they can be read, and every column that the sample carries. Columns come in order
 * of name, so equal samples give equal bytes.
 */
final class ExampleWriter {
  private final TreeMap<String, Feature> columns;

  private ExampleWriter(Sample sample) {
    columns = new TreeMap<>(sample.columns().features());
    bytes("key", ImmutableList.of(ByteString.copyFromUtf8(sample.key())));
  }

  static byte[] encode(Sample sample) {
    ExampleWriter writer = new ExampleWriter(sample);
    if (sample instanceof Sample.ImageText s) {
      writer.image(s.image());
      writer.texts("txt", s.texts());
    } else if (sample instanceof Sample.Question s) {
      writer.image(s.image());
      writer.texts("question", ImmutableList.of(s.question()));
      writer.texts("answers", s.answers().stream().map(Sample.Answer::text).toList());
      List<Float> weights = s.answers().stream().map(Sample.Answer::weight).toList();
      writer.merge(Columns.NONE.withFloats("answer_weights", Floats.toArray(weights)));
    } else if (sample instanceof Sample.ImagePair s) {
      writer.bytes("left", ImmutableList.of(s.left()));
      writer.bytes("right", ImmutableList.of(s.right()));
      writer.texts("statement", ImmutableList.of(s.statement()));
      if (s.label() >= 0) {
        writer.merge(Columns.NONE.withLongs("label", s.label()));
      }
    } else if (sample instanceof Sample.Video s) {
      writer.bytes("frames", s.frames());
      writer.texts("txt", s.texts());
    }
    return writer.example();
  }

  private void image(ByteString image) {
    String column =
        ImageInfo.ImageFormat.of(image).map(ImageInfo.ImageFormat::column).orElse("image");
    bytes(column, ImmutableList.of(image));
    try {
      ImageInfo info = ImageInfo.inspect(image);
      columns.putIfAbsent("width", number(info.width()));
      columns.putIfAbsent("height", number(info.height()));
    } catch (SampleException e) {
      // Its size cannot be read; the bytes are passed on as they came.
      return;
    }
  }

  private static Feature number(long value) {
    return Columns.NONE.withLongs("n", value).features().get("n");
  }

  private void texts(String column, List<String> texts) {
    if (!texts.isEmpty()) {
      merge(Columns.NONE.withTexts(column, texts));
    }
  }

  private void bytes(String column, List<ByteString> values) {
    BytesList list = BytesList.newBuilder().addAllValue(values).build();
    columns.put(column, Feature.newBuilder().setBytesList(list).build());
  }

  private void merge(Columns more) {
    columns.putAll(more.features());
  }

  /** Serialises with columns in order of name. */
  private byte[] example() {
    Features.Builder features = Features.newBuilder();
    columns.forEach(features::putFeature);
    return Example.newBuilder().setFeatures(features).build().toByteArray();
  }
}
