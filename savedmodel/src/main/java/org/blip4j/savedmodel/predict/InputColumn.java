package org.blip4j.savedmodel.predict;

import java.util.Arrays;
import java.util.List;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** A value for each row of a call. */
sealed interface InputColumn {
  /** The values; to be closed. */
  Tensor tensor();

  /** A column of the same kind: of each of the columns one row. */
  InputColumn join(List<InputColumn> columns, int... rows);

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Files(byte[][] files) implements InputColumn {
    @Override
    public Tensor tensor() {
      return TString.tensorOfBytes(NdArrays.vectorOfObjects(files));
    }

    @Override
    public InputColumn join(List<InputColumn> columns, int... rows) {
      byte[][] all = new byte[rows.length][];
      Arrays.setAll(all, i -> ((Files) columns.get(i)).files()[rows[i]]);
      return new Files(all);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Texts(String[] texts) implements InputColumn {
    @Override
    public Tensor tensor() {
      return TString.vectorOf(texts);
    }

    @Override
    public InputColumn join(List<InputColumn> columns, int... rows) {
      String[] all = new String[rows.length];
      Arrays.setAll(all, i -> ((Texts) columns.get(i)).texts()[rows[i]]);
      return new Texts(all);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Numbers(long[] numbers) implements InputColumn {
    @Override
    public Tensor tensor() {
      return TInt64.tensorOf(Shape.of(numbers.length), DataBuffers.of(numbers, true, false));
    }

    @Override
    public InputColumn join(List<InputColumn> columns, int... rows) {
      long[] all = new long[rows.length];
      Arrays.setAll(all, i -> ((Numbers) columns.get(i)).numbers()[rows[i]]);
      return new Numbers(all);
    }
  }
}
