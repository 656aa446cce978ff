package org.blip4j.savedmodel.signature;

import java.util.Arrays;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TString;

/**
 * The signatures that a model can have; a model has those that its weights support.
 *
 * <p>Names of inputs and outputs are constants here, since clients rely on them.
 */
public enum ServingSignature {
  /** {@code image_bytes} to a caption by search. */
  CAPTION("caption"),
  /** {@code image_bytes, prompt} to the continuation of the row's own prompt. */
  CAPTION_PROMPTED("caption_prompted"),
  /** {@code image_bytes, seed} to a caption drawn by chance, the same for the same seed. */
  CAPTION_SAMPLE("caption_sample"),
  /** {@code image_bytes, text} to the probability of a match and the cosine of the features. */
  MATCH("match"),
  /** {@code image_bytes} to the image's feature. */
  IMAGE_EMBEDDING("image_embedding"),
  /** {@code text} to the text's feature. */
  TEXT_EMBEDDING("text_embedding"),
  /** {@code image_bytes, text} to where in the image the text is seen. */
  ATTRIBUTION("attribution"),
  /** {@code left_bytes, right_bytes, statement} to whether the statement holds. */
  NLVR("nlvr"),
  /** {@code image_bytes, question} to an answer by search. */
  VQA("vqa"),
  /** {@code image_bytes, question, answers, top_k} to the likeliest of the row's own answers. */
  VQA_RANK("vqa_rank"),
  /** {@code image_bytes, caption, history, question, answers} to the likeliest of the answers. */
  DIALOGUE_RANK("dialogue_rank"),
  /** {@code image_bytes, text, seed} to a caption and how both texts match; of two models. */
  CAPFILT("capfilt");

  /** What the key of a signature ends with whose files and texts are given as tensors. */
  public static final String TENSOR_SUFFIX = "_tensor";

  /** The key under which the first signature of a model is found, too. */
  public static final String DEFAULT_KEY = "serving_default";

  /** Input: the bytes of image files, {@code string[B]}. */
  public static final String IMAGE_BYTES = "image_bytes";

  /** Input: images as the vision transformer takes them, {@code float[B, S, S, 3]}. */
  public static final String PIXELS = "pixels";

  /** Input: UTF-8 texts, {@code string[B]}. */
  public static final String TEXT = "text";

  /** Input: UTF-8 beginnings of captions, {@code string[B]}. */
  public static final String PROMPT = "prompt";

  /** Input: seeds, {@code int64[B]}. */
  public static final String SEED = "seed";

  /** Output: what was wrong with the row, {@code string[B]}; see {@link RowStatus}. */
  public static final String STATUS = "status";

  /** Output: {@code string[B]}. */
  public static final String CAPTION_TEXT = "caption";

  /** Output: sum of the log-probabilities of the generated tokens, {@code float[B]}. */
  public static final String LOG_PROB = "log_prob";

  /**
   * Output: start token, prompt, text, end token, padding; {@code int64[B, L]}. Input in place of a
   * text: [CLS], its pieces, [SEP], padding up to the width of the signature.
   */
  public static final String TOKEN_IDS = "token_ids";

  /** Output: {@code float[B]}. */
  public static final String ITM_PROBABILITY = "itm_probability";

  /** Output: scores of "no match" and "match", {@code float[B, 2]}. */
  public static final String ITM_LOGITS = "itm_logits";

  /** Output: {@code float[B]}. */
  public static final String ITC_COSINE = "itc_cosine";

  /** Output: a feature of length 1, {@code float[B, E]}. */
  public static final String EMBEDDING = "embedding";

  /** Input: the bytes of the first images, {@code string[B]}. */
  public static final String LEFT_BYTES = "left_bytes";

  /** Input: the bytes of the second images, {@code string[B]}. */
  public static final String RIGHT_BYTES = "right_bytes";

  /** Input: the first images, {@code float[B, S, S, 3]}. */
  public static final String LEFT_PIXELS = "left_pixels";

  /** Input: the second images, {@code float[B, S, S, 3]}. */
  public static final String RIGHT_PIXELS = "right_pixels";

  /** Input: UTF-8 statements, {@code string[B]}. */
  public static final String STATEMENT = "statement";

  /** Output: {@code True} or {@code False}, {@code string[B]}. */
  public static final String LABEL = "label";

