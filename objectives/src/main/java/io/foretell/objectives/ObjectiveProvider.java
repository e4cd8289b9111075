package io.foretell.objectives;

/**
 * Makes one method known to Foretell. Providers are found by {@link java.util.ServiceLoader}: a jar names its own in the
 * file {@code META-INF/services/io.foretell.objectives.ObjectiveProvider}, one class name a line. A provider is a public
 * class with a public constructor without arguments; it is immutable.
 */
public interface ObjectiveProvider {
    /** The method's name, and what people read about it. */
    ObjectiveDescription description();

    /**
     * The method for one phase of a run.
     *
     * @throws IllegalArgumentException with a sentence for the user, when an option is wrong or a setting does not suit
     */
    Objective create(ObjectiveSettings settings);
}
