/** Multi-head attention with its masks and with keys and values that can be kept. */
package org.blip4j.ops.attention;
