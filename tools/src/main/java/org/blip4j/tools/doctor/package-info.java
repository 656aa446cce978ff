/**
 * Looks at the machine: whether everything that the program needs is there, and what to do if not.
 */
package org.blip4j.tools.doctor;
