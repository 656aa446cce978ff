package org.blip4j.ops.text;

import com.google.common.primitives.Longs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The longest piece that begins at each character, for all characters at once.
 *
 * <p>A trie with two roots, 0 for pieces that begin a word and 1 for those that go on with one. Its
 * edges are sorted numbers {@code node * classes + class}; edge {@code i} leads to node {@code i +
 * 2}, so that one search in a constant is one step.
 */
final class PieceTrie {
  private static final int ROOTS = 2;

  /** A node while the trie is built. */
  private static final class Node {
    private final SortedMap<Integer, Node> children = new TreeMap<>();
    private int piece = -1;
  }

  private final CharacterCleaning.CodePointTable classes;
  private final int classCount;
  private final long[] edges;
  private final int[] pieces;

  /**
   * What was found at each character.
   *
   * @param length {@code [L]} characters of the longest piece that begins there, 0 if none
   * @param piece {@code [L]} its id
   */
  record Matches(Operand<TInt32> length, Operand<TInt32> piece) {}

  /**
   * Makes the trie.
   *
   * @param words ids by text of pieces that begin a word
   * @param continuations ids by text, without {@code ##}, of pieces that go on with one
   */
  PieceTrie(SortedMap<String, Integer> words, SortedMap<String, Integer> continuations) {
    int[] letters =
        Stream.concat(words.keySet().stream(), continuations.keySet().stream())
            .flatMapToInt(String::codePoints)
            .distinct()
            .sorted()
            .toArray();
    Map<Integer, Integer> numbers = new HashMap<>();
    for (int letter : letters) {
      numbers.put(letter, numbers.size() + 1);
    }
    this.classes = CharacterCleaning.CodePointTable.of(c -> numbers.getOrDefault(c, 0));
    this.classCount = numbers.size() + 1;
    List<Node> nodes = new ArrayList<>(List.of(new Node(), new Node()));
    words.forEach((text, id) -> insert(nodes.get(0), text, id, numbers));
    continuations.forEach((text, id) -> insert(nodes.get(1), text, id, numbers));
    List<Long> sorted = new ArrayList<>();
    for (int n = 0; n < nodes.size(); n++) {
      for (var child : nodes.get(n).children.entrySet()) {
        sorted.add((long) n * classCount + child.getKey());
        nodes.add(child.getValue());
      }
    }
    this.edges = Longs.toArray(sorted);
    this.pieces = nodes.stream().mapToInt(node -> node.piece).toArray();
  }

  private static void insert(Node root, String text, int id, Map<Integer, Integer> numbers) {
    Node node = root;
    for (int c : text.codePoints().toArray()) {
      node = node.children.computeIfAbsent(numbers.get(c), key -> new Node());
    }
    node.piece = id;
  }

  /**
   * Matches; a character that no piece holds (a space, for example) ends every match.
   *
   * @param characters {@code [L]}; the last must be a space
   * @param begins {@code [L]} whether a word begins there
   */
  Matches longest(GraphContext ctx, Operand<TInt32> characters, Operand<TBool> begins) {
    Ops tf = ctx.tf();
    Operand<TInt64> classOf = tf.dtypes.cast(classes.lookUp(ctx, characters), TInt64.class); // [L]
    Operand<TInt32> none = tf.zerosLike(characters);
    Operand<TInt64> root = tf.select(begins, tf.constant(0L), tf.constant(1L));
    Walk walk = new Walk(classOf, tf.constant(edges), tf.constant(pieces), classCount);
    Shape vector = Shape.of(-1);
    List<Operand<?>> end =
        WhileLoop.run(
            ctx.in("longest_piece"),
            WhileLoop.Execution.CALLED,
            List.of(
                WhileLoop.LoopVariable.of(tf.constant(0)),
                new WhileLoop.LoopVariable(ctx.range(tf.size(characters)), vector),
                new WhileLoop.LoopVariable(root, vector),
                new WhileLoop.LoopVariable(none, vector),
                new WhileLoop.LoopVariable(none, vector)),
            (inner, in) -> List.of(inner.greater(inner.tf().size(ints(in.get(1))), 0)),
            walk::step);
    return new Matches(ints(end.get(3)), ints(end.get(4)));
  }

  /**
   * One step down the trie from the nodes of those characters at which a match may still grow: soon
   * only a few.
   */
  private record Walk(
      Operand<TInt64> classOf, Operand<TInt64> edges, Operand<TInt32> pieces, int classCount) {

    List<Operand<?>> step(GraphContext ctx, List<Operand<?>> in) {
      Ops tf = ctx.tf();
      Operand<TInt32> depth = ints(in.get(0));
      Operand<TInt32> open = ints(in.get(1)); // [A] characters
      Operand<TInt64> nodes = longs(in.get(2)); // [A]
      Operand<TInt32> lengths = ints(in.get(3)); // [L]
      Operand<TInt64> classes = ctx.capture(classOf);
      Operand<TInt32> at =
          tf.math.minimum(tf.math.add(open, depth), ctx.sub(tf.size(classes), 1)); // [A]
      Operand<TInt64> wanted =
          tf.math.add(ctx.mul(nodes, classCount), ctx.gather(classes, at, 0)); // [A]
      Operand<TInt64> node = child(ctx, ctx.capture(edges), wanted);
      Operand<TInt64> grown = ctx.flat(tf.where(ctx.greaterEqual(node, 0))); // [G]
      Operand<TInt64> reached = ctx.gather(node, grown, 0); // [G]
      Operand<TInt32> places = ctx.gather(open, grown, 0); // [G]
      Operand<TInt32> id = ctx.gather(ctx.capture(pieces), reached, 0); // [G]
      Operand<TInt64> whole = ctx.flat(tf.where(ctx.greaterEqual(id, 0))); // [F]
      Operand<TInt32> found = ctx.gather(places, whole, 0); // [F]
      Operand<TInt32> next = ctx.add(depth, 1);
      return List.of(
          next,
          places,
          reached,
          put(ctx, lengths, found, tf.fill(tf.shape(found), next)),
          put(ctx, ints(in.get(4)), found, ctx.gather(id, whole, 0)));
    }

    private static Operand<TInt32> put(
        GraphContext ctx, Operand<TInt32> all, Operand<TInt32> places, Operand<TInt32> values) {
      return ctx.tf().tensorScatterNdUpdate(all, ctx.expandDims(places, 1), values);
    }
  }

  /** The node that an edge leads to, -1 if there is no such edge. */
  private static Operand<TInt64> child(
      GraphContext ctx, Operand<TInt64> keys, Operand<TInt64> wanted) {
    Ops tf = ctx.tf();
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> index = tf.lowerBound(tf.expandDims(keys, zero), tf.expandDims(wanted, zero));
    Operand<TInt32> flat = ctx.flat(index);
    Operand<TInt32> inside = tf.math.minimum(flat, ctx.sub(tf.size(keys), 1));
    Operand<TBool> exists = tf.math.equal(tf.gather(keys, inside, zero), wanted);
    Operand<TInt64> node = ctx.add(tf.dtypes.cast(inside, TInt64.class), ROOTS);
    return ctx.select(exists, node, -1);
  }

  @SuppressWarnings("unchecked") // as declared
  private static Operand<TInt32> ints(Operand<?> operand) {
    return (Operand<TInt32>) operand;
  }

  @SuppressWarnings("unchecked") // as declared
  private static Operand<TInt64> longs(Operand<?> operand) {
    return (Operand<TInt64>) operand;
  }
}
