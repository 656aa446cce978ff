/**
 * What every graph is made of: names, contexts, variables, functions and loops.
 *
 * <p>A layer <em>creates</em> its variables once, through a {@link
 * org.blip4j.ops.core.VariableScope}, and is <em>applied</em> any number of times with a {@link
 * org.blip4j.ops.core.GraphContext}. Names of variables belong to the scope that created them and
 * never depend on the context.
 *
 * <p>Axes, sizes and numbers are written as such: {@code ctx.mean(x, -1)}, {@code ctx.mul(x, 0.5)}.
 * How products, norms and attention are computed is a {@link org.blip4j.ops.core.KernelSet}.
 */
package org.blip4j.ops.core;
