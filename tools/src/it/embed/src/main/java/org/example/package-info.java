/** A program outside the reactor that embeds BLIP. */
package org.example;
