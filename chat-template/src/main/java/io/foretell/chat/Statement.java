package io.foretell.chat;

/** What writes text or assigns variables. Immutable. */
@FunctionalInterface
interface Statement {
    void render(Scope scope, Output output);

    /** Leaves a loop or goes on with its next round. */
    enum Jump {
        BREAK,
        CONTINUE
    }

    /** Thrown by {@code break} and {@code continue}, caught by the loop around them. */
    final class JumpException extends RuntimeException {
        private static final long serialVersionUID = 1;
        static final JumpException BREAK = new JumpException(Jump.BREAK);
        static final JumpException CONTINUE = new JumpException(Jump.CONTINUE);

        final Jump jump;

        private JumpException(Jump jump) {
            super(null, null, false, false);
            this.jump = jump;
        }
    }
}
