"""PyTorch and transformers at the work that `./foretell bench ... --peer PYTHON` measures: answers JSON lines.

    pip install torch==2.7.1 transformers==5.23.0

    {"do": "open", "folder": F, "threads": 2, "precision": "float32"}          -> {}
    {"do": "generate", "tokens": [[...], ...], "new_tokens": 64}               -> {"seconds": s}
    {"do": "train", "tokens": [[...], ...], "recompute": false}                -> {"seconds": s}

Sampling: model.generate with a dynamic key-value cache, from the whole distribution, weights in the precision asked for.
Training: weights, gradients and optimizer in float32, products in bfloat16 by autocast where that is asked for; clipped
surrogate on all tokens but the first, clip_grad_norm_, AdamW(fused=True), a moving average by _foreach_lerp_. Attention
is scaled_dot_product_attention in both.
"""

import contextlib
import json
import math
import sys
import time

import torch
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils import logging

CLIP = 0.2
EMA = 0.99
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Peer:
    def open(self, folder, threads, precision):
        torch.set_num_threads(threads)
        self.folder = folder
        self.dtype = DTYPES[precision]
        self.sampler = None
        self.trainer = None
        return {}

    def load(self, dtype):
        return AutoModelForCausalLM.from_pretrained(self.folder, dtype=dtype, attn_implementation="sdpa")

    def generate(self, tokens, new_tokens):
        if self.sampler is None:
            self.sampler = self.load(self.dtype).eval()
        prompts = torch.tensor(tokens)  # (B, T)
        config = GenerationConfig(
            max_new_tokens=new_tokens, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, pad_token_id=0, use_cache=True
        )
        start = time.perf_counter()
        with torch.inference_mode():
            out = self.sampler.generate(prompts, attention_mask=torch.ones_like(prompts), generation_config=config)
        seconds = time.perf_counter() - start
        assert out.shape[1] == prompts.shape[1] + new_tokens, out.shape
        return {"seconds": seconds}

    def train(self, tokens, recompute):
        if self.trainer is None:
            self.trainer = Trainer(self.load(torch.float32), self.dtype, recompute)
        return {"seconds": self.trainer.step(torch.tensor(tokens))}


class Trainer:
    def __init__(self, model, dtype, recompute):
        self.model = model.train()
        self.dtype = dtype
        self.weights = list(model.parameters())
        self.average = [weight.detach().clone() for weight in self.weights]
        self.optimizer = torch.optim.AdamW(self.weights, lr=1e-6, betas=(0.9, 0.95), weight_decay=0.01, fused=True)
        if recompute:
            model.gradient_checkpointing_enable()

    def products(self):
        half = self.dtype == torch.bfloat16
        return torch.autocast("cpu", dtype=torch.bfloat16) if half else contextlib.nullcontext()

    def step(self, tokens):  # (B, T+1)
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        advantages = torch.where(torch.arange(1, tokens.shape[1]) % 2 == 0, 1.0, -1.0)  # (T,)
        old = -math.log(self.model.config.vocab_size)
        start = time.perf_counter()
        with self.products():
            logits = self.model(inputs, use_cache=False).logits  # (B, T, V)
        log_probs = -torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        ratio = torch.exp(log_probs.view(targets.shape) - old)  # (B, T)
        kept = torch.clamp(ratio, 1 - CLIP, 1 + CLIP)
        loss = -torch.minimum(ratio * advantages, kept * advantages).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - EMA)
        return time.perf_counter() - start


def main():
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    peer = Peer()
    for line in sys.stdin:
        question = json.loads(line)
        answer = getattr(peer, question.pop("do"))(**question)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
