package io.foretell.chat;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A macro: its value is the text that its body writes.
 *
 * @param parameters and their defaults, null where they have none
 * @param around the variables where it was defined
 */
record Macro(String name, Map<String, @Nullable Expression> parameters, Statement body, Scope around)
        implements Function {
    @Override
    public Object call(Arguments arguments, Scope caller) {
        arguments.of("the macro '" + name + "'", parameters.keySet().toArray(String[]::new));
        Scope inside = around.inner();
        int place = 0;
        for (Map.Entry<String, @Nullable Expression> parameter : parameters.entrySet()) {
            Expression otherwise = parameter.getValue();
            Object value;
            if (arguments.has(place, parameter.getKey())) {
                value = arguments.get(place, parameter.getKey(), null);
            } else {
                value = otherwise == null
                        ? new Undefined("the parameter '" + parameter.getKey() + "'")
                        : otherwise.evaluate(inside);
            }
            inside.set(parameter.getKey(), value);
            place++;
        }
        Output text = new Output(inside.limits());
        inside.limits().enter();
        body.render(inside, text);
        inside.limits().leave();
        return text.text();
    }
}
