package org.example;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.examples.CaptionPhotos;
import org.blip4j.tools.examples.CleanShards;
import org.blip4j.tools.examples.SearchPhotos;
import org.blip4j.tools.examples.TrainCaptioner;

/** What the README says of the library, point by point. */
final class Points {
  private Points() {}

  static String run(Path model, Path work) throws Exception {
    try (Predictor predictor = Predictor.open(model)) {
      images(predictor, work);
      settings(predictor);
      results(predictor);
      together(predictor);
      ends(predictor);
    }
    examples(model, work);
    return "ok";
  }

  private static void images(Predictor model, Path work) throws Exception {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(Program.picture(1)));
    Caption expected = model.caption(ImageBytes.of(image));
    require(expected.ok(), expected);
    for (String format : List.of("png", "bmp", "tiff")) {
      Path file = work.resolve("picture." + format);
      require(ImageIO.write(image, format, file.toFile()), format);
      require(model.caption(ImageBytes.of(file)).equals(expected), format);
      try (var in = Files.newInputStream(file)) {
        require(model.caption(ImageBytes.of(in)).equals(expected), format);
      }
    }
    BufferedImage huge = new BufferedImage(14_000, 14_000, BufferedImage.TYPE_BYTE_BINARY);
    long began = System.nanoTime();
    List<Caption> rows = model.caption(List.of(ImageBytes.of(image), png(huge)));
    require(rows.get(0).text().equals(expected.text()), rows);
    require(rows.get(1).status().contains("pixels"), rows);
    require(System.nanoTime() - began < 20_000_000_000L, "a large picture takes long");
  }

  private static byte[] png(BufferedImage image) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  private static void settings(Predictor model) {
    byte[] image = Program.picture(2);
    List<Caption> drawn = model.captionSamples(image, 3, 7);
    require(drawn.size() == 3 && drawn.equals(model.captionSamples(image, 3, 7)), drawn);
    Caption one = model.with(own -> own.withBeams(1)).caption(image);
    require(one.ok() && model.caption(image).ok(), one);
    List<List<PairScore>> all =
        model.matchAll(List.of(image, Program.picture(3)), List.of("word8", "word9", "word10"));
    require(all.size() == 2 && all.get(1).size() == 3, all);
    List<PairScore.Label> ranked = model.matchRanked(image, List.of("word8", "word9"));
    require(ranked.size() == 2, ranked);
  }

  private static void results(Predictor model) throws Exception {
    EmbeddingVector vector = model.embedImage(Program.picture(4));
    require(Math.abs(vector.cosine(vector) - 1) < 1e-5, vector);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
      objects.writeObject(vector);
      objects.writeObject(model.caption(Program.picture(4)));
    }
    try (ObjectInputStream objects =
        new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      require(objects.readObject().equals(vector), vector);
      require(((Caption) objects.readObject()).ok(), "caption");
    }
    List<byte[]> images = new ArrayList<>(List.of(Program.picture(1)));
    images.add(null);
    refused(() -> model.caption(images), NullPointerException.class, "images[1] is null");
    refused(
        () -> model.match(images.subList(0, 1), List.of("a", "b")),
        IllegalArgumentException.class,
        "2");
  }

  private static void together(Predictor model) throws Exception {
    try (Predictor batching = model.batching(DynamicBatching.Settings.of(4))) {
      List<CompletableFuture<Caption>> answers = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        byte[] image = i == 5 ? new byte[] {1, 2, 3} : Program.picture(i);
        answers.add(batching.async(it -> it.caption(image)));
      }
      for (int i = 0; i < 12; i++) {
        Caption answer = answers.get(i).get();
        require(i == 5 ? !answer.ok() : answer.text().equals(text(model, i)), answer);
      }
    }
  }

  private static String text(Predictor model, int seed) {
    return model.caption(Program.picture(seed)).text();
  }

  private static void ends(Predictor model) throws Exception {
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      images.add(Program.picture(i));
    }
    Predictor hasty = model.within(Duration.ofMillis(1));
    refused(() -> hasty.caption(images), CancellationException.class, "");
    CompletableFuture<List<Caption>> left = model.async(it -> it.caption(images));
    require(left.cancel(true), "cancel");
    Predictor closed = model.within(Duration.ofMinutes(5));
    require(closed.caption(images.get(0)).ok(), "after a cancelled call");
  }

  private static void examples(Path model, Path work) throws Exception {
    Path photos = Files.createDirectories(work.resolve("photos"));
    Path shard = work.resolve("a.tfrecord");
    List<Path> files = new ArrayList<>();
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 4; i++) {
        byte[] image = Program.picture(i);
        files.add(Files.write(photos.resolve(i + ".png"), image));
        writer.write(
            ExampleCodec.standard()
                .encode(Sample.ImageText.of("key" + i, image, List.of("word8 word9"))));
      }
      writer.commit();
    }
    require(CaptionPhotos.run(model, photos).size() == 4, "captions");
    require(SearchPhotos.run(model, files, "word8").size() == 4, "search");
    ShardSet shards = ShardSet.of(List.of(shard));
    var trained = TrainCaptioner.run(model, shards, work.resolve("run"), 2, () -> false);
    require(trained.finished(), trained);
    List<String> seen = new ArrayList<>();
    Path captioner = trained.model().path();
    var clean = CleanShards.run(captioner, model, shards, work.resolve("clean"), seen);
    require(clean.finished() && seen.size() == 4, clean);
  }

  private static void refused(Callable<?> call, Class<?> type, String words) throws Exception {
    try {
      call.call();
    } catch (RuntimeException e) {
      require(type.isInstance(e) && e.getMessage().contains(words), e);
      return;
    }
    throw new IllegalStateException("not refused: " + words);
  }

  private static void require(boolean so, Object seen) {
    if (!so) {
      throw new IllegalStateException(String.valueOf(seen));
    }
  }
}
