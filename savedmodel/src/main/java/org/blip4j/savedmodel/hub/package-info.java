/** Models from the Hugging Face hub: downloaded once, checked, resumed, kept in a cache. */
package org.blip4j.savedmodel.hub;
