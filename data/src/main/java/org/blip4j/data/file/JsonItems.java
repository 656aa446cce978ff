package org.blip4j.data.file;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The elements of the lists in a JSON file, one at a time: a file of any size takes the memory of
 * its largest element.
 */
public final class JsonItems {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private JsonItems() {}

  /** Takes elements. */
  public interface Visitor {
    /**
     * Takes one element.
     *
     * @param list where its list stands: empty at the top, else the names of the fields above it,
     *     with points between; a value that stands in no list comes as its own only element
     * @param index its number in the list, from 0
     * @return whether to go on with what follows
     */
    boolean item(String list, int index, JsonNode value) throws IOException;
  }

  /**
   * Reads a file until its end, or until the visitor has enough.
   *
   * @throws IllegalArgumentException if it is not JSON, naming file and line
   */
  public static void read(Path file, Visitor visitor) throws IOException {
    try (JsonParser parser = MAPPER.createParser(file.toFile())) {
      if (parser.nextToken() == null) {
        throw new IllegalArgumentException(file + ": is empty, JSON is expected");
      }
      if (value(parser, "", visitor) && parser.nextToken() != null) {
        throw new IllegalArgumentException(
            "%s line %d: is not JSON: %s"
                .formatted(file, parser.currentLocation().getLineNr(), JsonFile.MORE_FOLLOWS));
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          "%s line %d: is not JSON: %s".formatted(file, line, e.getOriginalMessage()), e);
    }
  }

  private static boolean value(JsonParser parser, String at, Visitor visitor) throws IOException {
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (!value(parser, at.isEmpty() ? name : at + "." + name, visitor)) {
          return false;
        }
      }
      return true;
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      return visitor.item(at, 0, MAPPER.readTree(parser));
    }
    for (int index = 0; parser.nextToken() != JsonToken.END_ARRAY; index++) {
      if (!visitor.item(at, index, MAPPER.readTree(parser))) {
        return false;
      }
    }
    return true;
  }
}