  /** Output: the probability of the label, {@code float[B]}. */
  public static final String PROBABILITY = "probability";

  /** Input: UTF-8 questions, {@code string[B]}. */
  public static final String QUESTION = "question";

  /** Input: answers to choose from, {@code string[B]}, one a line; empty lines are passed over. */
  public static final String ANSWERS = "answers";

  /** Input: how many answers to keep by their first tokens, {@code int64[B]}. */
  public static final String TOP_K = "top_k";

  /** Output: {@code string[B]}. */
  public static final String ANSWER = "answer";

  /**
   * Output: the answers that were kept, the best first, {@code string[B]}; lines of an answer, a
   * tab and its log-probability.
   */
  public static final String RANKING = "ranking";

  /**
   * Output: what {@code ranking} is ordered by, {@code string[B]}, a line for each of its lines.
   */
  public static final String SCORES = "scores";

  /** Output: where a text is seen, 0 or more for each patch, {@code float[B, G, G]}. */
  public static final String HEAT = "heat";

  /** Input: earlier rounds of a dialogue, {@code string[B]}, lines of question, tab, answer. */
  public static final String HISTORY = "history";

  /** Output: {@code string[B]}. */
  public static final String SYNTHETIC_CAPTION = "synthetic_caption";

  /** Output: the probability that the given text matches, {@code float[B]}. */
  public static final String ITM_WEB = "itm_web";

  /** Output: the probability that the synthetic caption matches, {@code float[B]}. */
  public static final String ITM_SYNTHETIC = "itm_synthetic";

  private final String key;

  ServingSignature(String key) {
    this.key = key;
  }

  /** The name by which clients call it. */
  public String key() {
    return key;
  }

  /** The name of the same over tensors. */
  public String tensorKey() {
    return key + TENSOR_SUFFIX;
  }

  /** Whether a model of the task has the weights for it. */
  public boolean supportedBy(Task task) {
    return switch (this) {
      case CAPTION, CAPTION_PROMPTED, CAPTION_SAMPLE -> task.captions();
      case MATCH, IMAGE_EMBEDDING, TEXT_EMBEDDING, ATTRIBUTION -> task.matches();
      case NLVR -> task.judges();
      case VQA, VQA_RANK -> task.answers();
      case DIALOGUE_RANK -> task == Task.DIALOGUE;
      case CAPFILT -> false; // of two models
    };
  }

  /** All signatures of a task's models, the default one first. */
  public static List<ServingSignature> of(Task task) {
    return Arrays.stream(values()).filter(signature -> signature.supportedBy(task)).toList();
  }

  /**
   * What the output {@code status} says of a row: nothing; that a text was cut, which leaves the
   * other outputs as they are; or why the row failed.
   */
  public static final class RowStatus {
    /** How the status of a row begins that was computed from a part of its text. */
    public static final String CUT = "cut: ";

    private RowStatus() {}

    /** Whether a row of this status has no results. */
    public static boolean failed(String status) {
      return !status.isEmpty() && !status.startsWith(CUT);
    }

    /** The same in the graph, {@code [B]}. */
    static Operand<TBool> ok(GraphContext ctx, Operand<TString> status) {
      GraphContext inner = ctx.onCpu();
      Ops tf = inner.tf();
      return tf.strings.regexFullMatch(status, tf.constant("(" + CUT + ".*)?"));
    }

    /**
     * One status of two parts of a row: a failure before a note, the first part before the other.
     */
    static Operand<TString> of(
        GraphContext ctx, Operand<TString> first, Operand<TString> second) { // [B]
      GraphContext inner = ctx.onCpu();
      Ops tf = inner.tf();
      Operand<TBool> quiet = tf.math.equal(first, tf.array(""));
      Operand<TBool> secondFailed = tf.math.logicalNot(ok(ctx, second));
      Operand<TBool> giveWay =
          tf.math.logicalOr(quiet, tf.math.logicalAnd(ok(ctx, first), secondFailed));
      return tf.select(giveWay, second, first);
    }

    /** {@code message} in the rows where something is so, nothing elsewhere. */
    static Operand<TString> where(GraphContext ctx, Operand<TBool> so, Operand<TString> message) {
      GraphContext inner = ctx.onCpu();
      Ops tf = inner.tf();
      return tf.select(so, message, tf.array(""));
    }
  }
}
