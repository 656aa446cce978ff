/**
 * From records to what is fed to a step: batches in a seeded order, images decoded and augmented,
 * texts tokenised.
 */
package org.blip4j.training.input;
