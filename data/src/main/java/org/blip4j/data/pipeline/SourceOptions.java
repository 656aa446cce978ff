package org.blip4j.data.pipeline;

import com.google.protobuf.ByteString;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * How records are read.
 *
 * @param codec column names
 * @param damage what happens at a damaged record
 * @param checkImages whether a record with an image that is none, cut short or damaged (as far as
 *     its headers tell) counts as damaged
 * @param access how the bytes of shards are come by
 */
public record SourceOptions(
    ExampleCodec codec, DamagePolicy damage, boolean checkImages, TfRecordReader.Access access) {
  /** Standard column names, images checked, the first damaged record raises. */
  public static SourceOptions strict() {
    return new SourceOptions(
        ExampleCodec.standard(), DamagePolicy.raise(), true, TfRecordReader.Access.standard());
  }

  /** The same with other column names. */
  public SourceOptions withCodec(ExampleCodec other) {
    return new SourceOptions(other, damage, checkImages, access);
  }

  /** The same with another policy for damaged records. */
  public SourceOptions withDamage(DamagePolicy other) {
    return new SourceOptions(codec, other, checkImages, access);
  }

  /** The same with images checked or not. */
  public SourceOptions withCheckImages(boolean value) {
    return new SourceOptions(codec, damage, value, access);
  }

  /** The same with another way to the bytes. */
  public SourceOptions withAccess(TfRecordReader.Access other) {
    return new SourceOptions(codec, damage, checkImages, other);
  }

  /** Refuses a sample with an image that is none, as far as asked for. */
  void check(Sample sample) throws SampleException {
    if (!checkImages) {
      return;
    }
    for (ByteString image : SampleKind.images(sample)) {
      try {
        ImageInfo.inspect(image);
      } catch (SampleException e) {
        throw new SampleException("sample \"%s\": %s".formatted(sample.key(), e.getMessage()), e);
      }
    }
  }
}
