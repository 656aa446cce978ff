package org.blip4j.savedmodel.hub;

import java.util.OptionalLong;

/** Hears how far a download is. */
@FunctionalInterface
public interface HubListener {
  /** Hears nothing. */
  HubListener SILENT = (file, done, total) -> {};

  /**
   * Some bytes of a file have come.
   *
   * @param file its name
   * @param done bytes that are there, those of an earlier start included
   * @param total its size, if the hub tells it
   */
  void progress(String file, long done, OptionalLong total);
}
