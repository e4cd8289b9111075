package io.foretell.policy;

import io.foretell.domain.Futures;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Continuous batching: requests join and leave between decode steps, in order of arrival. A prompt is prefilled once, and
 * all its continuations share one copy of its keys and values. The KV cache is sized in advance for running and waiting
 * requests, within a token budget; requests that do not fit wait. Each continuation draws its random numbers here from
 * its own seed, one per token, and so does not depend on its neighbours.
 *
 * <p>A prefill of a few prompts costs nearly as much as one of many, so the cache has spare rows. When too few rows are
 * active, new prompts are prefilled in a batch, some of them ahead of need; those replace the next rows that finish. New
 * rows take the slots of finished ones, so rows of similar length stay neighbours and attend together. If none joins,
 * rows from the end fill the slots. Active sequences always occupy the first rows while tokens are drawn. Confined to the
 * policy's thread.
 */
final class Sampler {
    /** Maximum tokens drawn between two checks for new and finished requests. */
    private static final int BURST = 4;

    /** Maximum logits computed at a time. */
    private static final int MOST_LOGITS = 1 << 26;

    private final DecodeCalls calls;
    private final int tokenBudget;
    private final int cacheTokens;
    private final int mostRows; // maximum active rows
    private final int mostAhead; // maximum rows prefilled ahead, waiting for an active one to finish
    private final Deque<RunningRequest> waiting = new ArrayDeque<>();
    private final List<Continuation> rows = new ArrayList<>(); // by place; finished rows stay until replaced
    private final List<RunningRequest> sharing = new ArrayList<>(); // by place
    private CacheRoom room = CacheRoom.NONE;
    private long version = -1;

    Sampler(PolicyProgram program, PolicyOptions options, ModelConfig config) {
        this.calls = new DecodeCalls(program);
        this.tokenBudget = options.tokenBudget();
        this.cacheTokens = options.cacheTokens();
        int mostDrawn = Math.max(1, MOST_LOGITS / config.vocabularySize());
        this.mostRows = Math.max(1, Math.min(options.rows(), mostDrawn));
        this.mostAhead = Math.min(mostRows / 4, mostDrawn - mostRows); // all may draw their first token at once
    }

    void label(long newVersion) {
        version = newVersion;
    }

    SamplerLoad load() {
        return new SamplerLoad(running().size(), waiting.size(), (int) room.tokens());
    }

    /**
     * Queues a request. A request with more continuations than rows is split.
     *
     * @throws PolicyException when a single continuation does not fit the budget
     */
    CompletableFuture<List<Completion>> submit(GenerationRequest request) {
        int prompt = request.prompt().length();
        int longest = request.sampling().maxTokens();
        int count = request.seeds().size();
        if ((long) prompt + longest > cacheTokens) {
            throw new PolicyException("a prompt of " + prompt + " tokens and " + longest + " new ones do not fit the "
                    + cacheTokens + " tokens that keys and values are kept for");
        }
        int most = Math.max(1, Math.min(mostRows, (cacheTokens - prompt) / longest));
        if (count <= most) {
            RunningRequest generation = new RunningRequest(request);
            waiting.add(generation);
            return generation.result;
        }
        List<RunningRequest> parts = new ArrayList<>();
        for (int from = 0; from < count; from += most) {
            parts.add(new RunningRequest(request.part(from, Math.min(count, from + most))));
        }
        waiting.addAll(parts);
        CompletableFuture<List<Completion>> whole = Futures.all(
                        parts.stream().map(part -> part.result).toList())
                .thenApply(results -> results.stream().flatMap(List::stream).toList());
        whole.whenComplete((samples, failure) -> parts.forEach(part -> part.result.cancel(false)));
        return whole;
    }

    /** Runs one round; returns false if no work is left. */
    boolean advance() {
        try {
            waiting.forEach(RunningRequest::look);
            rows.forEach(row -> row.generation.look());
            waiting.removeIf(RunningRequest::isOver);
            leave();
            closeGaps(mostRows); // rows prefilled ahead come before waiting requests
            admit();
            closeGaps(Math.min(running().size(), mostRows));
            if (!rows.isEmpty()) {
                burst();
                leave();
            }
            if (waiting.isEmpty()) {
                closeGaps(Math.min(running().size(), mostRows));
            }
            return !rows.isEmpty() || !waiting.isEmpty();
        } catch (RuntimeException e) {
            fail(e);
            throw e;
        }
    }

    /** Fails all running and waiting requests with {@code cause}. */
    void fail(RuntimeException cause) {
        rows.forEach(row -> row.generation.result.completeExceptionally(cause));
        waiting.forEach(generation -> generation.result.completeExceptionally(cause));
        rows.clear();
        waiting.clear();
        sharing.clear();
        room = CacheRoom.NONE;
    }

    private List<Continuation> running() {
        return rows.stream().filter(row -> !row.isFinished()).toList();
    }

    /**
     * The cache layout for running requests and as many waiting ones, in order, as the token budget and the rows
     * allow.
     */
    private CacheRoom wanted() {
        CacheRoom wanted = used();
        for (RunningRequest generation : waiting) {
            CacheRoom more = wanted.and(generation);
            if (more.rows() > mostRows + mostAhead || more.tokens() > cacheTokens) {
                break;
            }
            wanted = more;
        }
        return wanted;
    }

