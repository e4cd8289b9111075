package io.foretell.tests;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Bodies on both sides of what is allowed, by operation. */
final class RequestBodies {
    private static final List<String> SAMPLING = List.of(
            "\"stream\": false",
            "\"stream\": true",
            "\"n\": null",
            "\"n\": 0",
            "\"n\": 1025",
            "\"n\": \"1\"",
            "\"temperature\": 0",
            "\"temperature\": -1",
            "\"temperature\": 101",
            "\"top_p\": 0",
            "\"top_p\": 1.5",
            "\"top_p\": 0.5",
            "\"top_k\": -1",
            "\"top_k\": -2",
            "\"min_p\": 1",
            "\"min_p\": 0.5",
            "\"min_tokens\": 1",
            "\"min_tokens\": -1",
            "\"seed\": 7",
            "\"seed\": \"7\"",
            "\"seed\": 1.5",
            "\"stop\": \"a\"",
            "\"stop\": \"\"",
            "\"stop\": [\"a\", \"b\"]",
            "\"stop\": [1]",
            "\"stop\": null",
            "\"stop_token_ids\": [10]",
            "\"stop_token_ids\": [-1]",
            "\"stop_token_ids\": 10",
            "\"stop_token_id\": -1",
            "\"stop_token_id\": -2",
            "\"ignore_eos\": 1",
            "\"return_token_ids\": \"yes\"",
            "\"best_of\": 1.0",
            "\"best_of\": 2",
            "\"presence_penalty\": 0",
            "\"presence_penalty\": 0.5",
            "\"top_logprobs\": 5",
            "\"response_format\": {\"type\": \"text\"}",
            "\"response_format\": {\"type\": \"json_object\"}",
            "\"logit_bias\": {}",
            "\"logit_bias\": {\"5\": 1}",
            "\"unknown\": null",
            "\"unknown\": 1",
            "\"max_tokens\": 0",
            "\"model\": \"policy\", \"user\": \"alice\", \"request_id\": \"r\"");

    static final Map<String, List<String>> ALL = Map.of(
            "createCompletion",
            both(
                    SAMPLING.stream().map(member -> "{\"prompt\": \"x\", " + member + "}"),
                    Stream.of(
                            "{}",
                            "[]",
                            "{\"prompt\": null}",
                            "{\"prompt\": []}",
                            "{\"prompt\": [[]]}",
                            "{\"prompt\": 1}",
                            "{\"prompt\": [1, 2]}",
                            "{\"prompt\": [-1]}",
                            "{\"prompt\": [[1], [2]]}",
                            "{\"prompt\": [\"a\", \"b\"]}",
                            "{\"prompt\": \"x\", \"logprobs\": 0}",
                            "{\"prompt\": \"x\", \"logprobs\": 2}",
                            "{\"prompt\": \"x\", \"logprobs\": true}",
                            "{\"prompt\": \"x\", \"logprobs\": null}",
                            "{\"prompt\": \"x\", \"messages\": []}")),
            "createChatCompletion",
            both(
                    SAMPLING.stream()
                            .map(member ->
                                    "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], " + member + "}"),
                    Stream.of(
                            "{}",
                            "{\"messages\": []}",
                            "{\"messages\": [{}]}",
                            "{\"messages\": [\"x\"]}",
                            "{\"messages\": [{\"role\": \"user\", \"content\": null}]}",
                            "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}",
                            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"x\"}]}]}",
                            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
                            "{\"messages\": [{\"role\": \"user\", \"name\": \"alice\"}]}",
                            chat("\"logprobs\": 1"),
                            chat("\"logprobs\": true"),
                            chat("\"max_completion_tokens\": 0"),
                            chat("\"tool_choice\": \"auto\""),
                            chat("\"tool_choice\": \"required\""),
                            chat("\"tools\": {}"),
                            chat("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]"),
                            chat("\"chat_template_kwargs\": []"),
                            chat("\"chat_template_kwargs\": {\"thinking\": true}"),
                            chat("\"add_generation_prompt\": false"),
                            chat("\"prompt\": \"x\""))),
            "createRollouts",
            List.of(
                    "{}",
                    "{\"prefix\": \"\"}",
                    "{\"prefix\": 1}",
                    "{\"prefix\": \"x\"}",
                    "{\"prefix\": \"x\", \"seed\": null}",
                    "{\"prefix\": \"x\", \"seed\": \"7\"}",
                    "{\"prefix\": \"x\", \"seed\": 1.5}"),
            "score",
            List.of(
                    "{}",
                    "{\"context\": \"a\"}",
                    "{\"context\": \"\", \"continuations\": [\"b\"]}",
                    "{\"context\": \"a\", \"continuations\": []}",
                    "{\"context\": \"a\", \"continuations\": [\"\"]}",
                    "{\"context\": \"a\", \"continuations\": [1]}",
                    "{\"context\": \"a\", \"continuations\": [\"b\"], \"weights\": \"ema\"}",
                    "{\"context\": \"a\", \"continuations\": [\"b\"], \"weights\": null}",
                    "{\"context\": \"a\", \"continuations\": [\"b\"], \"weights\": \"other\"}",
                    "{\"reward\": \"answers\", \"prompt\": \"\", \"responses\": [\"\"]}",
                    "{\"reward\": \"answers\", \"prompt\": \"\", \"responses\": []}",
                    "{\"reward\": \"answers\", \"responses\": [\"a\"]}",
                    "{\"reward\": null, \"context\": \"a\", \"continuations\": [\"b\"]}",
                    "{\"reward\": \"answers\", \"prompt\": \"\", \"responses\": [\"a\"], \"reference\": null}",
                    "{\"reward\": \"answers\", \"prompt\": \"\", \"responses\": [\"a\"], \"reference\": 1}"),
            "postDocuments",
            List.of(
                    "{}",
                    "[]",
                    "{\"text\": null}",
                    "{\"text\": 17}",
                    "{\"text\": \"\"}",
                    "{\"text\": \" \\n\"}",
                    "{\"text\": \"A first text.\", \"id\": null, \"domain\": null, \"meta\": null}",
                    "{\"text\": \"A second text.\", \"id\": \"\"}",
                    "{\"text\": \"A second text.\", \"id\": \" \"}",
                    "{\"text\": \"A second text.\", \"id\": 7}",
                    "{\"text\": \"A third text.\", \"domain\": 1}",
                    "{\"text\": \"A fourth text.\", \"meta\": {\"year\": 1603, \"good\": true, \"none\": null}}",
                    "{\"text\": \"A fifth text.\", \"meta\": {\"nested\": {}}}",
                    "{\"text\": \"A fifth text.\", \"meta\": []}",
                    "{\"text\": \"A sixth text.\", \"source\": {\"nested\": [1]}}"));

    private RequestBodies() {}

    private static String chat(String member) {
        return "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"max_tokens\": 2, " + member + "}";
    }

    private static List<String> both(Stream<String> some, Stream<String> others) {
        return Stream.concat(some, others).toList();
    }
}
