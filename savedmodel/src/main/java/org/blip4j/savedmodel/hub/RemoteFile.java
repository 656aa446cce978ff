package org.blip4j.savedmodel.hub;

import java.net.URI;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the hub says about a file.
 *
 * @param address where it is asked for
 * @param size its bytes, if told
 * @param etag names its content; empty if not told
 * @param commit the commit it belongs to, if told
 */
record RemoteFile(URI address, OptionalLong size, String etag, Optional<String> commit) {
  /** The SHA-256 of the content, where the tag is one, as for large files. */
  Optional<String> sha256() {
    return etag.matches("[0-9a-f]{64}") ? Optional.of(etag) : Optional.empty();
  }
}
