package org.blip4j.ops.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.testing.GraphTest;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Feeding texts, fetching texts and rows of ids. */
abstract class TextTest extends GraphTest {
  final Operand<TString> texts =
      ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of(-1)));

  final List<String> strings(Operand<TString> fetched, List<String> fed) {
    try (TString value = tensor(bytes(fed));
        Result result = session().runner().feed(texts.asOutput(), value).fetch(fetched).run()) {
      return strings((TString) result.get(0));
    }
  }

  static List<String> strings(TString tensor) {
    List<String> rows = new ArrayList<>();
    for (long i = 0; i < tensor.shape().get(0); i++) {
      rows.add(tensor.getObject(i));
    }
    return rows;
  }

  /** Ids and mask, row by row. */
  record Rows(List<List<Long>> ids, List<List<Long>> mask) {}

  final Rows rows(WordPieceOps.TokenIds tokens, List<byte[]> fed) {
    try (TString value = tensor(fed);
        Result result =
            session()
                .runner()
                .feed(texts.asOutput(), value)
                .fetch(tokens.ids())
                .fetch(tokens.mask())
                .run()) {
      return new Rows(rows((TInt64) result.get(0)), rows((TInt64) result.get(1)));
    }
  }

  static List<byte[]> bytes(List<String> texts) {
    return texts.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  private static TString tensor(List<byte[]> texts) {
    return TString.tensorOfBytes(NdArrays.vectorOfObjects(texts.toArray(new byte[0][])));
  }

  private static List<List<Long>> rows(TInt64 tensor) {
    List<List<Long>> rows = new ArrayList<>();
    for (long r = 0; r < tensor.shape().get(0); r++) {
      List<Long> row = new ArrayList<>();
      for (long c = 0; c < tensor.shape().get(1); c++) {
        row.add(tensor.getLong(r, c));
      }
      rows.add(row);
    }
    return rows;
  }
}
