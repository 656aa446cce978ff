package org.example;

import java.awt.image.BufferedImage;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.Predictor;

/** A program with a BLIP model in it; prints one line, the result. */
public final class Program {
  private static final long LONGEST = 2_000_000_000; // before a call is asked to end

  private Program() {}

  /** Runs {@code KIND MODEL [COUNT]}. */
  public static void main(String[] args) throws Exception {
    System.out.println(
        run(args[0], Path.of(args[1]), args.length > 2 ? Integer.parseInt(args[2]) : 0));
  }

  /** What a kind of use gives. */
  public static String run(String kind, Path model, int count) throws Exception {
    return switch (kind) {
      case "once" -> once(model);
      case "points" -> Points.run(model, Files.createTempDirectory("points"));
      case "untouched" -> untouched(model);
      case "opens" -> opens(model, count);
      case "interrupts" -> interrupts(model, count);
      case "calls" -> calls(model, count);
      default -> throw new IllegalArgumentException(kind);
    };
  }

  static byte[] picture(int seed) {
    BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(seed);
    for (int i = 0; i < 64 * 48; i++) {
      image.setRGB(i % 64, i / 64, random.nextInt(1 << 24));
    }
    return ImageBytes.of(image);
  }

  private static String once(Path path) throws Exception {
    try (Predictor model = Predictor.open(path)) {
      return model.caption(picture(1)).ok() ? "ok" : "failed";
    }
  }

  private static String untouched(Path path) throws Exception {
    Properties before = (Properties) System.getProperties().clone();
    int hooks = hooks();
    String result = once(path);
    Properties after = (Properties) System.getProperties().clone();
    after.keySet().retainAll(before.keySet());
    boolean limit = System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null;
    return result + " " + before.equals(after) + " " + limit + " " + (hooks() - hooks);
  }

  private static int hooks() throws Exception {
    Field hooks = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
    hooks.setAccessible(true);
    return (int)
        ((Map<?, ?>) hooks.get(null))
            .keySet().stream()
                .filter(hook -> !hook.getClass().getName().startsWith("java.util.logging."))
                .count();
  }

  private static String opens(Path path, int count) throws Exception {
    byte[] image = picture(1);
    List<byte[]> images = List.of(image);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    for (int i = 0; i < count; i++) {
      try (Predictor model = Predictor.open(path)) {
        List<Callable<?>> first =
            List.of(
                () -> model.caption(image),
                () -> model.captionPrompted(images, List.of("a")),
                () -> model.captionSample(images, 1),
                () -> model.match(image, "a"),
                () -> model.embedImage(image),
                () -> model.embedText("a"));
        List<Future<?>> calls = new ArrayList<>();
        first.forEach(call -> calls.add(threads.submit(call)));
        for (Future<?> call : calls) {
          call.get();
        }
      }
    }
    threads.shutdown();
    return "ok";
  }

  private static String interrupts(Path path, int count) throws Exception {
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      images.add(picture(i));
    }
    Random random = new Random(1);
    long slowest = 0;
    long early = 0;
    int stopped = 0;
    try (Predictor model = Predictor.open(path)) {
      model.warmUp();
      long began = System.nanoTime();
      model.caption(images);
      long whole = System.nanoTime() - began;
      for (int i = 0; i < count; i++) {
        boolean future = i % 2 == 0;
        AtomicReference<Throwable> end = new AtomicReference<>();
        CompletableFuture<?> asked = future ? model.async(it -> it.caption(images)) : null;
        Thread waiting =
            new Thread(
                () -> {
                  try {
                    Object result = future ? asked.join() : model.caption(images);
                    end.set(result == null ? new IllegalStateException("null") : null);
                  } catch (RuntimeException e) {
                    end.set(e);
                  }
                });
        waiting.start();
        Thread.sleep((long) (random.nextDouble() * Math.min(whole, LONGEST) / 1_000_000));
        long asking = System.nanoTime();
        if (future) {
          asked.cancel(true);
        } else {
          waiting.interrupt();
        }
        waiting.join();
        slowest = Math.max(slowest, System.nanoTime() - asking);
        if (end.get() != null) {
          if (!(end.get() instanceof CancellationException)) {
            throw new IllegalStateException(end.get());
          }
          stopped++;
        }
        if (future && i % 100 == 0) {
          long after = System.nanoTime();
          model.embedText("a"); // waits for the part that goes on
          slowest = Math.max(slowest, System.nanoTime() - after);
        }
        if (i == count / 2) {
          early = resident();
        }
      }
    }
    long growth = resident() * 100 / early - 100;
    return (stopped > 0 && slowest < 2_000_000_000L ? "ok" : "slow") + " growth " + growth + " %";
  }

  private static String calls(Path path, int count) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<byte[]> pictures = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      pictures.add(picture(i));
    }
    long early = 0;
    try (Predictor model = Predictor.open(path)) {
      model.warmUp();
      for (int part = 0; part < 2; part++) {
        List<Future<?>> calls = new ArrayList<>();
        for (int i = 0; i < count / 2; i++) {
          int kind = i % 4;
          byte[] image = pictures.get(i % 50);
          calls.add(
              threads.submit(
                  () ->
                      switch (kind) {
                        case 0 -> model.caption(image);
                        case 1 -> model.match(image, "a dog");
                        case 2 -> model.embedImage(image);
                        default -> model.with(own -> own.withBeams(2)).caption(image);
                      }));
        }
        for (Future<?> call : calls) {
          call.get();
        }
        early = part == 0 ? resident() : early;
      }
    }
    threads.shutdown();
    return "ok growth " + (resident() * 100 / early - 100) + " %";
  }

  private static long resident() throws Exception {
    System.gc();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IllegalStateException("no VmRSS");
  }
}
