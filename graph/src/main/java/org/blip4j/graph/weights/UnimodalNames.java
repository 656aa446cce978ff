package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.tensorflow.ndarray.Shape;

/**
 * The names of published vision transformers and BERTs, made those that BLIP's state dict has
 * behind {@code visual_encoder.} and {@code text_encoder.}.
 *
 * <table>
 *   <caption>Forms</caption>
 *   <tr><td>vision, timm and DeiT</td><td>{@code blocks.0.attn.qkv.weight}: BLIP's own</td></tr>
 *   <tr><td>vision, JAX</td><td>{@code Transformer/encoderblock_0/...}: queries, keys and values
 *       apart, kernels [in, heads, 64]</td></tr>
 *   <tr><td>BERT, PyTorch</td><td>{@code bert.encoder.layer.0...}; without {@code bert.}; norms
 *       with {@code gamma} and {@code beta} in old files</td></tr>
 *   <tr><td>BERT, TensorFlow</td><td>{@code module/bert/encoder/layer_0/...}, kernels [in, out];
 *       without {@code module/} in Google's own checkpoints</td></tr>
 * </table>
 */
final class UnimodalNames {
  private static final String JAX_NORM = "Transformer/encoder_norm/scale";
  private static final Pattern JAX_BLOCK = Pattern.compile("Transformer/encoderblock_(\\d+)/(.*)");
  private static final String JAX_ATTENTION = "MultiHeadDotProductAttention_1/";
  private static final String FIRST_QKV = "blocks.0.attn.qkv.weight";
  private static final Pattern UNUSED =
      Pattern.compile(
          "(head|head_dist|pre_logits(\\.fc)?|pooler\\.dense|cls\\.seq_relationship)\\.[a-z_]+"
              + "|embeddings\\.(token_type_embeddings\\.weight|position_ids)");
  private static final Pattern TENSORFLOW_BERT = Pattern.compile("(?:.*?/)??((?:bert|cls)/.*)");
  private static final ImmutableMap<String, String> JAX_NAMES =
      ImmutableMap.<String, String>builder()
          .put("cls", "cls_token")
          .put("Transformer/posembed_input/pos_embedding", "pos_embed")
          .put("embedding/kernel", "patch_embed.proj.weight")
          .put("embedding/bias", "patch_embed.proj.bias")
          .put(JAX_NORM, "norm.weight")
          .put("Transformer/encoder_norm/bias", "norm.bias")
          .put("LayerNorm_0/scale", "norm1.weight")
          .put("LayerNorm_0/bias", "norm1.bias")
          .put("LayerNorm_2/scale", "norm2.weight")
          .put("LayerNorm_2/bias", "norm2.bias")
          .put(JAX_ATTENTION + "out/kernel", "attn.proj.weight")
          .put(JAX_ATTENTION + "out/bias", "attn.proj.bias")
          .put("MlpBlock_3/Dense_0/kernel", "mlp.fc1.weight")
          .put("MlpBlock_3/Dense_0/bias", "mlp.fc1.bias")
          .put("MlpBlock_3/Dense_1/kernel", "mlp.fc2.weight")
          .put("MlpBlock_3/Dense_1/bias", "mlp.fc2.bias")
          .buildOrThrow();

  private UnimodalNames() {}

  /** Whether a tensor, under its new name, has no place in BLIP: classifiers, pooler and such. */
  static boolean isUnused(String name) {
    return UNUSED.matcher(name).matches();
  }

  /** The tensors of a vision transformer: {@code blocks.0.attn.qkv.weight} and so on. */
  static Map<String, StoredTensor> vision(WeightFile file) throws WeightFileException {
    Map<String, StoredTensor> arrays = new LinkedHashMap<>();
    file.tensors()
        .forEach((name, tensor) -> arrays.put(name.replaceFirst("^opt/target/", ""), tensor));
    if (!arrays.containsKey(JAX_NORM)) {
      return withoutPrefix(file);
    }
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    for (Map.Entry<String, StoredTensor> array : arrays.entrySet()) {
      Matcher block = JAX_BLOCK.matcher(array.getKey());
      if (block.matches()) {
        String start = array.getKey().substring(0, block.start(2));
        jaxBlock(arrays, start, block.group(2), "blocks." + block.group(1) + ".", named);
      } else {
        String name = JAX_NAMES.getOrDefault(array.getKey(), array.getKey().replace('/', '.'));
        named.put(name, turned(array.getValue(), array.getKey()));
      }
    }
    return named;
  }

