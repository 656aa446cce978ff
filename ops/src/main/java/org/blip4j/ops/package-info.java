/**
 * Tensors, without a word of BLIP: graphs and variables ({@code core}), how they are computed
 * ({@code kernel}), layers, attention, decoding, images, texts and losses inside a graph.
 *
 * <p>Letters used in shape comments throughout the project: {@code B} batch, {@code T} text tokens,
 * {@code P} patches + 1, {@code W} width, {@code H} heads, {@code D} head width, {@code V}
 * vocabulary, {@code Q} queue, {@code K} beams, {@code E} contrastive width. A mask is 1 where a
 * position is attended.
 *
 * <p>What is used of the TensorFlow Java <em>framework</em>, and what is not:
 *
 * <ul>
 *   <li>Initialisers: {@code Constant}, {@code RandomNormal} and {@code RandomUniform} give every
 *       variable its first value. They draw from stateless operations with a seed each, so a seed
 *       gives the same weights on every machine. {@code TruncatedNormal} is not used: the published
 *       weights started from a plain normal distribution (BERT), or one cut off at 100 deviations
 *       (timm). {@code Glorot}, {@code He} and {@code LeCun} are none of BLIP's.
 *   <li>Losses: {@code Losses.categoricalCrossentropy} gives the numbers of {@code CrossEntropy} (a
 *       test compares them) and is not used: it leaves operations in the graph that nothing needs,
 *       which the audit of training graphs refuses, smooths distributions of {@code [N, V]} that
 *       {@code CrossEntropy} makes at once, and its reductions know no ignored target.
 *   <li>Activations: {@code ReLU} in the head of NLVR2. {@code GELU} is the same function, but is
 *       written in an order that the platform's optimiser does not recognise behind a product, so
 *       that nothing would be fused.
 *   <li>{@code L2Normalize} is not used: it clamps the square of a length at 1e-12, the reference
 *       the length; vectors shorter than 1e-6 would come out shorter than 1.
 *   <li>Optimizers and metrics are not used: they are built on ref variables ({@code VariableV2}),
 *       whose gradients can end the process and which a SavedModel of resource variables cannot
 *       hold; the optimizers collect all such variables of a graph instead of an explicit list.
 *       Metrics of whole data sets (CIDEr, recall, AUC) are computed without TensorFlow.
 *   <li>Constraints and regularizers are not used: the temperature is clamped as a scalar between
 *       two bounds, and decay is decoupled from the gradient (AdamW).
 *   <li>Data sets are not used: the input pipeline is one of Java threads that knows its position.
 * </ul>
 */
package org.blip4j.ops;
