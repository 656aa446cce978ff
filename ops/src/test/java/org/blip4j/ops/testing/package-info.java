/** The harness that tests of graph code share. */
package org.blip4j.ops.testing;
