/**
 * The primitives that a transformer is made of; each owns its variables and is applied any number
 * of times.
 */
package org.blip4j.ops.layer;
