/** A client of served models, for programs that do not run models themselves. */
package org.blip4j.savedmodel.client;
