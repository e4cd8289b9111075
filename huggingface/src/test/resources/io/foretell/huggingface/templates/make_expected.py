"""Writes expected.json: what transformers renders. Needs transformers and jinja2; run in this folder."""

import datetime
import glob
import json
import os

from transformers.utils import chat_template_utils


class Noon(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime(2026, 3, 1, 12)


chat_template_utils.datetime = Noon

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The \"weather\" <now>, d'été",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "enum": [1, 2], "default": 0.5}},
            "required": ["city"],
        },
    },
}
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Łódź", "days": 2}}}


def message(role, content, **more):
    return {"role": role, "content": content, **more}


CONVERSATIONS = {
    "user": [message("user", "Hello\n world ")],
    "system": [message("system", " Be brief. "), message("user", "Hi")],
    "turns": [
        message("system", "S"),
        message("user", "1"),
        message("assistant", "<think>\nwell\n</think>\n\nanswer"),
        message("user", "2"),
    ],
    "answered": [message("user", "1"), message("assistant", "plain", reasoning_content="because")],
    "parts": [message("user", [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}])],
    "two users": [message("user", "1"), message("user", "2")],
    "tool": [
        message("user", "weather?"),
        message("assistant", None, tool_calls=[CALL]),
        message("tool", "sunny", name="get_weather", tool_call_id="abcdefghi"),
        message("user", "thanks"),
    ],
    "empty": [],
}


def outcome(template, variables):
    try:
        return {"text": chat_template_utils._compile_jinja_template(template).render(**variables)}
    except Exception as e:
        return {"error": type(e).__name__}


def cases():
    shared = {"bos_token": "<s>", "eos_token": "</s>", "documents": None}
    for file in sorted(glob.glob("*.jinja")):
        for name, messages in CONVERSATIONS.items():
            for tools in (None, [TOOL]):
                for more in ({}, {"enable_thinking": False, "add_generation_prompt": False}):
                    variables = {**shared, "messages": messages, "tools": tools, "add_generation_prompt": True, **more}
                    yield {"template": os.path.basename(file), "name": name, "variables": variables}, open(file).read()
    messages = [message("user", "a"), message("assistant", "b")]
    for source in json.load(open("constructs.json")):
        yield {"source": source, "variables": {"messages": messages}}, source


results = [{**case, **outcome(source, case["variables"])} for case, source in cases()]
with open("expected.json", "w") as file:
    json.dump(results, file, ensure_ascii=False, indent=1)
    file.write("\n")
