/**
 * Training: the graph of one step, the loop around it, run folders, checkpoints and exact resume.
 *
 * <p>Everything random is a function of the seed, the step or epoch, and the sample; so a run that
 * was stopped at any moment and continued ends with the very weights and losses of an unbroken one.
 */
package org.blip4j.training.run;
