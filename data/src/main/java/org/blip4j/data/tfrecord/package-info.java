/**
 * TFRecord files: reading and writing their framing, and naming sets of shards.
 *
 * <p>A record is {@code uint64 length, uint32 masked CRC32C of the length, data, uint32 masked
 * CRC32C of the data}, little-endian; a whole file may be GZIP or ZLIB compressed. Nothing here
 * looks into the data.
 */
package org.blip4j.data.tfrecord;
