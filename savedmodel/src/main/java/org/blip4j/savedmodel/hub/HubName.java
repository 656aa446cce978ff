package org.blip4j.savedmodel.hub;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A repository of the hub: {@code hf:OWNER/NAME[@REVISION]}.
 *
 * @param owner user or organisation
 * @param name repository
 * @param revision branch, tag or commit
 */
public record HubName(String owner, String name, String revision) {
  /** What a name of a model on the hub begins with. */
  public static final String PREFIX = "hf:";

  private static final Pattern FORM =
      Pattern.compile("hf:(\\w[\\w.-]*)/(\\w[\\w.-]*)(?:@(\\w[\\w./-]*))?");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException if it has another form
   */
  public static HubName parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || text.contains("..")) {
      throw new IllegalArgumentException(
          text + " is no repository of the hub; use hf:OWNER/NAME or hf:OWNER/NAME@REVISION");
    }
    String revision = matcher.group(3);
    return new HubName(matcher.group(1), matcher.group(2), revision == null ? "main" : revision);
  }

  /** Whether the revision is a commit, which never changes. */
  boolean isCommit() {
    return COMMIT.matcher(revision).matches();
  }

  /** The path of a file below the endpoint. */
  String path(String file) {
    return "/%s/%s/resolve/%s/%s".formatted(owner, name, encoded(), file);
  }

  /** The revision as one part of a path. */
  String encoded() {
    return URLEncoder.encode(revision, StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return PREFIX + owner + "/" + name + (revision.equals("main") ? "" : "@" + revision);
  }
}
