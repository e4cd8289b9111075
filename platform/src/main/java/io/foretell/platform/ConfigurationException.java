package io.foretell.platform;

/** The configuration is invalid; the message is one sentence that says where and why. */
public final class ConfigurationException extends ForetellException {
    private static final long serialVersionUID = 1L;

    /** The exit code for invalid configuration or arguments. */
    public static final int EXIT_CODE = 2;

    public ConfigurationException(String message) {
        super(ErrorCode.CONFIGURATION, message);
    }

    public ConfigurationException(String message, Throwable cause) {
        super(ErrorCode.CONFIGURATION, message, cause);
    }
}
