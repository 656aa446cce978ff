/**
 * What every graph is made of: names, contexts, variables, functions and loops.
 *
 * <p>A layer <em>creates</em> its variables once, through a {@link
 * org.blip4j.ops.core.VariableScope}, and is <em>applied</em> any number of times with a {@link
 * org.blip4j.ops.core.GraphContext}. Names of variables belong to the scope that created them and
 * never depend on the context.
 *
 * <p>Letters used in shape comments throughout the project: {@code B} batch, {@code T} text tokens,
 * {@code P} patches + 1, {@code W} width, {@code H} heads, {@code D} head width, {@code V}
 * vocabulary, {@code Q} queue, {@code K} beams, {@code E} contrastive width. A mask is 1 where a
 * position is attended.
 *
 * <p>Of the TensorFlow Java <em>framework</em> nothing that owns variables is used: its optimizers
 * and metrics are built on ref variables ({@code VariableV2}), whose gradients can end the process
 * and which a SavedModel of resource variables cannot hold.
 */
package org.blip4j.ops.core;
