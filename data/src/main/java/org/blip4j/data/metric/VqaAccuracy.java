package org.blip4j.data.metric;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.PythonText;

/**
 * Accuracy of answers to questions about pictures, as the official program of VQA computes it
 * (GT-Vision-Lab/VQA of March 2021, {@code vqaEval.py}; BLIP specification 10.3).
 *
 * <p>An answer is worth the mean, over the people asked, of {@code min(1, n / 3)} with n the number
 * of <em>other</em> people who gave it. If people do not all agree, answers are made alike before:
 * marks, articles, number words, contractions.
 *
 * <pre>{@code
 * VqaAccuracy accuracy = new VqaAccuracy();
 * accuracy.add(VqaAccuracy.judge("two dogs", answers), "how many", "number");
 * double percent = accuracy.overall();
 * }</pre>
 */
public final class VqaAccuracy {
  private static final String MARKS = ";/[]\"{}()=+\\_-><@`,?!";
  private static final Pattern COMMA_IN_NUMBER = Pattern.compile("\\p{Nd},\\p{Nd}");
  private static final Pattern FULL_STOP = Pattern.compile("\\.(?!\\p{Nd})");

  /** The official program hands over a flag as the number of replacements. */
  private static final int MOST_FULL_STOPS = 32;

  private static final ImmutableSet<String> ARTICLES = ImmutableSet.of("a", "an", "the");
  private static final ImmutableMap<String, String> NUMBERS =
      ImmutableMap.<String, String>builder()
          .put("none", "0")
          .put("zero", "0")
          .put("one", "1")
          .put("two", "2")
          .put("three", "3")
          .put("four", "4")
          .put("five", "5")
          .put("six", "6")
          .put("seven", "7")
          .put("eight", "8")
          .put("nine", "9")
          .put("ten", "10")
          .buildOrThrow();

  /** What any form with one apostrophe left out becomes. */
  private static final ImmutableMap<String, String> CONTRACTIONS =
      contractions(
          "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've"
              + " hasn't haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll"
              + " ma'am might've mightn't mightn't've must've mustn't needn't not've o'clock"
              + " oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've"
              + " somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's"
              + " something'd something'd've something'll that's there'd there'd've there're"
              + " there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've"
              + " weren't what'll what're what's what've when's where'd where's where've who'd"
              + " who'd've who'll who's who've why'll why're why's won't would've wouldn't"
              + " wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're you've");

  private final Sum all = new Sum();
  private final Map<String, Sum> byQuestionType = new TreeMap<>();
  private final Map<String, Sum> byAnswerType = new TreeMap<>();

  /**
   * What one answer is worth.
   *
   * @param prediction as it was compared
   * @param answers as they were compared
   * @param normalised whether marks, articles and so on were made alike
   * @param accuracy 0 to 1
   */
  public record Judgement(
      String prediction, ImmutableList<String> answers, boolean normalised, double accuracy) {}

  private static final class Sum {
    private double accuracy;
    private long questions;

    void add(double one) {
      accuracy += one;
      questions++;
    }

    double percent() {
      return new BigDecimal(100 * accuracy / questions)
          .setScale(2, RoundingMode.HALF_EVEN)
          .doubleValue();
    }
  }

  private static ImmutableMap<String, String> contractions(String targets) {
    Map<String, String> forms = new HashMap<>(Map.of("somebody'd", "somebodyd"));
    for (String target : Splitter.on(' ').split(targets)) {
      for (int at = target.indexOf('\''); at >= 0; at = target.indexOf('\'', at + 1)) {
        forms.put(target.substring(0, at) + target.substring(at + 1), target);
      }
    }
    return ImmutableMap.copyOf(forms);
  }

  /** What an answer is worth against those that people gave (ten in VQA v2), at least one. */
  public static Judgement judge(String prediction, List<String> answers) {
    if (answers.isEmpty()) {
      throw new IllegalArgumentException(
          "answer \"" + prediction + "\" has nothing to be judged by; give at least one answer");
    }
    List<String> given = answers.stream().map(VqaAccuracy::plain).toList();
    boolean normalise = new HashSet<>(given).size() > 1;
    Function<String, String> form =
        normalise ? text -> withoutArticles(withoutMarks(text)) : Function.identity();
    String answer = form.apply(plain(prediction));
    ImmutableList<String> compared =
        given.stream().map(form).collect(ImmutableList.toImmutableList());
    long same = compared.stream().filter(answer::equals).count();
    double sum = 0;
    for (String one : compared) {
      sum += Math.min(1, (same - (one.equals(answer) ? 1 : 0)) / 3.0);
    }
    return new Judgement(answer, compared, normalise, sum / compared.size());
  }

  private static String plain(String text) {
    return PythonText.strip(text.replace('\n', ' ').replace('\t', ' '));
  }

  /**
   * The official step for marks: each mark becomes a space, or nothing where the text has it beside
   * a space or has a comma between digits anywhere; then the first 32 full stops that no digit
   * follows are deleted.
   */
  public static String withoutMarks(String text) {
    boolean number = COMMA_IN_NUMBER.matcher(text).find();
    String out = text;
    for (int i = 0; i < MARKS.length(); i++) {
      char mark = MARKS.charAt(i);
      boolean deleted = number || text.contains(mark + " ") || text.contains(" " + mark);
      out = out.replace(String.valueOf(mark), deleted ? "" : " ");
    }
    StringBuilder kept = new StringBuilder();
    Matcher stops = FULL_STOP.matcher(out);
    for (int i = 0; i < MOST_FULL_STOPS && stops.find(); i++) {
      stops.appendReplacement(kept, "");
    }
    return stops.appendTail(kept).toString();
  }

  /**
   * The official step for words: lower case, number words up to ten as digits, no articles,
   * apostrophes of contractions put back, single spaces.
   */
  public static String withoutArticles(String text) {
    return PythonText.split(PythonText.lower(text)).stream()
        .map(word -> NUMBERS.getOrDefault(word, word))
        .filter(word -> !ARTICLES.contains(word))
        .map(word -> CONTRACTIONS.getOrDefault(word, word))
        .reduce((left, right) -> left + " " + right)
        .orElse("");
  }

  /**
   * Counts a question in.
   *
   * @param questionType how the question begins ("how many"), as the annotations have it
   * @param answerType "yes/no", "number" or "other", as the annotations have it
   */
  public void add(Judgement judgement, String questionType, String answerType) {
    all.add(judgement.accuracy());
    byQuestionType.computeIfAbsent(questionType, type -> new Sum()).add(judgement.accuracy());
    byAnswerType.computeIfAbsent(answerType, type -> new Sum()).add(judgement.accuracy());
  }

  /** Questions so far. */
  public long questions() {
    return all.questions;
  }

  /** Mean over the questions in percent, to two decimals as the official program prints it. */
  public double overall() {
    if (all.questions == 0) {
      throw new IllegalStateException("accuracy of no question is undefined; add at least one");
    }
    return all.percent();
  }

  /** {@link #overall} of each question type, in order of its name. */
  public ImmutableMap<String, Double> byQuestionType() {
    return percents(byQuestionType);
  }

  /** {@link #overall} of each answer type, in order of its name. */
  public ImmutableMap<String, Double> byAnswerType() {
    return percents(byAnswerType);
  }

  private static ImmutableMap<String, Double> percents(Map<String, Sum> sums) {
    ImmutableMap.Builder<String, Double> percents = ImmutableMap.builder();
    sums.forEach((type, sum) -> percents.put(type, sum.percent()));
    return percents.buildOrThrow();
  }
}
