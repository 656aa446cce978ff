package org.blip4j.data.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.FeatureList;
import org.tensorflow.proto.FeatureLists;
import org.tensorflow.proto.Features;
import org.tensorflow.proto.SequenceExample;

final class ExampleCodecTest {
  private static final ByteString JPEG = TestImages.image("jpg", 8, 6);
  private final ExampleCodec codec = ExampleCodec.standard();

  @Test
  void img2datasetRecordsKeepTheirColumns() throws Exception {
    Columns columns =
        Columns.NONE
            .withText("key", "000010042")
            .withTexts("txt", List.of("a dog"))
            .withText("url", "http://x/1.jpg")
            .withText("error_message", "")
            .withLongs("width", 8)
            .withLongs("height", 6)
            .withFloats("similarity", 0.25f);
    Sample.ImageText sample = read(columns, "jpg", JPEG);
    assertEquals("000010042", sample.key());
    assertEquals(JPEG, sample.image());
    assertEquals(List.of("a dog"), sample.texts());
    Map<String, Feature> written = features(codec.encode(sample));
    assertEquals(
        Set.of("error_message", "height", "jpg", "key", "similarity", "txt", "url", "width"),
        written.keySet());
    assertEquals(sample, codec.imageText(codec.encode(sample), "-"));
  }

  @Test
  void allTextsThatWereKeptOfAnImageAreRead() throws Exception {
    Columns both = Columns.NONE.withTexts(ExampleCodec.ALL_TEXTS, List.of("a dog", "a red dog"));
    byte[] kept =
        codec.encode(new Sample.ImageText("a", JPEG, ImmutableList.of("a red dog"), both));
    byte[] plain =
        codec.encode(new Sample.ImageText("b", JPEG, ImmutableList.of("a cat"), Columns.NONE));
    ExampleCodec bootstrapped = ExampleCodec.bootstrapped();
    assertEquals(List.of("a dog", "a red dog"), bootstrapped.imageText(kept, "-").texts());
    assertEquals(List.of("a cat"), bootstrapped.imageText(plain, "-").texts());
    assertEquals(List.of("a red dog"), codec.imageText(kept, "-").texts());
  }

  @Test
  void columnsThatAreCalledAsThoseOfOtherKindsMayBeAnythingElse() throws Exception {
    Columns box =
        Columns.NONE
            .withText("txt", "a dog")
            .withText("left", "1")
            .withText("right", "30")
            .withText("statement", "a box")
            .withLongs("frames", 25)
            .withText("question", "what is it?");
    Sample sample =
        codec.decode(
            codec.encode(new Sample.ImageText("a", JPEG, ImmutableList.of("a dog"), box)), "-");
    assertEquals(List.of("a dog"), ((Sample.ImageText) sample).texts());
    Columns images =
        Columns.NONE.withText("statement", "both are dogs").withText("jpg", "a thumbnail's bytes");
    Sample.ImagePair pair =
        new Sample.ImagePair("b", JPEG, JPEG, "both are dogs", 1, images.without("statement"));
    assertEquals(Sample.ImagePair.class, codec.decode(codec.encode(pair), "-").getClass());
  }

  @Test
  void halvesOfSurrogatePairsBecomeTheReplacementCharacter() {
    assertEquals(
        List.of("smile \ufffd here", "\ud83d\ude00"),
        Columns.NONE.withTexts("t", List.of("smile \ud83d here", "\ud83d\ude00")).texts("t"));
  }

  @Test
  void tfdsNamesAndSeveralTextsAreRead() throws Exception {
    Columns columns =
        Columns.NONE
            .withTexts("captions/text", List.of("a dog", "", "a cat"))
            .withLongs("captions/id", 1, 2, 3)
            .withLongs("image/id", 57870);
    Sample.ImageText sample = read(columns, "image", JPEG);
    assertEquals("57870", sample.key());
    assertEquals(List.of("a dog", "a cat"), sample.texts());
    Map<String, Feature> written = features(codec.encode(sample));
    assertEquals(JPEG, written.get("jpg").getBytesList().getValue(0));
    assertEquals(3, written.get("captions/id").getInt64List().getValueCount());
    assertEquals(8, written.get("width").getInt64List().getValue(0));
    assertEquals(sample.texts(), codec.imageText(codec.encode(sample), "-").texts());
  }

