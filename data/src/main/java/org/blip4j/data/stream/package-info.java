/**
 * The two ways to work ahead: {@link org.blip4j.data.stream.InOrder} for pieces of work whose
 * results are wanted in order, {@link org.blip4j.data.stream.Prefetch} for an endless source.
 */
package org.blip4j.data.stream;
