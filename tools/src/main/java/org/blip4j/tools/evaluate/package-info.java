/**
 * {@code evaluate}: the figures of every task by its published protocol, each item's result, and a
 * page that shows them.
 */
package org.blip4j.tools.evaluate;