  @Test
  void im2txtSequencesAreRead() throws Exception {
    SequenceExample example =
        SequenceExample.newBuilder()
            .setContext(
                Features.newBuilder()
                    .putFeature("image/data", bytes(JPEG))
                    .putFeature("image/image_id", Columns.NONE.withLongs("", 7).features().get("")))
            .setFeatureLists(
                FeatureLists.newBuilder()
                    .putFeatureList("image/caption", words("<S>", "a", "dog", ".", "</S>")))
            .build();
    Sample.ImageText sample = codec.imageText(example.toByteArray(), "-");
    assertEquals("7", sample.key());
    assertEquals(List.of("a dog ."), sample.texts());
    assertEquals(JPEG, sample.image());
  }

  @Test
  void firstPresentNameWinsAndOverridesHold() throws Exception {
    Columns columns =
        Columns.NONE
            .withText("txt", "")
            .withText("caption", "second")
            .withText("alt", "other")
            .withText("id", "a")
            .withText("mine", "b");
    Sample.ImageText sample = read(columns, "image/encoded", JPEG);
    assertEquals(List.of("second"), sample.texts());
    assertEquals("a", sample.key());
    ExampleCodec other =
        new ExampleCodec(
            Columns.Aliases.STANDARD.withText("alt").withKey("mine").withImage("image/encoded"));
    Sample.ImageText overridden = other.imageText(example(columns, "image/encoded", JPEG), "-");
    assertEquals(List.of("other"), overridden.texts());
    assertEquals("b", overridden.key());
  }

  @Test
  void recordsWithoutKeyOrTextAreUsable() throws Exception {
    Sample.ImageText sample = codec.imageText(example(Columns.NONE, "png", JPEG), "shard#3");
    assertEquals("shard#3", sample.key());
    assertEquals(List.of(), sample.texts());
    assertEquals(Set.of("height", "jpg", "key", "width"), features(codec.encode(sample)).keySet());
  }

  @Test
  void columnFollowsTheBytes() throws Exception {
    assertColumn("png", TestImages.image("png", 2, 2));
    assertColumn("webp", TestImages.webp(true));
    assertColumn("image", TestImages.image("gif", 2, 2));
    assertColumn("image", ByteString.copyFromUtf8("whatever"));
  }

  @Test
  void unusableRecordsAreExplained() {
    SampleException none =
        assertThrows(
            SampleException.class,
            () -> codec.imageText(example(Columns.NONE.withText("a", "b"), "c", JPEG), "-"));
    assertTrue(none.getMessage().contains("no image column (jpg, jpeg, png"), none.getMessage());
    assertTrue(none.getMessage().contains("its columns are a, c"), none.getMessage());
    SampleException noProto =
        assertThrows(SampleException.class, () -> codec.imageText(new byte[] {1, 2, 3}, "-"));
    assertTrue(noProto.getMessage().contains("not a tf.train.Example"), noProto.getMessage());
    SampleException two =
        assertThrows(
            SampleException.class,
            () -> codec.imageText(example(Columns.NONE.withTexts("jpg", List.of("a", "b"))), "-"));
    assertTrue(two.getMessage().contains("\"jpg\" holds 2"), two.getMessage());
  }

