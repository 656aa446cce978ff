package org.blip4j.beam;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.RunSettings;

/**
 * The open models of this JVM, each once, however many instances of a function use them.
 *
 * <p>Static on purpose: engines make and drop instances as they like, some for each task; the JVM
 * stays. Models that nobody has used for {@link #IDLE_SECONDS} are closed, so that a cluster that
 * outlives its jobs gets its memory back.
 */
final class ModelHost {
  /** Tasks of one job follow each other faster; a finished job's models go soon after. */
  static final long IDLE_SECONDS = 10;

  private static final Map<Spec, Entry> OPEN = new HashMap<>();
  private static int loads;

  static {
    // JavaCPP unpacks the native library into a folder named after the jar, and some engines give
    // the jar another name for each job: a second copy would then be loaded into the same process,
    // and end it. Without that folder the library lies in one place.
    setIfAbsent("org.bytedeco.javacpp.cachedir.nosubdir", "true");
    setIfAbsent("org.bytedeco.javacpp.maxPhysicalBytes", "0");
  }

  private ModelHost() {}

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * What is opened and how; travels to the workers.
   *
   * @param settings of CapFilt, as JSON
   * @param captioner the captioning model; its path must be the same on all workers
   * @param filter the filtering model
   * @param device as {@code --device} has it
   * @param threads of TensorFlow, 0 for one a core
   * @param precision of the large matrix products
   */
  record Spec(
      String settings, Model captioner, Model filter, String device, int threads, String precision)
      implements Serializable {
    /**
     * A model.
     *
     * @param path absolute; empty if none was given
     * @param sha256 of its files; empty if it is not asked
     */
    record Model(String path, String sha256) implements Serializable {
      static Model of(Optional<ModelSource> source, String sha256) {
        return new Model(
            source.map(given -> given.path().toAbsolutePath().toString()).orElse(""), sha256);
      }

      Optional<ModelSource> source() throws IOException {
        return sha256.isEmpty() ? Optional.empty() : Optional.of(ModelSource.resolve(path));
      }

      void requireSame() throws IOException {
        if (!sha256.isEmpty()) {
          String here = CapFiltModels.Identity.of(Path.of(path)).sha256();
          if (!here.equals(sha256)) {
            throw new IOException(
                "%s is another model on this worker: its SHA-256 is %s, the run's is %s; put the same files there"
                    .formatted(path, here, sha256));
          }
        }
      }
    }

    Spec {
      Objects.requireNonNull(settings, "settings");
    }

    /** Of models as they lie here. */
    static Spec of(CapFiltModels models, CapFiltSettings settings, RunSettings run)
        throws IOException {
      return new Spec(
          ConfigJson.write(settings),
          Model.of(models.captioner(), models.captionerIdentity(settings).sha256()),
          Model.of(models.filter(), models.filterIdentity(settings).sha256()),
          run.device(),
          run.threads(),
          run.precision().name());
    }

    private CapFiltStep open() throws IOException {
      captioner.requireSame();
      filter.requireSame();
      Precision kind = Precision.valueOf(precision);
      RunSettings run = new RunSettings(device, threads, kind);
      return CapFiltStep.open(
          new CapFiltModels(captioner.source(), filter.source()),
          ConfigJson.parse(settings, "the settings of the run", CapFiltSettings.class),
          PredictorOptions.of(run.sessionConfig(), kind));
    }
  }

  /** An open step and who uses it. */
  private static final class Entry {
    private final CapFiltStep step;
    private int users;
    private long releases;

    private Entry(CapFiltStep step) {
      this.step = step;
    }
  }

  /** Opens models, or finds them open; each call wants a {@link #release}. */
  static synchronized CapFiltStep acquire(Spec spec) throws IOException {
    Entry entry = OPEN.get(spec);
    if (entry == null) {
      entry = new Entry(spec.open());
      loads++;
      OPEN.put(spec, entry);
    }
    entry.users++;
    return entry.step;
  }

  /** Gives back what was acquired. */
  static synchronized void release(Spec spec) {
    Entry entry = OPEN.get(spec);
    entry.users--;
    long release = ++entry.releases;
    if (entry.users == 0) {
      CompletableFuture.delayedExecutor(IDLE_SECONDS, TimeUnit.SECONDS)
          .execute(() -> closeIfIdle(spec, entry, release));
    }
  }

  private static synchronized void closeIfIdle(Spec spec, Entry entry, long release) {
    if (entry.users == 0 && entry.releases == release && OPEN.remove(spec, entry)) {
      entry.step.close();
    }
  }

  /** How often models were opened in this JVM. */
  static synchronized int loads() {
    return loads;
  }

  /** How many are open. */
  static synchronized int open() {
    return OPEN.size();
  }
}
