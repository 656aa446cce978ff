/**
 * How products, norms and attention are computed: one {@link org.blip4j.ops.core.KernelSet} for
 * stock operations, for narrow products, for packed ones in float32, in bfloat16 and in eight bits.
 * {@link org.blip4j.ops.kernel.Kernels} names them; a graph gets one where it is built:
 *
 * <pre>{@code
 * GraphContext ctx = Kernels.PACKED.on(GraphContext.create(graph, Mode.INFER));
 * }</pre>
 */
package org.blip4j.ops.kernel;
