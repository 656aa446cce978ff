/** The objectives of BLIP, one class each: ITC, ITM with hard negatives, LM. */
package org.blip4j.graph.loss;
