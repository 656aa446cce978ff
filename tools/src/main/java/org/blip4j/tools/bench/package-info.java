/**
 * Measures speed on models of full size with random weights, always beside the matrix-product rate
 * that the machine gives at the same moment: what counts is the share, not the seconds.
 */
package org.blip4j.tools.bench;
