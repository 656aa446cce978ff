/** Pages and diagrams for people to look at. */
package org.blip4j.tools.report;
