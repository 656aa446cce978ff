package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonItems;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.Columns;

/**
 * The files in which data sets of the tasks are distributed, told by their content and read element
 * by element: questions (see {@link QuestionJson}), NLVR and NLVR2 (see {@link PairJson}), images
 * of NoCaps without captions, MSRVTT and VisDial (see {@link JoinedJson}), in the forms of their
 * authors and of BLIP's lists (BLIP specification 7 and 9.4).
 */
final class TaskJson {
  /** How a file is laid out. */
  enum Form {
    VQA_QUESTIONS("questions", "question", "question_id", "image_id"),
    VQA_ANSWERS("annotations", "question_id", "answers"),
    GENOME("", "qas"),
    EASY_VQA(""),
    BLIP_QUESTIONS("", "image", "question"),
    BLIP_PAIRS("", "images", "sentence"),
    NLVR("", "identifier", "sentence"),
    BLIP_IMAGES("", "image", "img_id"),
    CLIPS("", "clip_name", "caption"),
    VIDEOS("videos", "video_id"),
    DIALOGS("data.dialogs", "image_id", "dialog");

    private final String list;
    private final ImmutableList<String> fields;

    Form(String list, String... fields) {
      this.list = list;
      this.fields = ImmutableList.copyOf(fields);
    }

    /**
     * Checks that an element has what the form needs.
     *
     * @throws IllegalArgumentException naming what it lacks
     */
    void require(JsonNode one) {
      for (String field : fields) {
        if (!one.hasNonNull(field)) {
          throw new IllegalArgumentException(
              "has no %s; %s are looked for, and its fields are %s"
                  .formatted(field, fields, Lists.newArrayList(one.fieldNames())));
        }
      }
    }
  }

  /** Reads an element; what is wrong with it is an {@link IllegalArgumentException}. */
  interface Element {
    void read(JsonNode one, String place);
  }

  /** Lists whose elements belong to other forms, see {@link JsonCaptions}. */
  private static final ImmutableSet<String> OTHERS = ImmutableSet.of("", "images", "annotations");

  private static final int LONGEST_FIRST_LINE = 1 << 16;

  final Path file;
  private final boolean lines;
  private final Form form;
  private final ImmutableList.Builder<Row> rows = ImmutableList.builder();
  private final ImmutableList.Builder<Problem> problems = ImmutableList.builder();

  private TaskJson(Path file, boolean lines, Form form) {
    this.file = file;
    this.lines = lines;
    this.form = form;
  }

  private record Told(Form form, String list, JsonNode first) {}

