package org.blip4j.tools.scenes;

/** The three sets of the quickstart. */
public enum SceneSet {
  /** Human-annotated: every caption is right. */
  HUMAN("human"),
  /** From the web: {@link WebTextWriter} writes the texts. */
  WEB("web"),
  /** Held out for evaluation: every caption is right. */
  HELD_OUT("heldout");

  private final String prefix;

  SceneSet(String prefix) {
    this.prefix = prefix;
  }

  /** What the names of its shards and the keys of its records begin with. */
  public String prefix() {
    return prefix;
  }
}
