package org.blip4j.training.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.GraphAudit;
import org.blip4j.ops.core.Initializer;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.TaskConfig;
import org.blip4j.training.config.TextInput;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.DecayScope;
import org.blip4j.training.optimize.GradientClip;
import org.blip4j.training.optimize.LearningRateSchedule;
import org.tensorflow.proto.ConfigProto;

/** Data and configurations of runs that take seconds: 24 plain-coloured pictures. */
final class TinyRun {
  static final int BATCH = 4;
  private static final ImmutableList<String> COLOURS =
      ImmutableList.of("red", "green", "blue", "grey");
  private static final ImmutableList<String> TOKENS =
      ImmutableList.of(
          "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "small", "big", "red", "green", "blue",
          "grey", "square", "number", "one", "two", "three", "four", "five", "six", "left", "right",
          "is", "what", "the");

  private final Path folder;

  TinyRun(Path folder) throws IOException {
    this.folder = folder;
    vocabulary().write(vocabularyFile());
    try (TfRecordWriter writer =
        TfRecordWriter.create(folder.resolve("data.tfrecord"), TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 24; i++) {
        writer.write(ExampleCodec.standard().encode(sample(i)));
      }
      writer.commit();
    }
  }

  Path vocabularyFile() {
    return folder.resolve("vocab.txt");
  }

  static RunInputs withSession(RunInputs inputs, ConfigProto.Builder session) {
    return inputs.on(session.build(), inputs.precision());
  }

  /** Graphs are run as they are built: rewriting them takes longer than a few steps. */
  static ConfigProto.Builder asBuilt() {
    ConfigProto.Builder session = ConfigProto.newBuilder().putDeviceCount("GPU", 0);
    session.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    return session;
  }

  /** The data of a task, computed on so many devices of the CPU by graphs as they are built. */
  RunInputs asBuilt(Task task, int devices) throws IOException {
    return withSession(inputs(task), asBuilt().putDeviceCount("CPU", devices));
  }

  /** Of each step a report, texts as wide as the longest. */
  RunConfig reporting(Task task, int steps) {
    return changed(
        fromScratch(task)
            .withDuration(RunConfig.Duration.ofSteps(BATCH, steps), new RunConfig.Keeping(1, 3, 2)),
        "text.padding",
        "\"LONGEST\"");
  }

  /** What the operations of a session are for. */
  static GraphAudit audit(TrainingSession session) {
    return GraphAudit.of(
        session.graph(),
        session.targets(),
        session.training().step().loss().op(),
        session.training().optimizer().trainables());
  }

  RunInputs inputs() {
    return RunInputs.of(ShardSet.of(List.of(folder.resolve("data.tfrecord"))));
  }