  /**
   * The reader of a file that has one of the forms.
   *
   * @throws IllegalArgumentException if it has one but lacks a field
   */
  static Optional<TaskJson> recognise(Path file) throws IOException {
    Optional<JsonNode> line = firstLine(file);
    Optional<Form> ofLine = line.flatMap(one -> formOf("", one));
    if (ofLine.isPresent() || !file.toString().endsWith(".json")) {
      return ofLine.map(form -> new TaskJson(file, true, form));
    }
    Told told = look(file).orElse(null);
    if (told == null) {
      return Optional.empty();
    }
    Form form = told.form();
    try {
      form.require(told.first());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: looks like %s, but the first element of \"%s\" %s"
              .formatted(file, form, told.list(), e.getMessage()),
          e);
    }
    return Optional.of(new TaskJson(file, false, form));
  }

  /** What the first elements of its lists tell. */
  private static Optional<Told> look(Path file) throws IOException {
    List<Told> told = new ArrayList<>();
    try {
      JsonItems.read(
          file,
          (list, index, one) -> {
            if (index == 0) {
              formOf(list, one).ifPresent(form -> told.add(new Told(form, list, one)));
            }
            return told.isEmpty() && !OTHERS.contains(list);
          });
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // the reader of other forms tells
    }
    return told.stream().findFirst();
  }

  /** The object in the first line, as JSON Lines have it. */
  private static Optional<JsonNode> firstLine(Path file) throws IOException {
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(LONGEST_FIRST_LINE);
    }
    String text = new String(start, StandardCharsets.UTF_8).replace("\ufeff", "");
    String line = text.lines().findFirst().orElse("").strip();
    if (!line.startsWith("{") || !line.endsWith("}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(JsonFile.parse(line, "").tree());
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // its reader tells
    }
  }

  private static Optional<Form> formOf(String list, JsonNode one) {
    Form form =
        switch (list) {
          case "questions" -> one.isObject() ? Form.VQA_QUESTIONS : null;
          case "annotations" -> one.has("question_id") ? Form.VQA_ANSWERS : null;
          case "videos" -> one.isObject() ? Form.VIDEOS : null;
          case "data.dialogs" -> one.isObject() ? Form.DIALOGS : null;
          case "" -> ofElement(one);
          default -> null;
        };
    return Optional.ofNullable(form);
  }

  private static Form ofElement(JsonNode one) {
    if (one.isArray()) {
      return one.size() == 3 && one.path(0).isTextual() && one.path(2).isInt()
          ? Form.EASY_VQA
          : null;
    }
    if (one.has("qas")) {
      return Form.GENOME;
    }
    if (one.has("question") && (one.has("answer") || one.has("dataset"))) {
      return Form.BLIP_QUESTIONS;
    }
    if (one.has("sentence") && one.path("images").isArray()) {
      return Form.BLIP_PAIRS;
    }
    if (one.has("sentence") && one.has("identifier")) {
      return Form.NLVR;
    }
    if (one.has("clip_name")) {
      return Form.CLIPS;
    }
    return one.has("img_id") && one.has("image") && !one.has("caption") ? Form.BLIP_IMAGES : null;
  }

  /**
   * Reads all.
   *
   * @param answers the file of the answers to VQA's questions; without it the one beside that has
   *     the usual name, if it is there
   */
  CaptionFile read(Optional<Path> answers) throws IOException {
    if (answers.isPresent() && form != Form.VQA_QUESTIONS) {
      throw new IOException(file + ": has no questions of VQA, to which answers belong");
    }
    switch (form) {
      case VQA_QUESTIONS -> new QuestionJson(this).vqa(answers);
      case VQA_ANSWERS ->
          throw new IOException(
              file
                  + ": has the answers of VQA; name the file of its questions, and this one"
                  + " as its answers");
      case GENOME -> new QuestionJson(this).genome();
      case EASY_VQA -> new QuestionJson(this).easy();
      case BLIP_QUESTIONS -> new QuestionJson(this).blip();
      case BLIP_PAIRS -> new PairJson(this).blip();
      case NLVR -> new PairJson(this).nlvr();
      case BLIP_IMAGES -> each(this::blipImage);
      case CLIPS -> each(this::clip);
      case VIDEOS -> new JoinedJson(this).videos();
      case DIALOGS -> new JoinedJson(this).dialogs();
    }
    return new CaptionFile(rows.build(), problems.build());
  }

  void add(Row row) {
    rows.add(row);
  }

  void problem(String place, String what) {
    problems.add(new Problem(place, what));
  }

  /** Reads the elements that the form is told by; what is wrong with one is a problem. */
  void each(Element element) throws IOException {
    if (!lines) {
      items(
          (list, index, one) -> {
            if (list.equals(form.list)) {
              read(element, one, "%s entry %d".formatted(file, index));
            }
          });
      return;
    }
    try (TextFile text = TextFile.open(file)) {
      for (Optional<TextFile.Line> l = text.next(); l.isPresent(); l = text.next()) {
        TextFile.Line line = l.get();
        String place = "%s line %d".formatted(file, line.number());
        if (line.problem().isPresent()) {
          problem(place, line.problem().get());
        } else if (!line.text().isBlank()) {
          read(element, parsed(line.text(), place), place);
        }
      }
    }
  }

  /** The object of a line; nothing if it is none, which is noted. */
  private JsonNode parsed(String text, String place) {
    try {
      return JsonFile.parse(text, "").tree();
    } catch (IllegalArgumentException e) {
      problem(place, e.getMessage().substring(2));
      return MissingNode.getInstance();
    }
  }

  private void read(Element element, JsonNode one, String place) {
    if (one.isMissingNode()) {
      return;
    }
    try {
      form.require(one);
      element.read(one, place);
    } catch (IllegalArgumentException e) {
      problem(place, e.getMessage());
    }
  }

  /** Takes everything in the file. */
  interface Visitor {
    void item(String list, int index, JsonNode one) throws IOException;
  }

  void items(Visitor visitor) throws IOException {
    JsonItems.read(
        file,
        (list, index, one) -> {
          visitor.item(list, index, one);
          return true;
        });
  }

  private void blipImage(JsonNode one, String place) {
    Columns.Builder columns = Columns.builder();
    JsonCaptions.put(columns, "image_id", one.path("img_id"));
    add(new Row(one.path("image").asText(), List.of(), columns.build(), place));
  }

  private void clip(JsonNode one, String place) {
    List<String> texts = List.of(one.path("caption").asText().strip());
    add(new Row(one.path("clip_name").asText(), texts, Columns.NONE, place));
  }
}
