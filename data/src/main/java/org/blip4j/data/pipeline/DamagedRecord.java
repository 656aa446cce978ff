package org.blip4j.data.pipeline;

import java.nio.file.Path;

/**
 * A record that could not be used.
 *
 * @param offset where it begins in the (uncompressed) shard
 * @param reason one line that names shard, place and what is wrong
 * @param restLost whether no later record of the shard could be read either
 */
public record DamagedRecord(Path shard, long offset, String reason, boolean restLost) {}
