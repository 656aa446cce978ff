/**
 * The multimodal mixture of encoder-decoder (MED, paper section 3.1): one stack of text layers in
 * three modes that share variables by being the same objects.
 */
package org.blip4j.graph.text;
