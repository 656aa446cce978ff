package org.blip4j.tools;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Keeps the layers: which module may use which, and that no package uses itself by a detour. */
class ArchitectureTest {
  /** What each module may use beside itself; the one place where the layers are written down. */
  private static final ImmutableMap<String, Set<String>> MAY_USE =
      ImmutableMap.of(
          "data", Set.of(),
          "ops", Set.of(),
          "graph", Set.of("data", "ops"),
          "training", Set.of("data", "ops", "graph"),
          "savedmodel", Set.of("data", "ops", "graph"),
          "tools", Set.of("data", "ops", "graph", "training", "savedmodel"));

  private static JavaClasses classes;

  @BeforeAll
  static void readClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("org.blip4j");
    for (String module : MAY_USE.keySet()) {
      assertTrue(classes.containPackage("org.blip4j." + module), "no classes of " + module);
    }
  }

  @Test
  void modulesUseOnlyThoseBelowThem() {
    MAY_USE.forEach(
        (module, allowed) ->
            MAY_USE.keySet().stream()
                .filter(other -> !other.equals(module) && !allowed.contains(other))
                .forEach(
                    other ->
                        noClasses()
                            .that(resideInAnyPackage("org.blip4j." + module + ".."))
                            .should()
                            .dependOnClassesThat(resideInAnyPackage("org.blip4j." + other + ".."))
                            .check(classes)));
  }

  @Test
  void noPackageUsesItselfByADetour() {
    slices().matching("org.blip4j.(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void dataRunsWithoutTheNativeLibrary() {
    noClasses()
        .that(resideInAnyPackage("org.blip4j.data.."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("org.tensorflow", "org.tensorflow.op..", "org.tensorflow.types.."))
        .check(classes);
  }

  @Test
  void opsAndGraphOpenNoSession() {
    noClasses()
        .that(resideInAnyPackage("org.blip4j.ops..", "org.blip4j.graph.."))
        .should()
        .dependOnClassesThat()
        .haveNameMatching("org\\.tensorflow\\.(Session|EagerSession|SavedModelBundle)(\\$.*)?")
        .check(classes);
  }
}
