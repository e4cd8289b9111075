"""Writes the parity folders of policy/src/test/resources/parity: tiny random decoders and what transformers makes of them.

Run by hand from the repository root, never by the build; the files it writes are committed:

    pip install torch==2.7.1 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6
    python tests/parity/make_reference.py policy/src/test/resources/parity

A folder NAME holds the model as transformers saved it (Hugging Face names and config.json; bfloat16, float16 or float32,
one in shards), and

    reference.json              log-probabilities (natural logarithm) of the text `tokens`, the logits (V) of what follows
                                it, the 64 tokens that greedy decoding puts after `prompt`, and the settings and the loss
                                of one optimizer step
    after-step.safetensors      every weight (float32) after that step: torch.optim.AdamW on the mean next-token
                                cross-entropy of `tokens`, gradient clipped to a global norm, decay on matrices (the
                                embedding is one) and none on norms and biases

`mvn -pl policy test -Dtest=ParityTest` compares the engine with them and leaves each model as Policy.save wrote it in
policy/target/parity/NAME. Whether transformers makes the same of those:

    python tests/parity/make_reference.py --check policy/target/parity policy/src/test/resources/parity
"""

import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config, SmolLM3Config

SHAPE = dict(
    vocab_size=264,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=1024,
    eos_token_id=256,
    bos_token_id=None,
    pad_token_id=None,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=1e4, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128
)
# Stored types differ on purpose: the reader has to know all three, and one folder is sharded.
MODELS = {
    "llama": (LlamaConfig(**SHAPE, head_dim=8, tie_word_embeddings=False, rope_theta=5e5, rms_norm_eps=1e-5), torch.float32, "20KB"),
    "llama3": (LlamaConfig(**SHAPE, head_dim=16, tie_word_embeddings=True, rope_parameters=LLAMA3, rms_norm_eps=1e-5), torch.bfloat16, "5GB"),
    "linear": (
        LlamaConfig(**SHAPE, head_dim=8, tie_word_embeddings=True, rope_parameters=dict(rope_type="linear", rope_theta=1e4, factor=4.0)),
        torch.bfloat16,
        "5GB",
    ),
    "qwen2": (Qwen2Config(**SHAPE, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-5), torch.float16, "5GB"),
    "qwen2-untied": (
        Qwen2Config(
            **SHAPE, tie_word_embeddings=False, rope_theta=1e6, use_sliding_window=True, sliding_window=24, max_window_layers=1
        ),
        torch.bfloat16,
        "5GB",
    ),
    "qwen3": (Qwen3Config(**SHAPE, head_dim=8, tie_word_embeddings=True, rope_theta=1e6, rms_norm_eps=1e-6), torch.bfloat16, "5GB"),
    "mistral": (
        MistralConfig(**SHAPE, head_dim=8, tie_word_embeddings=False, rope_theta=1e4, sliding_window=16, rms_norm_eps=1e-5),
        torch.bfloat16,
        "5GB",
    ),
    "smollm3": (
        SmolLM3Config(**SHAPE, head_dim=8, tie_word_embeddings=True, rope_theta=1e5, no_rope_layer_interval=2),
        torch.bfloat16,
        "5GB",
    ),
}
TEXT = 160
LONG_TEXT = {"llama3": 400, "linear": 400}  # beyond the context of the first pretraining
PROMPT = 40  # longer than every window
GREEDY = 64
SMALLEST_MARGIN = 2e-3
# An epsilon above the rounding errors of gradients: the first step is lr * g / (|g| + eps), the sign of g where g is large.
STEP = dict(lr=1e-3, beta1=0.9, beta2=0.95, eps=1e-4, weight_decay=0.1, max_grad_norm=1.0)


def randomise(model, generator):
    """Every weight random, norms and biases too, large enough for peaked distributions, and none so near to 0 that a
    relative difference would mean nothing."""
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator).clamp(-3, 3)
        noise = noise + 0.1 * torch.where(noise < 0, -1.0, 1.0)
        if weight.dim() > 1:
            scale = 0.5 if "embed" in name or "lm_head" in name else 0.25
            weight.data = noise * scale
        elif name.endswith("bias"):
            weight.data = 0.3 * noise
        else:
            weight.data = 1 + 0.3 * noise


