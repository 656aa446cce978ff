package org.blip4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.input.FlipBookDecoder;
import org.blip4j.tools.train.TinyScenes;

/**
 * What the names of {@code options.txt} stand for: {@code $model} is {@code model} in the folder of
 * inputs, {@code $out} a path in the folder of the run, and what a run may change is copied there.
 *
 * @param folder of inputs
 * @param human shards of scenes
 */
record OptionInputs(Path folder, String human) {
  private static final Pattern NAME = Pattern.compile("\\$([a-z0-9]+)");
  private static final Set<String> COPIED =
      Set.of(
          "photo.jpg",
          "taken",
          "copy",
          "served",
          "filtered",
          "filtered2",
          "packed",
          "ran",
          "copied");

  /** Makes models, pictures, lists and shards. */
  static OptionInputs write(Path folder) throws IOException {
    OptionInputs inputs = new OptionInputs(folder, TinyScenes.write(folder).data());
    inputs.models();
    inputs.pictures();
    inputs.lists();
    inputs.shards("web", 2, 3);
    inputs.shards("moved", 1, 4);
    inputs.examples();
    inputs.results();
    return inputs;
  }

  /** An argument with the names in it filled in. */
  String fill(String argument, Path run) throws IOException {
    StringBuilder filled = new StringBuilder();
    int from = 0;
    for (MatchResult name : NAME.matcher(argument).results().toList()) {
      filled.append(argument, from, name.start()).append(path(name.group(1), run));
      from = name.end();
    }
    return filled.append(argument.substring(from)).toString().replace('~', ' ');
  }

