package org.blip4j.savedmodel.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubRepositoryTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir private Path cache;
  private FakeHub hub;
  private byte[] weights;

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
    weights = new byte[100_000];
    new Random(1).nextBytes(weights);
    hub.put("config.json", "{}");
    hub.put("vocab.txt", "[PAD]");
    hub.put("README.md", "not needed");
    hub.files.put(WEIGHTS, weights);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private HubSettings settings() {
    return new HubSettings(hub.address(), Optional.empty(), cache, false, Duration.ZERO);
  }

  private Path get(String name, HubSettings settings) throws IOException {
    return new HubRepository(HubName.parse(name), settings, HubRepository.Listener.SILENT).folder();
  }

  private Path get() throws IOException {
    return get("hf:new/tiny", settings());
  }

  private String refusal(String name, HubSettings settings) {
    return assertThrows(HubException.class, () -> get(name, settings)).getMessage();
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void onlyNeededFilesComeAndOnlyOnce() throws IOException {
    Path folder = get();

    assertArrayEquals(weights, Files.readAllBytes(folder.resolve(WEIGHTS)));
    assertEquals(Set.of("config.json", "vocab.txt", WEIGHTS, ".hub.json"), names(folder));
    assertTrue(folder.toString().contains(FakeHub.COMMIT), folder.toString());

    hub.requests.clear();
    assertEquals(folder, get());
    assertEquals(List.of("HEAD /new/tiny/resolve/main/config.json"), hub.requests);
    hub.requests.clear();
    assertEquals(folder, get("hf:new/tiny@" + FakeHub.COMMIT, settings().withOffline(true)));
    assertEquals(folder, get("hf:new/tiny", settings().withOffline(true)));
    assertEquals(List.of(), hub.requests);
  }

  @Test
  void offlineNeverAsks() {
    String message = refusal("hf:new/tiny", settings().withOffline(true));

    assertTrue(message.contains("be online once"), message);
    assertEquals(List.of(), hub.requests);
  }

  @Test
  void aCutConnectionIsTakenUpWhereItBroke() throws IOException {
    hub.cuts = 3;

    Path folder = get();

    assertArrayEquals(weights, Files.readAllBytes(folder.resolve(WEIGHTS)));
    List<String> stored = hub.requests.stream().filter(r -> r.startsWith("STORE")).toList();
    assertEquals(4, stored.size(), stored.toString());
    assertEquals("STORE /" + WEIGHTS, stored.get(0));
    assertTrue(stored.get(3).matches("STORE /.* bytes=\\d+-"), stored.get(3));
  }

  @Test
  void aLaterStartResumes() throws IOException {
    hub.cuts = 1;
    hub.dying = true;
    String message = refusal("hf:new/tiny", settings());
    assertTrue(message.contains("run again to resume"), message);
    Path snapshot = cache.resolve("hf/new/tiny/snapshots").resolve(FakeHub.COMMIT);
    assertFalse(Files.exists(snapshot.resolve(WEIGHTS)));
    assertTrue(refusal("hf:new/tiny", settings().withOffline(true)).contains("not in the cache"));
    Files.writeString(snapshot.resolve("." + WEIGHTS + ".0123.part"), "of an earlier content");
    hub.dying = false;
    hub.requests.clear();

    Path folder = get();

    assertArrayEquals(weights, Files.readAllBytes(folder.resolve(WEIGHTS)));
    assertTrue(
        hub.requests.stream().anyMatch(request -> request.matches("STORE /.* bytes=\\d+-")),
        hub.requests.toString());
    assertEquals(Set.of("config.json", "vocab.txt", WEIGHTS, ".hub.json"), names(folder));
  }

  @Test
  void aWrongChecksumLeavesNothingUnderTheName() throws IOException {
    hub.wrongTags.put(WEIGHTS, "0".repeat(64));

    String message = refusal("hf:new/tiny", settings());

    assertTrue(message.contains("SHA-256"), message);
    Path snapshot = cache.resolve("hf/new/tiny/snapshots").resolve(FakeHub.COMMIT);
    assertFalse(names(snapshot).stream().anyMatch(name -> name.contains("model")));
    hub.wrongTags.clear();
    assertArrayEquals(weights, Files.readAllBytes(get().resolve(WEIGHTS)));
  }

  @Test
  void theTokenStaysWithTheHub() throws IOException {
    hub.token = "secret";
    assertTrue(refusal("hf:new/tiny", settings()).contains("401"));
    assertTrue(refusal("hf:new/tiny", settings()).contains("set HF_TOKEN"));
    HubSettings known =
        new HubSettings(hub.address(), Optional.of("secret"), cache, false, Duration.ZERO);

    get("hf:old/tiny", known);

    assertTrue(hub.requests.contains("HEAD /new/tiny/resolve/main/config.json"));
    assertEquals(List.of("null"), hub.storageTokens);
  }

  @Test
  void shardsAndOlderWeightsAreFound() throws IOException {
    hub.files.remove(WEIGHTS);
    hub.put(
        "pytorch_model.bin.index.json", "{\"weight_map\":{\"a\":\"s-1.bin\",\"b\":\"s-2.bin\"}}");
    hub.put("s-1.bin", "1");
    assertTrue(refusal("hf:new/tiny", settings()).contains("s-2.bin is missing"));
    hub.put("s-2.bin", "2");
    hub.files.remove("vocab.txt");
    hub.put("tokenizer.json", "{}");
    hub.put("processor_config.json", "{}");

    assertEquals(
        Set.of(
            "config.json",
            "pytorch_model.bin.index.json",
            "s-1.bin",
            "s-2.bin",
            "tokenizer.json",
            "processor_config.json",
            ".hub.json"),
        names(get()));
  }

  @Test
  void refusalsAreTold() {
    assertTrue(refusal("hf:no/body", settings()).contains("no such repository or revision"));
    hub.files.remove(WEIGHTS);
    assertTrue(refusal("hf:new/tiny", settings()).contains("no weights there"));
    hub.files.remove("config.json");
    assertTrue(refusal("hf:new/tiny", settings()).contains("config.json"));
    hub.status = 403;
    assertTrue(refusal("hf:new/tiny", settings()).contains("accept its terms"));
    hub.status = 503;
    assertTrue(refusal("hf:new/tiny", settings()).contains("503"));
    hub.close();
    assertTrue(refusal("hf:new/tiny", settings()).contains("cannot be reached"));
  }

  @Test
  void namesAndSettingsAreChecked() {
    for (String wrong : new String[] {"hf:a", "hf:a/b/c", "hf:../b", "hf:a/b@", "hf:a/b@x/../y"}) {
      assertThrows(IllegalArgumentException.class, () -> HubName.parse(wrong), wrong);
    }
    assertEquals("refs/pr/1", HubName.parse("hf:a/b@refs/pr/1").revision());
    HubSettings settings =
        HubSettings.of(Map.of("HF_ENDPOINT", "http://mirror:8/x/", "HOME", "/h", "HF_TOKEN", ""));
    assertEquals("http://mirror:8/x", settings.endpoint().toString());
    assertEquals(Optional.empty(), settings.token());
    assertEquals(Path.of("/h/.cache/blip4j"), settings.cache());
    assertThrows(
        IllegalArgumentException.class, () -> HubSettings.of(Map.of("HF_ENDPOINT", "mirror")));
  }
}
