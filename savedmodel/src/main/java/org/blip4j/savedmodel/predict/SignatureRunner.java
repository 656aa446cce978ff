package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Closer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Calls signatures of a session by their definitions, whichever way the session came about, and
 * owns what the session needs.
 *
 * <p>Calls may come from several threads at once. Closing waits for the calls that run; those that
 * come later are refused.
 */
final class SignatureRunner implements AutoCloseable {
  private final Session session;
  private final Map<String, SignatureDef> signatures;
  private final Runnable release;
  private final CallParts parts;
  private final ExecutorService threads;
  private final Lock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private int running;
  private boolean closed;
  private boolean released;

  /**
   * A runner.
   *
   * @param parts cuts calls into parts
   * @param threads compute them
   * @param release closes the session and all around it
   */
  SignatureRunner(
      Session session,
      Map<String, SignatureDef> signatures,
      CallParts parts,
      ExecutorService threads,
      Runnable release) {
    this.session = session;
    this.parts = parts;
    this.threads = threads;
    this.signatures = signatures;
    this.release = release;
  }

  boolean has(ServingSignature signature) {
    return signatures.containsKey(signature.key());
  }

  /**
   * Refuses a signature that the model does not have, before anything is made for it.
   *
   * @throws IllegalArgumentException if it has not
   */
  void require(ServingSignature signature) {
    if (!has(signature)) {
      throw new IllegalArgumentException(
          "this model has no signature %s, only %s; use a model that was trained for it"
              .formatted(signature.key(), String.join(", ", signatures.keySet())));
    }
  }

  /**
   * Runs a signature that the model has, part by part.
   *
   * @param watch of this call
   * @param read gives one result for each row of a part
   * @throws IllegalStateException after {@link #close}
   * @throws java.util.concurrent.CancellationException if {@code watch} ends it
   */
  <R> List<R> run(
      ServingSignature signature,
      CallInputs inputs,
      CallControl.Watch watch,
      Function<Outputs, List<R>> read) {
    List<R> results = new ArrayList<>(Collections.nCopies(inputs.rows(), null));
    int done = 0;
    for (int[] rows : parts.of(signature, inputs)) {
      CallInputs part = inputs.part(rows);
      List<R> some;
      try {
        for (Runnable conversion : part.unread()) {
          watch.await(threads, Executors.callable(conversion), done);
        }
        some = watch.await(threads, () -> part(signature, part, read), done);
      } catch (RejectedExecutionException e) {
        throw closed(signature);
      }
      for (int i = 0; i < rows.length; i++) {
        results.set(rows[i], some.get(i));
      }
      done += rows.length;
    }
    return results;
  }

  /** Does something with the model, which is not let go meanwhile. */
  <T> T whileOpen(Supplier<T> work) {
    return whileOpen(
        work, () -> new IllegalStateException("this predictor was closed; open the model again"));
  }

  private <T> T whileOpen(Supplier<T> work, Supplier<IllegalStateException> refusal) {
    lock.lock();
    try {
      if (closed) {
        throw refusal.get();
      }
      running++;
    } finally {
      lock.unlock();
    }
    try {
      return work.get();
    } finally {
      ended();
    }
  }

  private void ended() {
    lock.lock();
    try {
      running--;
      releaseIfIdle();
    } finally {
      lock.unlock();
    }
  }

  private static IllegalStateException closed(ServingSignature signature) {
    return new IllegalStateException(
        "this predictor was closed and cannot run "
            + signature.key()
            + "; open the model again, or close it after the last call");
  }

  private <R> List<R> part(
      ServingSignature signature, CallInputs inputs, Function<Outputs, List<R>> read) {
    return whileOpen(
        () -> run(signatures.get(signature.key()), inputs, read), () -> closed(signature));
  }

  private <R> List<R> run(
      SignatureDef definition, CallInputs inputs, Function<Outputs, List<R>> read) {
    try (Closer closer = Closer.create()) {
      Session.Runner runner = session.runner();
      for (String name : inputs.names()) {
        Tensor tensor = inputs.tensor(name);
        closer.register(tensor::close);
        runner.feed(definition.getInputsOrThrow(name).getName(), tensor);
      }
      ImmutableList<String> names = ImmutableList.sortedCopyOf(definition.getOutputsMap().keySet());
      names.forEach(name -> runner.fetch(definition.getOutputsOrThrow(name).getName()));
      Result result = runner.run();
      closer.register(result::close);
      Map<Integer, String> problems = new HashMap<>();
      for (int i = 0; i < inputs.rows(); i++) {
        int row = i;
        inputs.problem(row).ifPresent(why -> problems.put(row, why));
      }
      return read.apply(new Outputs(result, names, problems));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing that is closed here reads or writes
    }
  }

  /** Refuses calls from now on, and lets everything go when the last one that runs has ended. */
  void closeWhenIdle() {
    lock.lock();
    try {
      closed = true;
      releaseIfIdle();
    } finally {
      lock.unlock();
    }
  }

  private void releaseIfIdle() {
    if (closed && running == 0 && !released) {
      released = true;
      try {
        release.run();
      } finally {
        idle.signalAll();
      }
    }
  }

  /** The same, and waits for it; a second time does nothing. */
  @Override
  public void close() {
    lock.lock();
    try {
      closeWhenIdle();
      while (!released) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What a call gave; only valid while it is read. */
  static final class Outputs {
    private final Result result;
    private final ImmutableList<String> names;
    private final List<String> statuses;

    private Outputs(Result result, ImmutableList<String> names, Map<Integer, String> problems) {
      this.result = result;
      this.names = names;
      this.statuses = strings(ServingSignature.STATUS);
      problems.forEach(statuses::set);
    }

    int rows() {
      return statuses.size();
    }

    /** Why a row failed; empty if it did not. */
    String status(int row) {
      return ServingSignature.RowStatus.failed(statuses.get(row)) ? statuses.get(row) : "";
    }

    /** What a row that did not fail has to say all the same. */
    String note(int row) {
      return ServingSignature.RowStatus.failed(statuses.get(row)) ? "" : statuses.get(row);
    }

    List<String> strings(String name) {
      List<String> values = new ArrayList<>();
      ((TString) tensor(name)).scalars().forEach(scalar -> values.add(scalar.getObject()));
      return values;
    }

    float[] floats(String name) {
      Tensor tensor = tensor(name);
      float[] values = new float[Math.toIntExact(tensor.shape().size())];
      ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
      return values;
    }

    long[] longs(String name) {
      Tensor tensor = tensor(name);
      long[] values = new long[Math.toIntExact(tensor.shape().size())];
      ((TInt64) tensor).asRawTensor().data().asLongs().read(values);
      return values;
    }

    private Tensor tensor(String name) {
      return result.get(names.indexOf(name));
    }
  }
}
