package org.blip4j.training.config;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.proto.ConfigProto;

/**
 * A configuration with nothing left open, checked against vocabulary and starting model before
 * anything is written.
 *
 * @param config with architecture and text settings filled in
 * @param vocabulary the word pieces
 * @param inputs what the run is made from
 * @param kernels what products are made of
 * @see RunConfig
 */
public record RunPlan(RunConfig config, Vocabulary vocabulary, RunInputs inputs, Kernels kernels) {
  /** Side of the pictures of published pre-training, in pixels. */
  private static final int PRETRAINING_SIZE = 224;

  /** Up to this width, operations are too short to be worth splitting. */
  private static final int SMALL_WIDTH = 256;

  private static final double DROP_PATH = 0.1;

  /**
   * How a batch is divided.
   *
   * @param accumulate parts that are computed one after the other
   * @param devices TensorFlow's names of those that share each of them, such as {@code
   *     /device:CPU:1}; empty for one
   * @param cluster the processes, each of which does so with the rows of its own
   */
  public record Division(int accumulate, ImmutableList<String> devices, Cluster cluster) {
    /** All at once on one device. */
    public static final Division NONE = new Division(1, ImmutableList.of());

    /** That of a process on its own. */
    public Division(int accumulate, ImmutableList<String> devices) {
      this(accumulate, devices, Cluster.ALONE);
    }

    private static final Splitter NUMBERS = Splitter.on(',').omitEmptyStrings();

    /**
     * Shares each part among all devices that a session is given by number: the visible GPUs, or
     * several logical devices of the CPU.
     */
    static Division of(int accumulate, ConfigProto session, Cluster cluster) {
      boolean gpu = Kernels.mayUseGpu(session);
      int number =
          gpu
              ? NUMBERS.splitToList(session.getGpuOptions().getVisibleDeviceList()).size()
              : session.getDeviceCountOrDefault("CPU", 1);
      String name = gpu ? "/device:GPU:" : "/device:CPU:";
      return new Division(
          accumulate,
          number < 2
              ? ImmutableList.of()
              : IntStream.range(0, number)
                  .mapToObj(index -> name + index)
                  .collect(ImmutableList.toImmutableList()),
          cluster);
    }

    /** Devices. */
    public int towers() {
      return Math.max(1, devices.size());
    }

    /** Parts of the batch. */
    public int parts() {
      return accumulate * towers() * cluster.size();
    }

    /** Rows of a batch that this process has. */
    public int ownRows(int batch) {
      return batch / cluster.size();
    }

    /** Number of the first of them in the batch. */
    public int firstRow(int batch) {
      return cluster.rank() * ownRows(batch);
    }

    /** Checks that a batch has equal parts. */
    public void requireParts(int rows) {
      if (parts() > 1 && (rows < 1 || rows % parts() != 0)) {
        throw new IllegalArgumentException(
            "a batch of %d has no %d equal parts (duration.accumulate %d, %d devices%s)"
                .formatted(
                    rows,
                    parts(),
                    accumulate,
                    towers(),
                    cluster.alone() ? "" : ", %d processes".formatted(cluster.size())));
      }
    }
  }

  /**
   * Fills in what the starting model decides.
   *
   * @throws IllegalArgumentException if parts do not fit each other
   * @throws IOException if the starting model or the vocabulary cannot be read
   */
  public static RunPlan resolve(RunConfig config, RunInputs inputs) throws IOException {
    Optional<ModelConfig> start = inputs.init().map(StartingModel::config);
    BlipConfig architecture = architecture(config, start);
    Vocabulary vocabulary = vocabulary(config, inputs.init());
    TextSettings settings =
        config.textSettings().orElseGet(() -> textSettings(config.task(), start, architecture));
    requireVocabulary(vocabulary, architecture.text());
    if (config.text().maxTokens() > architecture.text().maxPositions()) {
      throw new IllegalArgumentException(
          "text.maxTokens %d is above architecture.text.maxPositions %d"
              .formatted(config.text().maxTokens(), architecture.text().maxPositions()));
    }
    RunConfig resolved = config.resolved(architecture, settings);
    Kernels kernels = Kernels.forTraining(inputs.precision(), Kernels.mayUseGpu(inputs.session()));
    RunPlan plan = new RunPlan(resolved, vocabulary, inputs, kernels);
    plan.division().requireParts(config.duration().batch());
    if (config.task() == Task.CAPTION && plan.promptTokens() + 2 > config.text().maxTokens()) {
      throw new IllegalArgumentException(
          "text.maxTokens %d leaves no room for a caption after the prompt \"%s\" of %d tokens"
              .formatted(config.text().maxTokens(), settings.prompt(), plan.promptTokens()));
    }
    return plan;
  }

