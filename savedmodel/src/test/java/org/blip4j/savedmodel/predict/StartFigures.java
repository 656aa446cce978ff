package org.blip4j.savedmodel.predict;

import com.sun.management.OperatingSystemMXBean;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;

/**
 * Measures how soon an exported model answers: {@code VERSION}, its folder. Prints seconds, by the
 * clock and of all cores together, to read its weights into memory, to open it, to the first answer
 * after it was opened, and of a steady answer (the shortest of five); and how many times reading
 * and a steady answer opening and the first answer take. To be run in a new process each time: what
 * starts TensorFlow itself is not counted.
 */
public final class StartFigures {
  private static final int SIDE = 512;
  private static final int STEADY = 5;

  private StartFigures() {}

  private record Time(double clock, double cores) {
    static Time of(Work work) throws IOException {
      OperatingSystemMXBean process =
          (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      long cores = process.getProcessCpuTime();
      long clock = System.nanoTime();
      work.run();
      return new Time(
          (System.nanoTime() - clock) * 1e-9, (process.getProcessCpuTime() - cores) * 1e-9);
    }

    Time plus(Time other) {
      return new Time(clock + other.clock, cores + other.cores);
    }

    static Time shortest(int times, Work work) throws IOException {
      Time best = of(work);
      for (int i = 1; i < times; i++) {
        Time next = of(work);
        best = new Time(Math.min(best.clock, next.clock), Math.min(best.cores, next.cores));
      }
      return best;
    }

    void print(String what) {
      System.out.printf("%-40s %7.2f s, cores %7.2f s%n", what, clock, cores);
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Measures. */
  public static void main(String[] args) throws IOException {
    Path version = Path.of(args[0]);
    byte[] photo = photo();
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      session.runner().fetch(tf.math.add(tf.constant(1), tf.constant(1))).run().close();
    }
    Path weights = version.resolve("variables").resolve("variables.data-00000-of-00001");
    ByteBuffer memory = ByteBuffer.allocateDirect(64 << 20);
    Time read = Time.shortest(STEADY, () -> read(weights, memory));
    read.print("reading the weights");
    Predictor[] opened = new Predictor[1];
    Time open = Time.of(() -> opened[0] = Predictor.open(version));
    try (Predictor model = opened[0]) {
      open.print("opening");
      for (ServingSignature signature :
          List.of(ServingSignature.CAPTION, ServingSignature.MATCH, ServingSignature.VQA)) {
        if (model.has(signature)) {
          Work call = () -> call(model, signature, photo);
          Time first = Time.of(call);
          first.print("first answer of " + signature.key());
          Time steady = Time.shortest(STEADY, call);
          steady.print("steady answer of " + signature.key());
          Time all = open.plus(first);
          Time bound = read.plus(steady);
          System.out.printf(
              "opening and %s take %.2f times (read + steady), of the cores %.2f times%n",
              signature.key(), all.clock / bound.clock, all.cores / bound.cores);
          return;
        }
      }
    }
  }

  private static void call(Predictor model, ServingSignature signature, byte[] photo) {
    List<byte[]> image = List.of(photo);
    List<String> text = List.of("a dog in the snow");
    List<?> answer =
        switch (signature) {
          case CAPTION -> model.caption(image);
          case MATCH -> model.match(image, text);
          default -> model.vqa(image, text);
        };
    if (answer.size() != 1) {
      throw new IllegalStateException(answer.toString());
    }
  }

  private static void read(Path file, ByteBuffer memory) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(memory.clear()) >= 0) {}
    }
  }

  private static byte[] photo() {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(3);
    for (int i = 0; i < SIDE * SIDE; i++) {
      image.setRGB(i % SIDE, i / SIDE, random.nextInt(1 << 24));
    }
    return ImageBytes.of(image);
  }
}
