/**
 * CapFilt on engines that data teams have: Apache Beam with its Direct, Flink and Spark runners
 * ({@link org.blip4j.beam.CapFiltPipeline}), Spark without Beam ({@link
 * org.blip4j.beam.CapFiltSparkJob}), and a step of other people's Beam pipelines ({@link
 * org.blip4j.beam.CapFiltTransform}).
 *
 * <p>The first two write the folder that {@code tools/blip capfilt} writes, to the byte, and either
 * can go on with what the other began: an engine only hands out the pieces of {@link
 * org.blip4j.tools.capfilt.CapFiltBlocks}. Built with {@code mvn -Pbeam}; how to start it is in
 * {@code tools/docs/engines.md}.
 */
package org.blip4j.beam;
