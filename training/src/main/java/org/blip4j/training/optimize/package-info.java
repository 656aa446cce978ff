/**
 * How weights change: AdamW on TensorFlow's own kernel, clipping, schedules of the learning rate
 * and of alpha (blip-spec 5.6, 7).
 */
package org.blip4j.training.optimize;
