/** What a path or a name is as a model, and what is known of it before its weights are read. */
package org.blip4j.savedmodel.open;
