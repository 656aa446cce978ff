/**
 * What decides what a run computes: the configuration with its defaults from the published recipes,
 * and the plan that is made of it for given data.
 */
package org.blip4j.training.config;
