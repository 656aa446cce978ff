package org.blip4j.data.metric;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * One image's generated caption with the reference captions it is measured against, all tokenised:
 * lower-case tokens separated by single spaces, no punctuation.
 *
 * @param candidate the generated caption; may be empty
 * @param references at least one reference caption
 */
public record CaptionItem(String candidate, ImmutableList<String> references) {
  /** Refuses an item that nothing can be compared with. */
  public CaptionItem {
    if (references.isEmpty()) {
      throw new IllegalArgumentException(
          "caption \"" + candidate + "\" has no reference; give at least one");
    }
  }

  /** An item whose references come as any list. */
  public static CaptionItem of(String candidate, List<String> references) {
    return new CaptionItem(candidate, ImmutableList.copyOf(references));
  }
}
