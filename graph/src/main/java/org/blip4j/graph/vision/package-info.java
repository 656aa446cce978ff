/**
 * The vision transformer (blip-spec 2): pixels {@code [B, S, S, 3]} to states {@code [B, P, W]}.
 */
package org.blip4j.graph.vision;
