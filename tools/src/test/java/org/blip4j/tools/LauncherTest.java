package org.blip4j.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher with a Java that prints its arguments, in copies of a checkout that is built. */
class LauncherTest {
  private static final Path LAUNCHER = Path.of("blip").toAbsolutePath();

  @TempDir private Path folder;

  private record Ended(int status, String output) {}

  @ParameterizedTest
  @ValueSource(
      strings = {"plain", "my space", "blip (1)", "a*b", "what?", "[c]", "tab\there", "$HOME"})
  void startsInAnyFolder(String name) throws Exception {
    Path checkout = checkout(name);
    Path archive = jar(checkout).resolveSibling("classes.jsa");
    Files.createFile(archive);
    Ended ended = start(checkout, false, "caption", "a b.jpg", "*");
    assertEquals(0, ended.status(), ended.output());
    List<String> arguments = ended.output().lines().toList();
    assertEquals(
        List.of(
            "-XX:SharedArchiveFile=" + archive,
            "-Xlog:cds*=off",
            "-cp",
            jar(checkout).toString(),
            "org.blip4j.tools.cli.BlipCli",
            "caption",
            "a b.jpg",
            "*"),
        arguments.subList(arguments.size() - 8, arguments.size()));
  }

  @Test
  void refusesAPathThatJavaWouldCutInTwo() throws Exception {
    Ended ended = start(checkout("a:b"), false, "--version");
    assertEquals(2, ended.status());
    assertTrue(ended.output().contains("has a colon"), ended.output());
  }

  @Test
  void endsAtOnceWhereThisUserCannotBuild() throws Exception {
    Path checkout = checkout("shared");
    Files.setLastModifiedTime(
        checkout.resolve("pom.xml"), FileTime.from(Instant.now().plusSeconds(60)));
    Ended ended = start(checkout, true, "--version");
    assertEquals(2, ended.status(), ended.output());
    assertEquals(1, ended.output().lines().count(), ended.output());
    assertTrue(
        ended.output().contains("pom.xml is newer than what is built, and "), ended.output());
    assertTrue(ended.output().contains("cannot be written"), ended.output());
  }

  @Test
  void endsAtOnceWhereWhatIsBuiltCannotBeRead() throws Exception {
    Path checkout = checkout("private");
    Files.setPosixFilePermissions(jar(checkout), PosixFilePermissions.fromString("-wx------"));
    Ended ended = start(checkout, true, "--version");
    assertEquals(2, ended.status(), ended.output());
    assertTrue(
        ended.output().contains("program.jar is not there or cannot be read"), ended.output());
  }

  @Test
  void startsForAUserWhoMayOnlyRead() throws Exception {
    Ended ended = start(checkout("read"), true, "--version");
    assertEquals(0, ended.status(), ended.output());
  }

  private static Path jar(Path checkout) {
    return checkout.resolve("tools/target/launch/jars.1/program.jar");
  }

  /** A checkout as a build leaves it, for all to read. */
  private Path checkout(String name) throws IOException {
    Path checkout = folder.toRealPath().resolve(name).resolve("blip");
    Files.createDirectories(jar(checkout).getParent());
    Files.createDirectories(checkout.resolve("data/src/main"));
    Files.copy(LAUNCHER, checkout.resolve("tools/blip"));
    write(checkout.resolve("pom.xml"), "");
    write(checkout.resolve("data/pom.xml"), "");
    write(jar(checkout), "");
    write(checkout.resolve("jdk/release"), "JAVA_VERSION=\"17.0.1\"\n");
    write(checkout.resolve("jdk/bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    checkout.resolve("jdk/bin/java").toFile().setExecutable(true, false);
    write(checkout.resolve("tools/target/launch/classpath"), jar(checkout).toString());
    write(checkout.resolve("tools/target/launch/stamp"), "");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    return checkout;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** Starts the launcher, {@code asOther}: as a user who owns nothing and may write nothing. */
  private Ended start(Path checkout, boolean asOther, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    if (asOther) {
      assumeTrue(
          "root".equals(System.getProperty("user.name"))
              && Files.exists(Path.of("/usr/bin/setpriv")),
          "only root can start a program as another user");
      command.addAll(List.of("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"));
    }
    command.add(checkout.resolve("tools/blip").toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", checkout.resolve("jdk").toString());
    builder.environment().remove("BLIP_MAVEN_OPTS");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the launcher waits");
    return new Ended(process.exitValue(), output);
  }
}
