package io.foretell.objectives;

/**
 * Registers one method with Foretell. {@link java.util.ServiceLoader} finds providers: a jar lists its own in the file
 * {@code META-INF/services/io.foretell.objectives.ObjectiveProvider}, one class name per line. A provider is a public,
 * immutable class with a public no-argument constructor.
 */
public interface ObjectiveProvider {
    /** The method's name and user documentation. */
    ObjectiveDescription description();

    /**
     * The method for one phase of a run.
     *
     * @throws IllegalArgumentException with a sentence for the user, if an option is wrong or a setting does not fit
     */
    Objective create(ObjectiveSettings settings);
}
