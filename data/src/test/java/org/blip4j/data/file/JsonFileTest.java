package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonFileTest {
  enum Size {
    SMALL,
    @JsonProperty("big")
    LARGE
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Flat.class, name = "flat"),
    @JsonSubTypes.Type(value = Cosine.class, name = "warmup_cosine")
  })
  sealed interface Rate permits Flat, Cosine {}

  record Flat(double peak) implements Rate {}

  record Cosine(double peak, long steps) implements Rate {}

  record Inner(int batch, double rate, boolean on) {
    Inner {
      if (batch < 1) {
        throw new IllegalArgumentException("batch is " + batch + ", it must be 1 or more");
      }
    }
  }

  record Outer(String name, Size size, Inner inner, List<Inner> more, Map<String, Rate> rates) {}

  private static final String GOOD =
      """
      {"name": "x",
       "size": "big",
       "inner": {"batch": 1, "rate": 0.5, "on": true},
       "more": [{"batch": 2, "rate": 1, "on": false}],
       "rates": {"a": {"kind": "flat", "peak": 1e-4}}
      }
      """;

  @TempDir Path folder;

  @Test
  void recordsAreReadAndWritten() throws IOException {
    Outer read = JsonFile.read(write("\ufeff" + GOOD)).as(Outer.class);
    assertEquals(Size.LARGE, read.size());
    assertEquals(read, JsonFile.parse(JsonFile.write(read), "x").as(Outer.class));
    ObjectNode tree = (ObjectNode) JsonFile.tree(read);
    assertEquals("y", JsonFile.convert(tree.put("name", "y"), "x", Outer.class).name());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "on": true          | "no": true          | line 3: unknown key inner.no; did you mean on?
          "on": false         | "offf": false       | line 4: unknown key more[0].offf; known keys are
          "name": "x"         | "nam": "x"          | line 1: unknown key nam; did you mean name?
          "batch": 2          | "batch": "two"      | line 4: more[0].batch is "two"; expected a whole
          "batch": 2          | "batch": 2.5        | line 4: more[0].batch is 2.5; expected a whole
          "batch": 2          | "batch": 3000000000 | more[0].batch is 3000000000; expected a whole
          "batch": 2          | "batch": null       | more[0].batch is null; expected a whole number
          "batch": 2          | "batch": 0          | line 4: more[0]: batch is 0, it must be 1 or more
          "batch": 1,         | ' '                 | line 3: inner.batch is missing; expected a whole
          "rate": 0.5         | "rate": NaN         | line 3: inner.rate is NaN; expected a number
          "rate": 0.5         | "rate": 1e999       | line 3: inner.rate is Infinity; expected a number
          "rate": 0.5         | "rate": [1]         | line 3: inner.rate is a list; expected a number
          "on": true          | "on": "yes"         | inner.on is "yes"; expected true or false
          "big"               | "bgi"               | line 2: size is "bgi"; expected one of SMALL, big; did you mean big?
          "name": "x"         | "name": {}          | line 1: name is an object; expected a text
          "flat"              | "cosine"            | line 5: rates.a.kind is "cosine"; expected one of flat, warmup_cosine
          "kind": "flat",     | ' '                 | line 5: rates.a.kind is missing; expected one of
          "peak": 1e-4        | "paek": 1e-4        | line 5: unknown key rates.a.paek; did you mean peak?
          "size": "big",      | "size": "big" "x"   | line 2: is not JSON: Unexpected character
          "size": "big",      | "name": "y",        | line 2: is not JSON: Duplicate field 'name'
          "flat"              | "warmup_cosine"     | line 5: rates.a.steps is missing; expected a whole
          [{"batch"           | {"a":[{"batch"      | is not JSON
          """)
  void everyErrorNamesLineFieldFoundAndExpected(String from, String to, String message)
      throws IOException {
    assertTrue(GOOD.contains(from));
    Path file = write(GOOD.replaceFirst(java.util.regex.Pattern.quote(from), to));
    assertMessage("c.json ", () -> JsonFile.read(file).as(Outer.class));
    assertMessage(message, () -> JsonFile.read(file).as(Outer.class));
  }

  @Test
  void wholesOfAnotherKindAreNamed() {
    assertMessage("x: the whole is a list; expected an object", () -> parse("[]").as(Outer.class));
    assertMessage("x: the whole is null; expected", () -> parse("null").as(Outer.class));
    assertMessage("x: is empty", () -> parse(" "));
    assertMessage("x: is not JSON: something follows the value", () -> parse("{} {}"));
    assertMessage("x: is not JSON", () -> parse("[".repeat(300) + "]".repeat(300)));
    assertMessage("is not JSON", () -> parse("[".repeat(1_000_000)));
    assertMessage("x line 7: is not JSON", () -> JsonFile.parse("{", "x", 7));
  }

  @Test
  void valuesSayWhatTheyWant() throws IOException {
    JsonValue root = JsonFile.read(write(GOOD)).root();
    assertEquals(2, root.get("more").items().get(0).get("batch").whole());
    assertEquals(0.5, root.get("inner").get("rate").number());
    assertTrue(root.get("inner").get("on").flag());
    assertEquals("x", root.get("name").text());
    assertTrue(root.find("none").isEmpty());
    assertEquals(List.of("a"), root.get("rates").fields().keySet().asList());
    assertMessage(
        "line 4: more[0].bacth is missing; is batch meant for it?",
        () -> root.get("more").items().get(0).get("bacth"));
    assertMessage("line 1: name is \"x\"; expected a number", () -> root.get("name").number());
    assertMessage("line 4: more is a list; expected a text", () -> root.get("more").text());
    assertMessage("line 1: the whole is an object; expected a list", root::items);
    assertMessage(
        "more[0].batch is 2; expected a whole number from 5 to 9",
        () -> root.get("more").items().get(0).get("batch").whole(5, 9));
  }

  @Test
  void manyFieldsAreQuick() {
    StringBuilder text = new StringBuilder("{\"f\": 0");
    for (int i = 0; i < 200_000; i++) {
      text.append(", \"f").append(i).append("\": ").append(i);
    }
    JsonFile file = assertTimeout(Duration.ofSeconds(5), () -> parse(text + "}"));
    assertEquals(200_001, file.tree().size());
  }

  @Test
  void damagedFilesAreMessagesOnly() {
    Random random = new Random(7);
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder(GOOD);
      for (int edits = random.nextInt(3); edits >= 0; edits--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.setCharAt(at, "{}[]\",:0nN\u0000".charAt(random.nextInt(11)));
          default -> text.insert(at, text.substring(random.nextInt(at + 1), at));
        }
      }
      try {
        parse(text.toString()).as(Outer.class);
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().startsWith("x"), e.getMessage());
        assertFalse(e.getMessage().matches("(?s).*(java|jackson|Json[A-Z]|`).*"), e.getMessage());
      }
    }
  }

  private static JsonFile parse(String text) {
    return JsonFile.parse(text, "x");
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("c.json"), text);
  }

  private interface Reads {
    Object run() throws IOException;
  }

  private static void assertMessage(String part, Reads reads) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, reads::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