  @Test
  void questionsPairsAndVideosGoRound() throws Exception {
    Columns extra = Columns.NONE.withText("source", "test");
    List<Sample> samples =
        List.of(
            new Sample.Question(
                "q",
                JPEG,
                "what is it?",
                ImmutableList.of(new Sample.Answer("dog", 0.6f), new Sample.Answer("cat", 0.4f)),
                extra),
            new Sample.ImagePair("p", JPEG, JPEG, "both are dogs", 1, extra),
            new Sample.ImagePair("u", JPEG, JPEG, "both are dogs", -1, extra),
            new Sample.Video("v", ImmutableList.of(JPEG, JPEG), ImmutableList.of("run"), extra),
            Sample.ImageText.of("i", JPEG.toByteArray(), List.of("a", "b"))
                .withColumns(extra.withLongs("height", 6).withLongs("width", 8)));
    for (Sample sample : samples) {
      Sample read = codec.decode(codec.encode(sample), "-");
      if (sample instanceof Sample.Question) {
        assertArrayEquals(codec.encode(sample), codec.encode(read));
      } else {
        assertEquals(sample, read);
      }
    }
  }

  @Test
  void samplesAreValidated() {
    assertThrows(IllegalArgumentException.class, () -> new Sample.Answer("a", -1f));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Sample.ImagePair("p", JPEG, JPEG, "s", 2, Columns.NONE));
    assertThrows(
        SampleException.class,
        () -> codec.decode(example(Columns.NONE.withTexts("frames", List.of())), "-"));
  }

  private Sample.ImageText read(Columns columns, String column, ByteString image)
      throws SampleException {
    return codec.imageText(example(columns, column, image), "-");
  }

  private void assertColumn(String column, ByteString image) throws Exception {
    byte[] record = codec.encode(Sample.ImageText.of("k", image.toByteArray(), List.of()));
    assertTrue(features(record).containsKey(column));
  }

  private static byte[] example(Columns columns, String column, ByteString image) {
    Features.Builder features = Features.newBuilder().putAllFeature(columns.features());
    return Example.newBuilder()
        .setFeatures(features.putFeature(column, bytes(image)))
        .build()
        .toByteArray();
  }

  private static byte[] example(Columns columns) {
    Features features = Features.newBuilder().putAllFeature(columns.features()).build();
    return Example.newBuilder().setFeatures(features).build().toByteArray();
  }

  private static Map<String, Feature> features(byte[] record) throws Exception {
    return Example.parseFrom(record).getFeatures().getFeatureMap();
  }

  private static Feature bytes(ByteString value) {
    Feature.Builder feature = Feature.newBuilder();
    feature.getBytesListBuilder().addValue(value);
    return feature.build();
  }

  private static FeatureList words(String... words) {
    FeatureList.Builder list = FeatureList.newBuilder();
    for (String word : words) {
      list.addFeature(bytes(ByteString.copyFromUtf8(word)));
    }
    return list.build();
  }

  /** A hundred thousand groups in one another, at each level of a record. */
  @ParameterizedTest
  @ValueSource(strings = {"", "1", "1 1", "1 1 2", "2", "2 1", "2 1 2 1", "1 1 2 1"})
  void deepNestingIsAMessage(String path) throws Exception {
    ByteArrayOutputStream deep = new ByteArrayOutputStream();
    CodedOutputStream groups = CodedOutputStream.newInstance(deep);
    for (int i = 0; i < 100_000; i++) {
      groups.writeTag(9, WireFormat.WIRETYPE_START_GROUP);
    }
    groups.flush();
    byte[] record = deep.toByteArray();
    for (String field : Lists.reverse(Splitter.on(' ').omitEmptyStrings().splitToList(path))) {
      ByteArrayOutputStream outer = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(outer);
      out.writeByteArray(Integer.parseInt(field), record);
      out.flush();
      record = outer.toByteArray();
    }
    byte[] whole = record;
    assertThrows(SampleException.class, () -> codec.columns(whole));
    assertThrows(SampleException.class, () -> codec.decode(whole, ""));
    assertThrows(SampleException.class, () -> ExampleOutline.read(new ByteArrayInputStream(whole)));
  }
}