  /**
   * Sizes where a configuration leaves them open: those of the model to start from, with the
   * stochastic depth that questions and statements are trained with (blip-spec 2.3); the published
   * base model in pre-training.
   */
  static Optional<BlipConfig> architecture(Task task, Optional<ModelConfig> start) {
    Optional<BlipConfig> base = start.map(ModelConfig::architecture);
    return switch (task) {
      case PRETRAIN -> base.or(() -> Optional.of(BlipConfig.base(PRETRAINING_SIZE)));
      case CAPTION, RETRIEVAL, DIALOGUE -> base;
      case VQA, NLVR -> base.map(model -> model.withDropPath(DROP_PATH));
    };
  }

  /**
   * How texts are prepared where a configuration leaves it open: as by the model to start from if
   * its texts are of the same kind, as published otherwise.
   */
  static TextSettings textSettings(
      Task task, Optional<ModelConfig> start, BlipConfig architecture) {
    TextSettings published = TextSettings.published(task);
    return start
        .filter(model -> TextSettings.published(model.task()).equals(published))
        .map(ModelConfig::textSettings)
        .orElseGet(() -> published.within(architecture.text().maxPositions()));
  }

  /** What the model is made of. */
  public BlipConfig architecture() {
    return config.architecture().orElseThrow();
  }

  /** How texts are cleaned, and the prompt. */
  public TextSettings textSettings() {
    return config.textSettings().orElseThrow();
  }

  /**
   * Threads and devices. Of a small model on the CPU, half of the threads share an operation at
   * most, and several operations run at once: on two cores a step of the quickstart's model (width
   * 64) takes two thirds of the time, one of width 256 nine tenths.
   *
   * <p>TensorFlow keeps the threads that share operations for as long as the process lives, and
   * takes their number from its first session.
   */
  public ConfigProto session() {
    ConfigProto given = inputs.session();
    int width = Math.max(architecture().vision().width(), architecture().text().width());
    if (width > SMALL_WIDTH || Kernels.mayUseGpu(given)) {
      return given;
    }
    int threads = given.getIntraOpParallelismThreads();
    int all = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    return given.toBuilder()
        .setIntraOpParallelismThreads(Math.max(1, all / 2))
        .setInterOpParallelismThreads(all)
        .build();
  }

  /** The prompt's tokens, the first token counted; what the captioning loss leaves out. */
  public int promptTokens() {
    return new WordPieceTokenizer(vocabulary).encodePrompt(textSettings().prompt()).length;
  }

  /** How the batch of a step is divided. */
  public Division division() {
    return Division.of(config.duration().accumulate(), inputs.session(), inputs.cluster());
  }

  private static BlipConfig architecture(RunConfig config, Optional<ModelConfig> start) {
    BlipConfig architecture =
        config
            .architecture()
            .or(() -> architecture(config.task(), start))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "architecture is not set and there is no model to start from; give one of"
                            + " them"));
    int size = config.images().size().orElse(architecture.vision().imageSize());
    return size == architecture.vision().imageSize()
        ? architecture
        : architecture.withImageSize(size);
  }

  private static Vocabulary vocabulary(RunConfig config, Optional<StartingModel> init)
      throws IOException {
    if (config.vocabulary().isPresent()) {
      return Vocabulary.read(Path.of(config.vocabulary().get()));
    }
    return init.map(StartingModel::vocabulary).orElseGet(Vocabulary::bertBaseUncased);
  }

  private static void requireVocabulary(Vocabulary vocabulary, TextConfig text) {
    if (vocabulary.size() != text.vocabularySize()) {
      throw new IllegalArgumentException(
          "the vocabulary has %d tokens ([DEC] and [ENC] counted) but architecture.text"
                  .formatted(vocabulary.size())
              + ".vocabularySize is "
              + text.vocabularySize());
    }
    TextConfig.SpecialTokens ids = text.tokens();
    TextConfig.SpecialTokens known = TextConfig.SpecialTokens.of(vocabulary);
    Map<String, List<Integer>> pairs = new LinkedHashMap<>();
    pairs.put("pad", List.of(ids.pad(), known.pad()));
    pairs.put("unk", List.of(ids.unk(), known.unk()));
    pairs.put("cls", List.of(ids.cls(), known.cls()));
    pairs.put("sep", List.of(ids.sep(), known.sep()));
    pairs.put("mask", List.of(ids.mask(), known.mask()));
    pairs.put("dec", List.of(ids.dec(), known.dec()));
    pairs.put("enc", List.of(ids.enc(), known.enc()));
    pairs.forEach(
        (name, pair) -> {
          if (!pair.get(0).equals(pair.get(1))) {
            throw new IllegalArgumentException(
                "architecture.text.tokens.%s is %d but the vocabulary has it at %d"
                    .formatted(name, pair.get(0), pair.get(1)));
          }
        });
  }
}
