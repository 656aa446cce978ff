/**
 * The whole loop of BLIP (paper section 3.3): pre-train, fine-tune captioner and filter, CapFilt,
 * pre-train a new model on what is kept.
 *
 * <p>{@link org.blip4j.tools.bootstrap.Bootstrap} runs the stages one after another; each leaves a
 * mark when it is finished and is skipped on a second start, and a stage that was interrupted goes
 * on from where it was.
 */
package org.blip4j.tools.bootstrap;