    /** The cache layout in use; columns include those that running requests may still need. */
    private CacheRoom used() {
        List<Continuation> running = running();
        int columns =
                running.stream().mapToInt(row -> row.generation.columns()).max().orElse(0);
        int shared =
                sharing.stream().mapToInt(RunningRequest::promptColumns).max().orElse(0);
        return new CacheRoom(running.size(), columns, sharing.size(), shared);
    }

    private void admit() {
        CacheRoom used = used();
        if (waiting.isEmpty() || used.rows() >= mostRows) {
            return;
        }
        CacheRoom wanted = wanted();
        boolean fits = room.holds(used.and(waiting.peek()));
        if (used.rows() == 0 ? !room.holds(wanted) : !fits && wanted.rows() > used.rows()) {
            closeGaps(used.rows());
            calls.allocate(wanted);
            room = wanted;
        }
        List<RunningRequest> alone = new ArrayList<>();
        List<RunningRequest> groups = new ArrayList<>();
        while (!waiting.isEmpty() && room.holds(used.and(waiting.peek()))) {
            RunningRequest generation = waiting.poll();
            used = used.and(generation);
            (generation.shares() ? groups : alone).add(generation);
        }
        join(alone);
        join(groups);
    }

    /** Prefills prompts of similar length together. */
    private void join(List<RunningRequest> admitted) {
        admitted.sort(Comparator.comparingInt(g -> g.request.prompt().length()));
        int from = 0;
        while (from < admitted.size()) {
            int to = from + 1;
            while (to < admitted.size()
                    && (to - from + 1L) * admitted.get(to).request.prompt().length() <= tokenBudget) {
                to++;
            }
            enter(admitted.subList(from, to));
            from = to;
        }
    }

    private void enter(List<RunningRequest> batch) {
        List<Continuation> entered = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (RunningRequest generation : batch) {
            int place = -1;
            for (int i = 0; i < generation.count(); i++) {
                Continuation row = new Continuation(generation, i);
                generation.running.add(row);
                entered.add(row);
                place = take(row);
            }
            if (generation.shares()) {
                place = sharing.size();
                generation.place = place;
                sharing.add(generation);
            }
            places.add(place);
        }
        grow(entered, calls.prefill(batch, places, entered), 1);
        leave();
    }

    /** Gives {@code row} a place: that of a finished row, or the next after the last. */
    private int take(Continuation row) {
        for (int place = 0; place < rows.size(); place++) {
            if (rows.get(place).isFinished()) {
                rows.set(place, row);
                return place;
            }
        }
        rows.add(row);
        return rows.size() - 1;
    }

    private void burst() {
        List<Continuation> growing = rows.subList(0, Math.min(rows.size(), mostRows));
        int steps = BURST;
        for (Continuation row : growing) {
            steps = Math.min(steps, row.left());
        }
        grow(growing, calls.decode(growing, steps), steps);
    }

    /** @param drawn (A, 3 * steps) as the program's decode() describes them */
    private void grow(List<Continuation> grown, double[] drawn, int steps) {
        for (int r = 0; r < grown.size(); r++) {
            Continuation row = grown.get(r);
            int at = r * 3 * steps;
            for (int s = 0; s < steps && !row.isFinished(); s++) {
                row.accept((int) drawn[at + s], drawn[at + steps + s], drawn[at + 2 * steps + s], version);
            }
        }
    }

    /** Removes prompts whose rows are all finished and closes the gaps. */
    private void leave() {
        rows.stream().filter(Continuation::isFinished).forEach(row -> row.generation.running.remove(row));
        List<Boolean> stays = sharing.stream().map(g -> !g.running.isEmpty()).toList();
        List<int[]> moves = close(sharing, stays, Collections.frequency(stays, true));
        int columns =
                sharing.stream().mapToInt(RunningRequest::promptColumns).max().orElse(0);
        calls.move(1, moves, columns);
        IntStream.range(0, sharing.size()).forEach(place -> sharing.get(place).place = place);
    }

    /** Moves the first live rows after {@code bound} into the places of finished rows before it. */
    private void closeGaps(int bound) {
        List<int[]> moves =
                close(rows, rows.stream().map(row -> !row.isFinished()).toList(), bound);
        int columns = moves.stream()
                .mapToInt(move -> rows.get(move[1]).filled())
                .max()
                .orElse(0);
        calls.move(0, moves, columns);
    }

    /**
     * Swaps each item to remove among the first {@code bound} with the first item to keep after them, while there are
     * any, then cuts the list after the last item to keep. Returns pairs of old and new place of each item that
     * moved.
     */
    private static <T> List<int[]> close(List<T> list, List<Boolean> stays, int bound) {
        List<Boolean> here = new ArrayList<>(stays);
        List<int[]> moves = new ArrayList<>();
        int from = bound;
        for (int hole = 0; hole < Math.min(bound, list.size()); hole++) {
            if (!here.get(hole)) {
                while (from < list.size() && !here.get(from)) {
                    from++;
                }
                if (from >= list.size()) {
                    break;
                }
                Collections.swap(list, hole, from);
                Collections.swap(here, hole, from);
                moves.add(new int[] {from, hole});
            }
        }
        list.subList(here.lastIndexOf(true) + 1, list.size()).clear();
        return moves;
    }
}
