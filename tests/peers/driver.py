"""Calls the model program with the weights of a Hugging Face folder: the archive that `foretell program` writes, or the same
class as plain Python. In Foretell its callers are PolicyWeights, DecodeCalls, Scoring and Training."""

import json
import pathlib
import sys

import torch
from safetensors import safe_open

LIVE, TEACHER, GRADIENTS = 0, 1, 2  # lists of tensors
OWN, SHARED = 0, 1  # pools of rows
SOURCES = pathlib.Path(__file__).parents[2] / "policy/src/main/resources/io/foretell/policy"


def archive(file):
    """The program as TorchScript."""
    # It is written out; compiling it anew for each shape only costs.
    torch._C._set_graph_executor_optimize(False)
    return torch.jit.load(file)


def eager(folder, dtype=torch.float32, fp8=False, native=False, trains=True):
    """The program as plain Python, with the constants that ModelConfig.java and PolicyProgram.java pack into an archive.

    native: with oneDNN's products, as on a processor; otherwise with ordinary ones, as on an accelerator.
    """
    if str(SOURCES) not in sys.path:
        sys.path.insert(0, str(SOURCES))
    from program import Policy

    config = read_config(folder)
    policy = Policy()
    policy.layers = config["num_hidden_layers"]
    policy.heads = config["num_attention_heads"]
    policy.kv_heads = config["num_key_value_heads"]
    policy.head_dim = head_dim(config)
    policy.qk_norm = config["model_type"] == "qwen3"
    policy.qkv_bias = config["model_type"] == "qwen2"
    policy.tied = config["tie_word_embeddings"]
    policy.norm_eps = config["rms_norm_eps"]
    policy.dtype = dtype
    policy.fp8 = fp8
    policy.native = native
    policy.trains = trains
    return policy


def read_config(folder):
    return json.loads((folder / "config.json").read_text())


