package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parser's rules and error texts, and the writer's forms, which are RapidJSON's. */
class JsonTextTest {
  private static JsonValue parse(String json) throws ServingException {
    return JsonValue.parse(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "~  ~ | The document is empty. at offset: 2",
        "nul | Invalid value. at offset: 3",
        "{\"a\" 1} | Missing a colon after a name of object member. at offset: 5",
        "{\"a\":1 \"b\":2} | Missing a comma or '}' after an object member. at offset: 7",
        "{\"a\":1,} | Missing a name for object member. at offset: 7",
        "{'a':1} | Missing a name for object member. at offset: 1",
        "[1 2] | Missing a comma or ']' after an array element. at offset: 3",
        "[1,] | Invalid value. at offset: 3",
        "[ | Invalid value. at offset: 1",
        "[\"abc | Missing a closing quotation mark in string. at offset: 5",
        "[\"a\\x\"] | Invalid escape character in string. at offset: 3",
        "[\"\\u12g4\"] | Incorrect hex digit after \\u escape in string. at offset: 2",
        "[\"\\ud800\"] | The surrogate pair in string is invalid. at offset: 2",
        "[1.] | Miss fraction part in number. at offset: 3",
        "[1e] | Miss exponent in number. at offset: 3",
        "[1e999] | Number too big to be stored in double. at offset: 1",
        "[-] | Invalid value. at offset: 2",
      })
  void wrongDocumentsAreNamedWithTheirPlace(String json, String error) {
    ServingException e = assertThrows(ServingException.class, () -> parse(json));
    assertEquals("JSON Parse error: " + error, e.getMessage());
    assertEquals(400, e.code().status());
  }

  @Test
  void readsWhatJsonDoesNotAllow() throws ServingException {
    JsonValue value = parse("\ufeff{\"a\":[NaN,-Infinity,Inf],\"a\":2} garbage");
    JsonValue list = value.member("a").orElseThrow();
    assertEquals(Double.NaN, list.items().get(0).number());
    assertEquals(Double.NEGATIVE_INFINITY, list.items().get(1).number());
    assertEquals(Double.POSITIVE_INFINITY, list.items().get(2).number());
    byte[] wild = {'"', (byte) 0xff, (byte) 0xfe, '"'};
    assertArrayEquals(new byte[] {(byte) 0xff, (byte) 0xfe}, JsonValue.parse(wild).text());
    assertEquals("\ud83d\ude00/\u0000", parse("\"\\ud83d\\ude00\\/\\u0000\"").string());
  }

  @Test
  void numbersKeepTheirKind() throws ServingException {
    assertEquals(Long.MAX_VALUE, parse("9223372036854775807").number());
    assertEquals(Long.MIN_VALUE, parse("-9223372036854775808").number());
    assertEquals(new BigInteger("18446744073709551615"), parse("18446744073709551615").number());
    assertEquals(0x1p64, parse("18446744073709551616").number());
    assertEquals(7.0, parse("7.0").number());
  }

  @Test
  void depthIsNoMatterButTheNumberOfValuesIs() throws ServingException {
    JsonValue value = parse("[".repeat(500_000) + "]".repeat(500_000));
    assertEquals(1, value.items().size());
    ServingException e =
        assertThrows(ServingException.class, () -> parse("[1" + ",1".repeat(1_000_000) + "]"));
    assertEquals(
        "JSON Parse error: More than 1000000 values; send less at once. at offset: 1999999",
        e.getMessage());
  }

  /** Two rows of {@code pixels} of 384 x 384, each number with its comma in nine characters. */
  @Test
  void longDocumentsMayHaveMoreValues() throws ServingException {
    String line = "[" + "[0.123456,0.123456,0.123456],".repeat(383) + "[1,2,3]]";
    String row = "[" + (line + ",").repeat(383) + line + "]";
    assertEquals(2, parse("[" + row + "," + row + "]").items().size());
  }

  @Test
  void shownValuesAreCutAtTheFirstTokenPast256Bytes() throws ServingException {
    assertEquals(
        "{\n    \"a\": [1, {\n            \"b\": null\n        }, []],\n    \"c\": {}\n}",
        JsonWriter.shown(parse("{\"a\":[1,{\"b\":null},[]],\"c\":{}}")));
    String token = "x".repeat(300);
    assertEquals("[7.0, \"" + token + "\"", JsonWriter.shown(parse("[7.0,\"" + token + "\",1]")));
    assertEquals("", JsonWriter.shown(parse("NaN")));
    assertEquals("9223372036854775808", JsonWriter.shown(parse("9223372036854775808")));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.0",
    "-0.0, -0.0",
    "0.2, 0.2",
    "-3.73314095, -3.73314095",
    "1e9, 1e+09",
    "-1e9, -1e+09",
    "100000, 100000.0",
    "1234567, 1234567.0",
    "0.00001, 1e-05",
    "0.0001, 0.0001",
    "NaN, NaN",
    "Infinity, Infinity",
    "3.4028235e38, 3.40282347e+38",
    "0.405394882, 0.405394882"
  })
  void floatsHaveTheFormsOfC(float value, String written) {
    assertEquals(written, new String(new JsonWriter(4, false).decimal(value).bytes(), UTF_8));
  }

  @Test
  void stringsAreEscapedAndNothingElse() {
    byte[] text = {'"', '\\', '\n', 1, '/', (byte) 0xff};
    byte[] written = new JsonWriter(4, false).string(text).bytes();
    byte[] expected = {
      '"', '\\', '"', '\\', '\\', '\\', 'n', '\\', 'u', '0', '0', '0', '1', '/', (byte) 0xff, '"'
    };
    assertArrayEquals(expected, written);
  }
}
