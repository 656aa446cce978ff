/** How a run asks what its model is worth, by the metric of the task. */
package org.blip4j.training.validate;