def head_dim(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def inverse_frequencies(config):
    """(Dh/2,) of a rotary embedding that is not scaled; others are refused."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", "default")
    if kind != "default":
        raise ValueError(f"rope_type is {kind}, which only Rope.java computes")
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    exponents = torch.arange(0, head_dim(config), 2, dtype=torch.float64) / head_dim(config)
    return (theta**-exponents).float()


def attention_pattern(config):
    """Per layer its sliding window or 0, and whether it rotates queries and keys."""
    layers = config["num_hidden_layers"]
    usual = "sliding_attention" if config["model_type"] == "mistral" else "full_attention"
    kinds = config.get("layer_types") or [usual] * layers
    window = config.get("sliding_window") or 0
    windows = [window if kind == "sliding_attention" else 0 for kind in kinds]
    return windows, config.get("no_rope_layers") or [1] * layers


class Program:
    """The program with a folder's weights, on a device.

    module: from archive() or eager()
    """

    def __init__(self, module, folder, device=torch.device("cpu")):
        self.device = device
        self.config = read_config(folder)
        self.module = module
        self.names = self.tensors()
        windows, rotary = attention_pattern(self.config)
        self.call("configure", inverse_frequencies(self.config).to(device), self.whole(windows), self.whole(rotary))
        self.load(folder)

    def call(self, method, *arguments):
        with torch.no_grad():  # the program switches gradients off, which would outlast the call
            return getattr(self.module, method)(*arguments)

    def whole(self, values):
        return torch.tensor(values, device=self.device)

    def tensors(self):
        """Names of the file's tensors that make up each of the program's."""
        module, names = self.module, [["model.embed_tokens.weight"]]
        for i in range(module.layers):
            layer = f"model.layers.{i}."
            attention = layer + "self_attn."
            names.append([layer + "input_layernorm.weight"])
            names.append([f"{attention}{x}_proj.weight" for x in "qkv"])
            if module.qkv_bias:
                names.append([f"{attention}{x}_proj.bias" for x in "qkv"])
            if module.qk_norm:
                names += [[attention + "q_norm.weight"], [attention + "k_norm.weight"]]
            names += [[attention + "o_proj.weight"], [layer + "post_attention_layernorm.weight"]]
            names += [[f"{layer}mlp.{x}_proj.weight"] for x in ("gate", "up", "down")]
        names.append(["model.norm.weight"])
        if not module.tied:
            names.append(["lm_head.weight"])
        return names

    def load(self, folder):
        """Stages every tensor beside those in use, then uses all of them at once."""
        files = {}
        for file in sorted(folder.glob("model*.safetensors")):
            opened = safe_open(file, framework="pt")
            files.update((name, opened) for name in opened.keys())
        for part in self.names:
            for name in part:
                self.call("stage", files[name].get_tensor(name).to(self.device))
        self.call("use_staged", self.whole(LIVE), self.whole([len(part) for part in self.names]))

    def rows(self, tokens):
        """(R,) positions of the flattened (B, T) tokens that have a next one, and those next ones."""
        at = torch.arange(tokens.numel(), device=self.device)
        rows = at[at % tokens.shape[1] < tokens.shape[1] - 1]
        return rows, tokens.flatten()[rows + 1]

    def score(self, tokens):
        rows, targets = self.rows(tokens)
        return self.call("score", self.whole(LIVE), tokens, rows, targets)[0]  # (R,)

    def sample(self, prompts, count, temperature, steps=4):
        """(B, count) new tokens; steps: how many one call of decode() takes."""
        B, T = prompts.shape
        every = torch.arange(B, device=self.device)
        self.call("allocate_caches", self.whole(B), self.whole(T + count), self.whole(0), self.whole(0))
        tokens = [self.call("prefill", self.whole(OWN), prompts, self.whole([T] * B), every, every, *self.drawing(B, 1, temperature))]
        tokens = [tokens[0][:, 0].long()]
        nobody = torch.zeros((0, 1), dtype=torch.long, device=self.device)  # (P, G) rows that share a prompt
        nothing = torch.zeros(B, dtype=torch.long, device=self.device)
        while len(tokens) < count:
            n = min(steps, count - len(tokens))
            filled = nothing + (T + len(tokens) - 1)
            together = self.whole([[B, T + len(tokens) - 1]])  # one span of rows
            out = self.call("decode", tokens[-1], filled, together, nothing, nobody, nothing, nothing[:0], *self.drawing(B, n, temperature))
            tokens += [out[:, i].long() for i in range(n)]
        return torch.stack(tokens, 1)

    def drawing(self, rows, steps, temperature):
        uniforms = torch.rand((rows, steps), dtype=torch.float64, device=self.device)
        temperatures = torch.full((rows,), float(temperature), device=self.device)
        min_tokens = torch.zeros(rows, dtype=torch.long, device=self.device)
        stop_tokens = torch.full((rows, 1), -1, device=self.device)
        no_filter = torch.zeros((0, 3), device=self.device)
        return uniforms, temperatures, min_tokens, stop_tokens, no_filter

    def gradients(self, tokens, recompute):
        """Of the mean negative log-probability, by each of the program's tensors."""
        self.accumulate(tokens, recompute)
        found = [self.call("read", self.whole(GRADIENTS), self.whole(i), self.whole(0), self.whole(1 << 40)) for i in range(len(self.names))]
        self.call("discard_gradients", self.whole(0))
        return found

    def accumulate(self, tokens, recompute):
        rows, targets = self.rows(tokens)
        ones = torch.ones(len(rows), device=self.device)
        self.call("forward", self.whole(0), tokens, rows, targets, ones, torch.full_like(rows, -1), self.whole(int(recompute)))
        self.call("backward", -ones / len(rows), torch.zeros_like(ones))

    def step(self, tokens):
        self.accumulate(tokens, False)
        rate, beta1, beta2, epsilon, decay, norm, average = 1e-6, 0.9, 0.95, 1e-8, 0.01, 1.0, 0.99
        self.call("step", torch.tensor([rate, beta1, beta2, epsilon, decay, norm, average], dtype=torch.float64))