  private String path(String name, Path run) throws IOException {
    String file =
        switch (name) {
          case "photo" -> "photo.jpg";
          case "book" -> "clips/book.mp4";
          case "second" -> "pictures/second.png";
          case "captions" -> "captions/captions.csv";
          case "config" -> "config.json";
          case "weights" -> "weights.safetensors";
          case "tiny", "tuned", "loop", "loop2" -> name + ".json";
          default -> name;
        };
    if (name.equals("out")) {
      return run.resolve(name).toString();
    }
    if (name.equals("human")) {
      return human;
    }
    if (name.equals("golden")) {
      return "src/test/resources/golden";
    }
    if (name.equals("smoked")) {
      run("quickstart", "--smoke", "--work", run.resolve(name).toString());
      return run.resolve(name).toString();
    }
    if (COPIED.contains(file) && !Files.exists(run.resolve(file))) {
      copy(folder.resolve(file), run.resolve(file));
    }
    if (COPIED.contains(file)) {
      return run.resolve(file).toString();
    }
    return folder.resolve(file).toString();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  private void models() throws IOException {
    TinyModel.write(folder.resolve("model"), Task.PRETRAIN);
    TinyModel.write(folder.resolve("other"), Task.PRETRAIN, 6);
    TinyModel.write(folder.resolve("captioner"), Task.CAPTION);
    TinyModel.write(folder.resolve("vqa"), Task.VQA);
    TinyModel.write(folder.resolve("nlvr"), Task.NLVR);
    copy(folder.resolve("model"), folder.resolve("copy"));
    String config = Files.readString(folder.resolve("model/config.json"));
    write(
        "config.json",
        config.replace("a picture of ", "a dog ").replaceAll("\"heads\" ?: ?\\d+", "\"heads\": 1"));
    run("convert", at("model"), at("weights.safetensors"), "--to", "safetensors");
    run("export", "--model", at("captioner"), "--out", at("served"));
  }

  private void pictures() throws IOException {
    Files.write(folder.resolve("photo.jpg"), TinyModel.image(1, "jpg"));
    for (String name : List.of("pictures", "folder", "odd")) {
      Files.createDirectory(folder.resolve(name));
      Files.write(folder.resolve(name + "/first.jpg"), TinyModel.image(3, "jpg"));
      Files.write(folder.resolve(name + "/second.png"), TinyModel.image(2, "png"));
    }
    String captions = "image,caption\nfirst.jpg,a red dog\nsecond.png,a cat\n";
    write("folder/captions.csv", captions);
    write("captions/captions.csv", captions);
    write("odd/captions.csv", "picture,words,place\nfirst.jpg,a dog,x\nsecond.png,a cat,y\n");
    Files.createDirectory(folder.resolve("many"));
    for (int i = 0; i < 5; i++) {
      Files.write(folder.resolve("many/%d.png".formatted(i)), TinyModel.image(i, "png"));
    }
    write("clips/book.txt", "a book\n");
    FlipBookDecoder.write(folder.resolve("clips/book.mp4"), 1, 1, 2);
    Files.createDirectory(folder.resolve("gaps"));
    Files.write(folder.resolve("gaps/first.jpg"), TinyModel.image(3, "jpg"));
  }

  private void lists() throws IOException {
    String first = at("pictures/first.jpg");
    String second = at("pictures/second.png");
    write("list", first + "\n" + second + "\n");
    write("prompts", "the small red circle and the large blue square\n");
    write("texts", "green\nred square\na cat and the dog\n");
    write("pairs", second + "\tred\n");
    write(
        "triples",
        first + "\t" + second + "\tsmall\n" + second + "\t" + at("photo.jpg") + "\tred dog\n");
    write("taken", "something else\n");
    write(
        "judged",
        """
        shard,index,number,key,stratum,source,itm_probability,weight,text,right
        s,0,0,a,web around,web,0.6,1,a dog,yes
        s,1,0,b,web around,web,0.4,2,a cat,no
        """);
    write("tuned.json", "{\"seed\": 77}");
    StringBuilder captions = new StringBuilder("[");
    StringBuilder references = new StringBuilder("{\"annotations\": [");
    StringBuilder answers = new StringBuilder("[");
    StringBuilder people = new StringBuilder("{\"annotations\": [");
    for (int i = 0; i < 4; i++) {
      String comma = i == 0 ? "" : ", ";
      String id = comma + "{\"image_id\": \"moved0-%d\", \"caption\": \"%s\"}";
      captions.append(id.formatted(i, "a red dog"));
      references.append(id.formatted(i, "a cat " + i));
      String question = comma + "{\"question_id\": \"q%d\", ".formatted(i);
      answers.append(question).append("\"answer\": \"red\"}");
      people.append(question).append("\"answers\": [{\"answer\": \"blue\"}]}");
      if (i == 2) {
        write("partcaptions", captions + "]");
        write("partanswers", answers + "]");
      }
    }
    write("evaluated", captions + "]");
    write("references", references + "]}");
    write("answered", answers + "]");
    write("people", people + "]}");
  }

  private void shards(String name, int shards, int records) throws IOException {
    Files.createDirectory(folder.resolve(name));
    for (int shard = 0; shard < shards; shard++) {
      Path file = folder.resolve("%s/web-%05d-of-%05d.tfrecord".formatted(name, shard, shards));
      try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
        for (int i = 0; i < records; i++) {
          String key = name + shard + "-" + i;
          List<String> texts = List.of("a red dog " + i, "the small cat");
          byte[] image = TinyModel.image(10 * shard + i, "png");
          writer.write(ExampleCodec.standard().encode(Sample.ImageText.of(key, image, texts)));
        }
        writer.commit();
      }
    }
  }

  private void dialogues() throws IOException {
    Files.createDirectory(folder.resolve("dialogues"));
    String rounds =
        """
        [{"question": "red?", "answer": "the dog"},
         {"question": "a cat?", "options": ["a dog", "red", "the small cat"], "gt_index": 1}]
        """;
    try (TfRecordWriter writer =
        TfRecordWriter.create(
            folder.resolve("dialogues/d.tfrecord"), TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 2; i++) {
        writer.write(
            ExampleCodec.standard()
                .encode(
                    Sample.ImageText.of("d" + i, TinyModel.image(i, "png"), List.of("a cat " + i))
                        .withColumns(Columns.builder().text("dialog", rounds).build())));
      }
      writer.commit();
    }
  }

