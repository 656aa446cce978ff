/**
 * The {@code records} commands: making TFRecord shards of image folders with captions, looking into
 * shards, checking, counting and joining them.
 */
package org.blip4j.tools.records;
