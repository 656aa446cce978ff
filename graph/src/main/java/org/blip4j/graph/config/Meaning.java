package org.blip4j.graph.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a field of a configuration means, and in what unit; for readers of code and for users. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Meaning {
  /** One or a few sentences without a final stop. */
  String value();

  /** The value in JSON where a file does not have the field; empty if it must have it. */
  String absent() default "";
}
