package org.blip4j.savedmodel.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where models come from and where they are kept.
 *
 * @param endpoint address of the hub
 * @param token access token, sent to the endpoint alone
 * @param cache folder of downloaded models
 * @param offline whether the network is never touched
 * @param pause before a failed request is tried again; longer each time
 */
public record HubSettings(
    URI endpoint, Optional<String> token, Path cache, boolean offline, Duration pause) {
  private static final String PUBLIC = "https://huggingface.co";

  /** Checks the address. */
  public HubSettings {
    String scheme = String.valueOf(endpoint.getScheme());
    if (!scheme.matches("https?") || endpoint.getHost() == null) {
      throw new IllegalArgumentException(
          "HF_ENDPOINT is " + endpoint + "; expected an address such as " + PUBLIC);
    }
  }

  /** Settings of {@code HF_ENDPOINT}, {@code HF_TOKEN}, {@code BLIP_CACHE} and {@code HOME}. */
  public static HubSettings of(Map<String, String> environment) {
    String endpoint = nonEmpty(environment, "HF_ENDPOINT").orElse(PUBLIC).replaceFirst("/+$", "");
    Path home = Path.of(environment.getOrDefault("HOME", ""));
    Path cache =
        nonEmpty(environment, "BLIP_CACHE")
            .map(Path::of)
            .orElseGet(() -> home.resolve(".cache").resolve("blip4j"));
    try {
      return new HubSettings(
          URI.create(endpoint),
          nonEmpty(environment, "HF_TOKEN").map(String::strip),
          cache,
          false,
          Duration.ofSeconds(1));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "HF_ENDPOINT is " + endpoint + "; expected an address such as " + PUBLIC, e);
    }
  }

  private static Optional<String> nonEmpty(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /** The same, with or without the network. */
  public HubSettings withOffline(boolean other) {
    return new HubSettings(endpoint, token, cache, other, pause);
  }
}