def logits(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0]


def log_probs(model, tokens):
    """log p(tokens[t] | tokens[:t]) for t = 1 .. T-1."""
    table = torch.log_softmax(logits(model, tokens).double(), -1)
    return [table[t - 1, tokens[t]].item() for t in range(1, len(tokens))]


def greedy(model, prompt):
    """The most likely continuation, recomputed from scratch at every step, and the smallest margin on the way."""
    tokens, margin = list(prompt), float("inf")
    for _ in range(GREEDY):
        best = torch.topk(logits(model, tokens)[-1], 2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        tokens.append(best.indices[0].item())
    return tokens[len(prompt) :], margin


def one_step(model, tokens):
    """Loss and gradient norm before, and every weight after one step of AdamW; the model is changed."""
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() == 1]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=STEP["weight_decay"]), dict(params=vectors, weight_decay=0.0)],
        lr=STEP["lr"],
        betas=(STEP["beta1"], STEP["beta2"]),
        eps=STEP["eps"],
    )
    ids = torch.tensor([tokens])
    loss = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1].float(), ids[0, 1:])
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), STEP["max_grad_norm"])
    optimizer.step()
    return loss.item(), norm.item(), {name: weight.detach().clone() for name, weight in model.named_parameters()}


def write(root, name, config, dtype, shard):
    for seed in range(1, 1000):
        generator = torch.Generator().manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
        randomise(model, generator)
        for weight in model.parameters():
            weight.data = weight.data.to(dtype).float()  # the rounded weights are the model; its buffers stay exact
        text = torch.randint(0, 256, (LONG_TEXT.get(name, TEXT),), generator=generator).tolist()
        continuation, margin = greedy(model, text[:PROMPT])
        if margin > SMALLEST_MARGIN and len(set(continuation)) > 12:
            break
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    reference = {
        "seed": seed,
        "tokens": text,
        "log_probs": [round(x, 7) for x in log_probs(model, text)],
        "logits": [round(x, 6) for x in logits(model, text)[-1].tolist()],
        "inverse_frequencies": model.model.rotary_emb.inv_freq.tolist(),
        "prompt": text[:PROMPT],
        "greedy": continuation,
        "smallest_margin": margin,
    }
    copy.deepcopy(model).to(dtype).save_pretrained(folder, max_shard_size=shard)  # a copy, as this rounds buffers too
    (folder / "generation_config.json").unlink(missing_ok=True)
    loss, norm, weights = one_step(model, text)
    reference["step"] = dict(STEP, loss=loss, grad_norm=norm)
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")
    save_file(weights, folder / "after-step.safetensors")
    print(name, "seed", seed, "margin", margin, "distinct", len(set(continuation)), "loss", loss, "gradient norm", norm)


def check(saved, references):
    """Largest differences between the references and what transformers computes from the folders that were saved."""
    for folder in sorted(saved.iterdir()):
        expected = json.loads((references / folder.name / "reference.json").read_text())
        model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
        assert model.dtype == torch.float32
        tokens = expected["tokens"]
        scores = max(abs(a - b) for a, b in zip(log_probs(model, tokens), expected["log_probs"], strict=True))
        last = max(abs(a - b) for a, b in zip(logits(model, tokens)[-1].tolist(), expected["logits"], strict=True))
        found = model.generate(torch.tensor([expected["prompt"]]), max_new_tokens=GREEDY, do_sample=False, eos_token_id=None)
        same = found[0, len(expected["prompt"]) :].tolist() == expected["greedy"]
        print(f"{folder.name}: {type(model).__name__}, log-probabilities {scores:.1e}, logits {last:.1e}, greedy same: {same}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "--check":
        check(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    else:
        for name, (config, dtype, shard) in MODELS.items():
            write(pathlib.Path(sys.argv[1]), name, config, dtype, shard)
