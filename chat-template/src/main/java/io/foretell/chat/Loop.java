package io.foretell.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A loop.
 *
 * @param condition which items it takes, or null for all
 * @param otherwise what is written where there is none, or null
 */
record Loop(
        Targets targets,
        Expression items,
        @Nullable Expression condition,
        Statement body,
        @Nullable Statement otherwise)
        implements Statement {
    @Override
    public void render(Scope scope, Output output) {
        List<?> taken = taken(scope);
        if (taken.isEmpty() && otherwise != null) {
            otherwise.render(scope.inner(), output);
        }
        for (int i = 0; i < taken.size(); i++) {
            scope.limits().step(0);
            Scope inside = scope.inner();
            inside.set("loop", variables(taken, i));
            targets.assign(inside, taken.get(i));
            try {
                body.render(inside, output);
            } catch (JumpException e) {
                if (e.jump == Jump.BREAK) {
                    return;
                }
            }
        }
    }

    private List<?> taken(Scope scope) {
        List<?> all = Values.items(items.evaluate(scope));
        if (condition == null) {
            return all;
        }
        List<@Nullable Object> taken = new ArrayList<>();
        for (Object item : all) {
            scope.limits().step(0);
            Scope inside = scope.inner();
            targets.assign(inside, item);
            if (Values.isTrue(condition.evaluate(inside))) {
                taken.add(item);
            }
        }
        return taken;
    }

    private static Namespace variables(List<?> items, int i) {
        int size = items.size();
        Map<String, @Nullable Object> loop = new HashMap<>();
        loop.put("index", i + 1L);
        loop.put("index0", (long) i);
        loop.put("revindex", (long) size - i);
        loop.put("revindex0", size - i - 1L);
        loop.put("first", i == 0);
        loop.put("last", i == size - 1);
        loop.put("length", (long) size);
        loop.put("previtem", i == 0 ? new Undefined("'loop.previtem'") : items.get(i - 1));
        loop.put("nextitem", i == size - 1 ? new Undefined("'loop.nextitem'") : items.get(i + 1));
        loop.put("cycle", (Function) (arguments, unused) ->
                arguments.places().get(i % arguments.places().size()));
        return new Namespace(loop);
    }
}