  /** The same pictures in records of a task's kind: a question each, or a pair with a statement. */
  RunInputs inputs(Task task) throws IOException {
    if (task != Task.VQA && task != Task.NLVR && task != Task.DIALOGUE) {
      return inputs();
    }
    Path file = folder.resolve(task + ".tfrecord");
    if (Files.exists(file)) {
      return RunInputs.of(ShardSet.of(List.of(file)));
    }
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 24; i++) {
        Sample sample =
            task == Task.VQA ? question(i) : task == Task.NLVR ? statement(i) : dialogue(i);
        writer.write(ExampleCodec.standard().encode(sample));
      }
      writer.commit();
    }
    return RunInputs.of(ShardSet.of(List.of(file)));
  }

  private static Sample question(int i) throws IOException {
    int colour = i % COLOURS.size();
    return new Sample.Question(
        "question-" + i,
        ByteString.copyFrom(picture(colour, i / COLOURS.size())),
        "What is the square?",
        ImmutableList.of(
            new Sample.Answer(COLOURS.get(colour), 0.8f), new Sample.Answer("a square", 0.2f)),
        Columns.NONE);
  }

  /** The second answer names the colour; the first question says nothing. */
  private static Sample dialogue(int i) throws IOException {
    int colour = i % COLOURS.size();
    String rounds =
        """
        [{"question": "What is number?", "answer": "a square"},
         {"question": "What is the square?", "answer": "%s", "options": ["%s"], "gt_index": %d}]
        """
            .formatted(COLOURS.get(colour), String.join("\", \"", COLOURS), colour);
    return Sample.ImageText.of(
            "picture-" + i, picture(colour, i / COLOURS.size()), List.of("A square."))
        .withColumns(Columns.builder().text("dialog", rounds).build());
  }

  private static Sample statement(int i) throws IOException {
    int colour = i % COLOURS.size();
    boolean left = i / COLOURS.size() % 2 == 0;
    boolean truth = i / COLOURS.size() % 3 != 0;
    int size = i / COLOURS.size();
    byte[] named = picture(colour, size);
    byte[] other = picture((colour + 1) % COLOURS.size(), size);
    return new Sample.ImagePair(
        "pair-" + i,
        ByteString.copyFrom(left ? named : other),
        ByteString.copyFrom(left ? other : named),
        "The %s square is %s.".formatted(left == truth ? "left" : "right", COLOURS.get(colour)),
        truth ? 1 : 0,
        Columns.NONE);
  }

  /** Keeps what a run notes, and no reports. */
  static TrainingListener noting(List<String> notes) {
    return new TrainingListener() {
      @Override
      public void logged(StepReport report) {}

      @Override
      public void note(String line) {
        notes.add(line);
      }
    };
  }

  static Vocabulary vocabulary() {
    return Vocabulary.of(TOKENS);
  }

  static BlipConfig architecture() {
    Vocabulary vocabulary = vocabulary();
    TextConfig.SpecialTokens tokens = TextConfig.SpecialTokens.of(vocabulary);
    return new BlipConfig(
        new VitConfig(16, 8, 16, 2, 2, 2, 1e-6, 0.1),
        new TextConfig(vocabulary.size(), 16, 2, 2, 32, 16, 1e-12, 0.1, tokens),
        8,
        Initializer.Scheme.WIDTH_SCALED);
  }

  /** The same with another value, in JSON, at a path such as {@code text.maxTokens}. */
  static RunConfig changed(RunConfig config, String path, String json) {
    ObjectNode tree = (ObjectNode) ConfigJson.tree(config);
    List<String> names = List.of(path.split("\\."));
    ObjectNode at = tree;
    for (String name : names.subList(0, names.size() - 1)) {
      at = (ObjectNode) at.get(name);
    }
    at.set(names.get(names.size() - 1), ConfigJson.tree(json, path));
    return ConfigJson.convert(tree, path, RunConfig.class);
  }

  /** A run of 12 steps; fine-tuning starts from a model. */
  RunConfig config(Task task) {
    return config(task, task == Task.PRETRAIN);
  }

  /** The same with fresh weights. */
  RunConfig fromScratch(Task task) {
    return config(task, true);
  }

  /** A checkpoint every 5 steps and a log line every 2. */
  private RunConfig config(Task task, boolean fresh) {
    ObjectiveConfig objective = new ObjectiveConfig(16, 0.99, 0.4, 0.07, 0.1, false, 1);
    AlphaRamp ramp = AlphaRamp.ofSteps(6);
    TaskConfig part =
        switch (task) {
          case PRETRAIN -> new TaskConfig.Pretrain(objective, ramp);
          case RETRIEVAL -> new TaskConfig.Retrieval(objective, ramp, TaskConfig.Identity.IMAGE);
          case CAPTION -> new TaskConfig.Caption(new TaskConfig.Language(0.1));
          case VQA -> new TaskConfig.Vqa(new TaskConfig.Language(0.1));
          case NLVR -> new TaskConfig.Nlvr(true);
          case DIALOGUE -> new TaskConfig.Dialogue(3);
        };
    return new RunConfig(
        part,
        fresh ? Optional.of(architecture()) : Optional.empty(),
        fresh ? Optional.of(vocabularyFile().toString()) : Optional.empty(),
        fresh ? Optional.of(new TextSettings("a ", 10, 10, 2, 10)) : Optional.empty(),
        new TextInput(10, fresh ? TextInput.Width.MAXIMUM : TextInput.Width.LONGEST),
        new ImageInput(Optional.empty(), Optional.empty(), false, 0, 0, ImageInput.Damaged.SKIP),
        new AdamW.Settings(
            0.9,
            0.999,
            1e-8,
            0.05,
            DecayScope.MATRICES,
            Optional.of(1.0),
            GradientClip.Scope.ALL,
            1),
        new LearningRateSchedule.StepCosine(1e-2, 2, 0.1),
        RunConfig.Duration.ofSteps(BATCH, 12),
        new RunConfig.Keeping(2, 5, 2),
        7);
  }

  private static Sample sample(int i) throws IOException {
    int colour = i % COLOURS.size();
    int size = i / COLOURS.size();
    String text = "A " + COLOURS.get(colour) + " square, number " + TOKENS.get(14 + size) + ".";
    return Sample.ImageText.of("picture-" + i, picture(colour, size), List.of(text));
  }

  private static byte[] picture(int colour, int size) throws IOException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(colour * 31L + size);
    int[] colours = {0xd02020, 0x20c020, 0x2020d0, 0x808080};
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        boolean inside = x < 4 + 2 * size && y < 4 + 2 * size;
        image.setRGB(x, y, inside ? colours[colour] : random.nextInt(0x40) * 0x010101);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }

  static byte[] file(Path path) throws IOException {
    return Files.readAllBytes(path);
  }
}