  /** The tensors without what a wrapper put before all names. */
  private static Map<String, StoredTensor> withoutPrefix(WeightFile file) {
    Set<String> names = file.tensors().keySet();
    String prefix =
        names.stream()
            .filter(name -> name.endsWith(FIRST_QKV))
            .map(name -> name.substring(0, name.length() - FIRST_QKV.length()))
            .filter(front -> names.stream().allMatch(name -> name.startsWith(front)))
            .findFirst()
            .orElse("");
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    file.tensors().forEach((name, tensor) -> named.put(name.substring(prefix.length()), tensor));
    return named;
  }

  /** A tensor of a block; queries bring keys and values along. */
  private static void jaxBlock(
      Map<String, StoredTensor> arrays,
      String start,
      String rest,
      String block,
      Map<String, StoredTensor> named)
      throws WeightFileException {
    if (rest.matches(JAX_ATTENTION + "(key|value)/(kernel|bias)")) {
      return;
    }
    if (!rest.startsWith(JAX_ATTENTION + "query/")) {
      String name = JAX_NAMES.getOrDefault(rest, rest.replace('/', '.'));
      named.put(block + name, turned(arrays.get(start + rest), rest));
      return;
    }
    ImmutableList.Builder<StoredTensor> parts = ImmutableList.builder();
    for (String part : new String[] {"query", "key", "value"}) {
      StoredTensor array = arrays.get(start + rest.replace("query", part));
      if (array == null) {
        throw new WeightFileException(
            arrays.get(start + rest).path(), start + rest + " has no " + part + " beside it");
      }
      parts.add(turned(array, rest));
    }
    String name = block + "attn.qkv." + (rest.endsWith("kernel") ? "weight" : "bias");
    named.put(name, StoredTensor.stacked(name, parts.build()));
  }

  /** A kernel with its output first, heads and their 64 units as one axis. */
  private static StoredTensor turned(StoredTensor array, String name) throws WeightFileException {
    Shape shape = array.shape();
    boolean heads = name.startsWith(JAX_ATTENTION);
    if (heads && name.endsWith("bias") && !name.contains("/out/")) {
      return array.viewedAs(CheckpointWeights.published(WeightLayout.SAME, Shape.of(shape.size())));
    }
    if (!name.endsWith("kernel")) {
      return array;
    }
    Shape matrix = shape;
    if (heads && shape.numDimensions() == 3) {
      matrix =
          name.contains("/out/")
              ? Shape.of(shape.get(0) * shape.get(1), shape.get(2))
              : Shape.of(shape.get(0), shape.get(1) * shape.get(2));
    }
    return switch (matrix.numDimensions()) {
      case 2 -> array.viewedAs(CheckpointWeights.published(WeightLayout.TRANSPOSED, matrix));
      case 4 -> array.viewedAs(CheckpointWeights.published(WeightLayout.CONVOLUTION, matrix));
      default -> throw new WeightFileException(array.path(), "%s is no kernel".formatted(array));
    };
  }

  /** Opens a BERT of any form; tensors have the names of PyTorch, {@code bert.} in front or not. */
  static WeightFile openBert(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      for (String name : new String[] {"variables/variables", "bert_model.ckpt"}) {
        Path prefix = path.resolve(name);
        if (TensorBundleReader.exists(prefix)) {
          return CheckpointWeights.open(prefix, UnimodalNames::ofTensorFlow);
        }
      }
    }
    return WeightFile.open(path);
  }

  /** The name of PyTorch for one of TensorFlow's; the very name if it is no BERT's. */
  private static List<WeightNames.Published> ofTensorFlow(String variable) {
    Matcher bert = TENSORFLOW_BERT.matcher(variable);
    if (!bert.matches()) {
      return List.of(new WeightNames.Published(variable, WeightLayout.SAME, false));
    }
    boolean kernel = variable.endsWith("/kernel");
    String name =
        bert.group(1)
            .replaceAll("/layer_(\\d+)/", "/layer/$1/")
            .replaceAll("/(kernel|gamma)$", "/weight")
            .replaceAll("/(beta|output_bias)$", "/bias")
            .replaceAll("_embeddings$", "_embeddings/weight")
            .replace('/', '.');
    return List.of(
        new WeightNames.Published(
            name, kernel ? WeightLayout.TRANSPOSED : WeightLayout.SAME, false));
  }

  /** The tensors of BERT: {@code embeddings...}, {@code encoder.layer...}, {@code cls...}. */
  static Map<String, StoredTensor> bert(WeightFile file) {
    Map<String, StoredTensor> named = new LinkedHashMap<>();
    file.tensors()
        .forEach(
            (name, tensor) ->
                named.put(
                    name.replaceFirst("^(module\\.)?(bert\\.)?", "")
                        .replaceAll("LayerNorm\\.gamma$", "LayerNorm.weight")
                        .replaceAll("LayerNorm\\.beta$", "LayerNorm.bias"),
                    tensor));
    return named;
  }
}
