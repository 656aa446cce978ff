/** What users name on the command line: images, texts, pairs and shards. */
package org.blip4j.tools.input;
