"""Loads what `./foretell program DIR OUT.pt` wrote with plain PyTorch and compares it with transformers.

    pip install torch==2.7.1 transformers==5.23.0 safetensors==0.8.0
    ./foretell init my-model --size tiny --std 0.1
    ./foretell program my-model my-model.pt --device any --precision float32
    python tests/peers/load_program.py my-model my-model.pt --device cuda --bench

The reference is transformers in float32 on the same device. Compared are log-probabilities, 20 greedy tokens and the
gradient of every weight; exits with 1 where one is too far apart. --bench times sampling (64 prompts of 32 tokens, 64 new
ones) and training (8 x 256 tokens) as well. An archive written with `--device cpu` runs on processors only.
"""

import argparse
import json
import pathlib
import sys
import time

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM
from transformers.utils import logging

FLOAT32 = 6  # the tensor library's number of the type
LIVE, GRADIENTS = 0, 5  # lists of tensors
OWN, SHARED = 0, 1  # pools of rows
GREEDY = 20
# log-probabilities: mean, nats; greedy: nats below the most likely token; gradients: of each tensor's norm
LIMITS = {"float32": (1e-4, 1e-4, 1e-3), "bfloat16": (5e-2, 1e-1, 1e-1), "fp8-emulated": (5e-1, 2.0, 1.0)}


class Program:
    """The archive with a folder's weights, on a device."""

    def __init__(self, archive, folder, device):
        self.device = device
        self.config = json.loads((folder / "config.json").read_text())
        self.module = torch.jit.load(archive)
        self.precision = "fp8-emulated" if self.module.fp8 else "float32" if self.module.dtype == FLOAT32 else "bfloat16"
        self.names = self.tensors()
        layers, size = self.module.layers, self.module.head_dim
        theta = self.config.get("rope_theta", 10000.0)
        exponents = torch.arange(0, size, 2, dtype=torch.float64) / size
        self.call("configure", (theta**-exponents).float().to(device), self.whole([0] * layers), self.whole([1] * layers))
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
        """Stages every tensor beside those in use, then switches to all of them at once."""
        files = {}
        for file in sorted(folder.glob("model*.safetensors")):
            opened = safe_open(file, framework="pt")
            files.update((name, opened) for name in opened.keys())
        for part in self.names:
            for name in part:
                self.call("stage", files[name].get_tensor(name).to(self.device))
        self.call("switch", self.whole(LIVE), self.whole([len(part) for part in self.names]))

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
        self.call("plan", self.whole(B), self.whole(T + count), self.whole(0), self.whole(0))
        tokens = [self.call("join", self.whole(OWN), prompts, self.whole([T] * B), every, every, *self.drawing(B, 1, temperature))]
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
        minimums = torch.zeros(rows, dtype=torch.long, device=self.device)
        ends = torch.full((rows, 1), -1, device=self.device)
        return uniforms, temperatures, minimums, ends, torch.zeros((0, 3), device=self.device)

    def gradients(self, tokens, thrift):
        """Of the mean negative log-probability, by each of the program's tensors."""
        self.accumulate(tokens, thrift)
        found = [self.call("get", self.whole(GRADIENTS), self.whole(i), self.whole(0), self.whole(1 << 40)) for i in range(len(self.names))]
        self.call("discard_gradients", self.whole(0))
        return found

    def accumulate(self, tokens, thrift):
        rows, targets = self.rows(tokens)
        ones = torch.ones(len(rows), device=self.device)
        self.call("evaluate", self.whole(0), tokens, rows, targets, ones, torch.full_like(rows, -1), self.whole(int(thrift)))
        self.call("pull", -ones / len(rows), torch.zeros_like(ones))

    def step(self, tokens):
        self.accumulate(tokens, False)
        rate, beta1, beta2, epsilon, decay, norm, average = 1e-6, 0.9, 0.95, 1e-8, 0.01, 1.0, 0.99
        self.call("step", torch.tensor([rate, beta1, beta2, epsilon, decay, norm, average], dtype=torch.float64))


def compare(program, reference, texts):
    """Lines of (what, found, limit)."""
    limits = LIMITS[program.precision]
    logits = reference(texts).logits
    rows, targets = program.rows(texts)
    expected = torch.log_softmax(logits, -1).flatten(0, 1)[rows, targets]  # (R,)
    yield "log-probabilities, mean difference", (program.score(texts) - expected).abs().mean().item(), limits[0]
    prompts = texts[:, :9].contiguous()
    continued = program.sample(prompts, GREEDY, 0)
    with torch.no_grad():
        likely = torch.log_softmax(reference(torch.cat([prompts, continued], 1)).logits[:, 8:-1], -1)  # (B, 20, V)
    behind = likely.amax(-1) - likely.gather(2, continued[:, :, None])[:, :, 0]
    yield f"greedy, {(behind == 0).float().mean():.0%} the same, furthest behind", behind.max().item(), limits[1]
    (-expected.mean()).backward()
    of = {name: weight.grad for name, weight in reference.named_parameters()}
    program.call("start_training", program.whole(0))
    for thrift in (False, True):
        apart = 0.0
        for names, found in zip(program.names, program.gradients(texts, thrift), strict=True):
            wanted = torch.cat([of[name] for name in names])
            apart = max(apart, ((found - wanted).norm() / wanted.norm().clamp(min=1e-12)).item())
        yield f"gradients{', layers run twice' if thrift else ''}, largest difference", apart, limits[2]


def seconds(device, work, rounds=5):
    """The least of several, after one that does not count."""
    best = float("inf")
    for i in range(rounds + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if i > 0:
            best = min(best, time.perf_counter() - start)
    return best


def bench(program):
    vocabulary = program.config["vocab_size"]
    prompts = torch.randint(0, vocabulary, (64, 32), device=program.device)
    took = seconds(program.device, lambda: program.sample(prompts, 64, 1))
    print(f"{program.precision} sampling: {took:.4f} s, {64 * 64 / took:.0f} tokens/s")
    texts = torch.randint(0, vocabulary, (8, 257), device=program.device)
    program.call("start_training", program.whole(0))
    took = seconds(program.device, lambda: program.step(texts))
    print(f"{program.precision} training: {took:.4f} s, {8 * 256 / took:.0f} tokens/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("archive", nargs="+", help="one or more that `foretell program` wrote for this folder")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--bench", action="store_true", help="also time sampling and training")
    arguments = parser.parse_args()
    logging.disable_progress_bar()
    torch._C._set_graph_executor_optimize(False)  # the program is written out; compiling it anew for each shape only costs
    torch.manual_seed(1)
    device = torch.device(arguments.device)
    wrong = 0
    for archive in arguments.archive:
        program = Program(archive, arguments.folder, device)
        reference = AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=torch.float32, attn_implementation="sdpa").to(device)
        texts = torch.randint(0, program.config["vocab_size"], (3, 40), device=device)
        for what, found, limit in compare(program, reference, texts):
            wrong += not found <= limit
            print(f"{'ok' if found <= limit else '!!'}  {program.precision} {what} {found:.2e} (limit {limit:.0e})")
        if arguments.bench:
            bench(program)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
