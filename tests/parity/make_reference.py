"""Writes the parity folders of policy/src/test/resources/parity: tiny random decoders and what transformers makes of them.

Run by hand from the repository root, never by the build; the files it writes are committed:

    pip install torch==2.7.1 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6
    python tests/parity/make_reference.py policy/src/test/resources/parity

With --check FOLDER it loads a folder that Policy.save wrote (with transformers' own loader) and compares the
log-probabilities in FOLDER/expected.json ({"tokens": [...], "log_probs": [...]}) with its own.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

SHAPE = dict(
    vocab_size=264,
    hidden_size=32,
    intermediate_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    eos_token_id=256,
    bos_token_id=None,
)
# Stored types differ on purpose: the reader has to know all three, and one folder is sharded.
MODELS = {
    "qwen3": (Qwen3Config(**SHAPE, head_dim=16, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-6), torch.bfloat16, "5GB"),
    "qwen2": (Qwen2Config(**SHAPE, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-5), torch.float16, "5GB"),
    "llama": (LlamaConfig(**SHAPE, tie_word_embeddings=False, rope_theta=5e5, rms_norm_eps=1e-5), torch.float32, "60KB"),
}
GREEDY = 64
SCORED = 160
SMALLEST_MARGIN = 2e-3


def randomise(model, generator):
    """Every weight random, norms and biases too, large enough for peaked distributions."""
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if weight.dim() > 1:
            scale = 0.5 if "embed" in name or "lm_head" in name else 0.25
            weight.data = noise * scale
        elif name.endswith("bias"):
            weight.data = 0.3 * noise
        else:
            weight.data = 1 + 0.3 * noise


def log_probs(model, tokens):
    """log p(tokens[t] | tokens[:t]) for t = 1 .. T-1."""
    with torch.no_grad():
        table = torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), -1)
    return [table[t - 1, tokens[t]].item() for t in range(1, len(tokens))]


def greedy(model, prompt):
    """The most likely continuation, recomputed from scratch at every step, and the smallest margin on the way."""
    tokens, margin = list(prompt), float("inf")
    with torch.no_grad():
        for _ in range(GREEDY):
            best = torch.topk(model(torch.tensor([tokens])).logits[0, -1], 2)
            margin = min(margin, (best.values[0] - best.values[1]).item())
            tokens.append(best.indices[0].item())
    return tokens[len(prompt) :], margin


def write(root, name, config, dtype, shard):
    for seed in range(1, 1000):
        generator = torch.Generator().manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        randomise(model, generator)
        for weight in model.parameters():
            weight.data = weight.data.to(dtype).float()  # the rounded weights are the model; its buffers stay exact
        text = torch.randint(0, 256, (SCORED,), generator=generator).tolist()
        prompt = text[:9]
        continuation, margin = greedy(model, prompt)
        if margin > SMALLEST_MARGIN and len(set(continuation)) > 12:
            break
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    scored = log_probs(model, text)
    logits = model(torch.tensor([prompt])).logits[0, -1].tolist()
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    (folder / "generation_config.json").unlink(missing_ok=True)
    reference = {
        "seed": seed,
        "tokens": text,
        "log_probs": [round(x, 7) for x in scored],
        "prompt": prompt,
        "last_logits": [round(x, 6) for x in logits],
        "greedy": continuation,
        "smallest_margin": margin,
    }
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")
    print(name, "seed", seed, "margin", margin, "distinct", len(set(continuation)))


def check(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected = json.loads((folder / "expected.json").read_text())
    found = log_probs(model, expected["tokens"])
    print(type(model).__name__, "largest difference", max(abs(a - b) for a, b in zip(found, expected["log_probs"], strict=True)))


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(pathlib.Path(sys.argv[2]))
    else:
        for name, (config, dtype, shard) in MODELS.items():
            write(pathlib.Path(sys.argv[1]), name, config, dtype, shard)