  private void examples() throws IOException {
    Files.createDirectory(folder.resolve("questions"));
    Files.createDirectory(folder.resolve("statements"));
    dialogues();
    TfRecordWriter.Options plain = TfRecordWriter.Options.plain();
    try (TfRecordWriter questions =
            TfRecordWriter.create(folder.resolve("questions/q.tfrecord"), plain);
        TfRecordWriter statements =
            TfRecordWriter.create(folder.resolve("statements/s.tfrecord"), plain)) {
      for (int i = 0; i < 4; i++) {
        ByteString image = ByteString.copyFrom(TinyModel.image(i, "png"));
        ByteString other = ByteString.copyFrom(TinyModel.image(i + 4, "png"));
        ImmutableList<Sample.Answer> answers = ImmutableList.of(new Sample.Answer("red", 1));
        questions.write(
            ExampleCodec.standard()
                .encode(new Sample.Question("q" + i, image, "what " + i, answers, Columns.NONE)));
        statements.write(
            ExampleCodec.standard()
                .encode(
                    new Sample.ImagePair(
                        "s" + i, image, other, "a dog " + i, i % 2, Columns.NONE)));
      }
      questions.commit();
      statements.commit();
    }
  }

  /** What earlier runs have left. */
  private void results() throws IOException {
    run(
        "capfilt",
        "--captioner",
        at("model"),
        "--filter",
        at("model"),
        "--data",
        at("web"),
        "--out",
        at("filtered"),
        "--threshold",
        "0.3");
    run(
        "capfilt",
        "rethreshold",
        "--from",
        at("filtered"),
        "--threshold",
        "0.5",
        "--out",
        at("filtered2"));
    run(
        "capfilt",
        "rethreshold",
        "--from",
        at("filtered"),
        "--min-words",
        "4",
        "--out",
        at("strict"));
    run("records", "pack", at("folder"), "--out", at("packed"));
    run("records", "pack", at("clips"), "--frames", "2", "--out", at("films"));
    write("clips/other.txt", "another book\n");
    FlipBookDecoder.write(folder.resolve("clips/other.mp4"), 1, 3, 4);
    run("records", "pack", at("clips"), "--frames", "2", "--out", at("videos"));
    run("search", "index", "--model", at("model"), "--out", at("indexed"), at("pictures"));
    run("search", "index", "--model", at("model"), "--out", at("indexed2"), at("photo.jpg"));
    copy(folder.resolve("indexed"), folder.resolve("copied"));
    run(
        "pretrain",
        "--config",
        at("tiny.json"),
        "--data",
        human,
        "--out",
        at("ran"),
        "--set",
        "duration.steps=1");
    String tiny = Files.readString(folder.resolve("tiny.json"));
    for (int seed = 1; seed <= 2; seed++) {
      write(
          seed == 1 ? "loop.json" : "loop2.json",
          """
          {"human": ["%s"], "web": ["%s/scenes/web*"], "pretrain": %s,
           "captioner": {"seed": %d, "images": {"size": 0}, "text": {"maxTokens": 14},
             "duration": {"batch": 4, "epochs": 0, "steps": 1}},
           "filter": {"images": {"size": 0}, "text": {"maxTokens": 14},
             "objective": {"queueSize": 8}, "duration": {"batch": 4, "epochs": 0, "steps": 1}},
           "capfilt": {}}
          """
              .formatted(human, folder, tiny, seed));
    }
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private void write(String name, String content) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), content);
  }

  private static void run(String... arguments) {
    CliRun run = CliRun.of(arguments);
    assertEquals(0, run.status(), run.err());
  }
}
