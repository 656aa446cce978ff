package org.blip4j.tools.infer;

import java.io.IOException;
import java.nio.file.Path;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Option;

/** Where embeddings go: to a NumPy file if one is given, else to standard output. */
final class EmbedOutput {
  @Option(
      names = "--out",
      paramLabel = "X.npy",
      description = "Write float32 rows to a NumPy file, and what they are of to X.txt.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace existing files of --out.")
  private boolean overwrite;

  /** Takes embeddings. */
  interface Writer extends AutoCloseable {
    void add(String item, EmbeddingVector embedding) throws IOException;

    /** Called after the last one. */
    void commit() throws IOException;

    @Override
    void close() throws IOException;
  }

  Writer open(Console console) throws IOException {
    return out == null ? new Lines(console) : new Npy(console, new NpyWriter(out, overwrite));
  }

  private record Lines(Console console) implements Writer {
    @Override
    public void add(String item, EmbeddingVector embedding) throws IOException {
      EmbedRow row = EmbedRow.of(item, embedding.values());
      console.result(row, row.line());
    }

    @Override
    public void commit() {}

    @Override
    public void close() {}
  }

  private record Npy(Console console, NpyWriter file) implements Writer {
    @Override
    public void add(String item, EmbeddingVector embedding) throws IOException {
      float[] values = embedding.values();
      file.add(item, values);
      console.json(EmbedRow.of(item, values));
    }

    @Override
    public void commit() throws IOException {
      file.commit();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
