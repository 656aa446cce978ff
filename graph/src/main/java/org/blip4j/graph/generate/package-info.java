/** Texts that a model writes or chooses: captions, answers, rankings of given answers. */
package org.blip4j.graph.generate;
