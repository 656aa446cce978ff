/** Generated pictures whose true captions are known, with web texts of which many are wrong. */
package org.blip4j.tools.scenes;
