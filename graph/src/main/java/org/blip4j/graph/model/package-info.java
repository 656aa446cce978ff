/** BLIP assembled: the one set of variables and the models of the tasks over it. */
package org.blip4j.graph.model;
