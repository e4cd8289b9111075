package io.foretell.huggingface;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;

/**
 * Contents of a {@code tokenizer.json} for fresh models: one token per byte, or one per word of a closed vocabulary.
 * Both have an end-of-text token and the two thought tags.
 */
public final class TokenizerFiles {
    private static final List<String> SPECIAL = List.of("<|endoftext|>", "<think>", "</think>");
    private static final List<String> WORDS_SPECIAL = List.of("<bos>", "<|endoftext|>", "<think>", "</think>");
    private static final ObjectMapper JSON = new ObjectMapper();

    private TokenizerFiles() {}

    /** 256 bytes and the special tokens: any text round-trips exactly. */
    public static byte[] bytes() {
        ObjectNode root = root();
        ObjectNode model = root.putObject("model");
        model.put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        ObjectNode vocabulary = model.putObject("vocab");
        int next = 0;
        int shifted = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174;
            vocabulary.put(String.valueOf((char) (printable ? b : shifted++)), next++);
        }
        model.putArray("merges");
        special(root, next, SPECIAL);
        for (String part : List.of("pre_tokenizer", "decoder")) {
            ObjectNode node = root.putObject(part);
            node.put("type", "ByteLevel");
            node.put("add_prefix_space", false);
            node.put("trim_offsets", false);
            node.put("use_regex", false);
        }
        return write(root);
    }

    /**
     * One token per word of {@code words}, split at white space; other words become {@code <unk>}. Texts start with
     * {@code <bos>}.
     */
    public static byte[] words(List<String> words) {
        ObjectNode root = root();
        ObjectNode model = root.putObject("model");
        model.put("type", "WordLevel");
        model.put("unk_token", "<unk>");
        ObjectNode vocabulary = model.putObject("vocab");
        vocabulary.put("<unk>", 0);
        int next = 1;
        for (String word : words) {
            vocabulary.put(word, next++);
        }
        special(root, next, WORDS_SPECIAL);
        root.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
        return write(root);
    }

    private static ObjectNode root() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        root.putNull("normalizer");
        root.putNull("post_processor");
        return root;
    }

    private static void special(ObjectNode root, int from, List<String> special) {
        var added = root.putArray("added_tokens");
        for (int i = 0; i < special.size(); i++) {
            ObjectNode token = added.addObject();
            token.put("id", from + i);
            token.put("content", special.get(i));
            token.put("single_word", false);
            token.put("lstrip", false);
            token.put("rstrip", false);
            token.put("normalized", false);
            token.put("special", true);
        }
    }

    private static byte[] write(ObjectNode root) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
