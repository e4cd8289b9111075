package io.foretell.objectives;

import java.util.Collection;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;

/** The available methods, by name. Immutable. */
public final class Objectives {
    private final Map<String, ObjectiveProvider> byName;

    private Objectives(Map<String, ObjectiveProvider> byName) {
        this.byName = byName;
    }

    /** Foretell's own methods. */
    public static Objectives builtIn() {
        Objectives none = new Objectives(Map.of());
        return none.with(ServiceLoader.load(ObjectiveProvider.class, Objectives.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList());
    }

    /**
     * These methods plus {@code others}.
     *
     * @throws IllegalArgumentException when two have the same name
     */
    public Objectives with(Collection<ObjectiveProvider> others) {
        Map<String, ObjectiveProvider> all = new TreeMap<>(byName);
        for (ObjectiveProvider other : others) {
            String name = other.description().name();
            ObjectiveProvider first = all.put(name, other);
            if (first != null) {
                throw new IllegalArgumentException("two methods are called '" + name + "': "
                        + first.getClass().getName() + " and "
                        + other.getClass().getName() + "; give one of them another name");
            }
        }
        return new Objectives(all);
    }

    /** In alphabetical order. */
    public Set<String> names() {
        return byName.keySet();
    }

    /**
     * The user documentation of method {@code name}.
     *
     * @throws IllegalArgumentException with a sentence for the user, when there is no such method
     */
    public ObjectiveDescription description(String name) {
        return provider(name).description();
    }

    /**
     * The method that configuration files call {@code name}.
     *
     * @throws IllegalArgumentException with a sentence for the user, when there is none or an option is wrong
     */
    public Objective create(String name, ObjectiveSettings settings) {
        return provider(name).create(settings);
    }

    private ObjectiveProvider provider(String name) {
        ObjectiveProvider provider = byName.get(name);
        if (provider == null) {
            throw new IllegalArgumentException("phases: there is no objective '" + name + "'; known are " + names());
        }
        return provider;
    }
}
