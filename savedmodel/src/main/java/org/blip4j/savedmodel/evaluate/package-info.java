/** What a model is worth on labelled records, by the published protocols. */
package org.blip4j.savedmodel.evaluate;
