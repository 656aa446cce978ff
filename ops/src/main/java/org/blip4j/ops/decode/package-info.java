/**
 * Text generation as loops inside the graph, over any model that gives logits step by step.
 *
 * <p>{@link org.blip4j.ops.decode.TokenStep} is the model; {@link
 * org.blip4j.ops.decode.BeamSearch}, greedy search and nucleus sampling choose among its logits.
 * Nothing here knows what the tokens mean: {@link org.blip4j.ops.decode.EndTokens} says which id
 * ends a text and which one fills up.
 *
 * <p>Lengths count the start token and the prompt, as in the published code. R is the number of
 * rows the model runs on: B texts times the beams or samples of each, those of one text adjacent.
 */
package org.blip4j.ops.decode;
