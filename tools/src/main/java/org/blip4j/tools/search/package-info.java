/** Search in pictures by text or by picture: an index made once, and queries of it. */
package org.blip4j.tools.search;
