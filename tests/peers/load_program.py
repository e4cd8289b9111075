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
import pathlib
import sys
import time

import torch
from driver import Program, archive
from transformers import AutoModelForCausalLM
from transformers.utils import logging

FLOAT32 = 6  # the tensor library's number of the type
GREEDY = 20
# log-probabilities: mean, nats; greedy: nats below the most likely token; gradients: of each tensor's norm
LIMITS = {"float32": (1e-4, 1e-4, 1e-3), "bfloat16": (5e-2, 1e-1, 1e-1), "fp8-emulated": (5e-1, 2.0, 1.0)}


def precision(module):
    return "fp8-emulated" if module.fp8 else "float32" if module.dtype == FLOAT32 else "bfloat16"


def compare(program, reference, texts):
    """Lines of (what, found, limit)."""
    limits = LIMITS[precision(program.module)]
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
    for recompute in (False, True):
        apart = 0.0
        for names, found in zip(program.names, program.gradients(texts, recompute), strict=True):
            wanted = torch.cat([of[name] for name in names])
            apart = max(apart, ((found - wanted).norm() / wanted.norm().clamp(min=1e-12)).item())
        yield f"gradients{', layers run twice' if recompute else ''}, largest difference", apart, limits[2]


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
    print(f"{precision(program.module)} sampling: {took:.4f} s, {64 * 64 / took:.0f} tokens/s")
    texts = torch.randint(0, vocabulary, (8, 257), device=program.device)
    program.call("start_training", program.whole(0))
    took = seconds(program.device, lambda: program.step(texts))
    print(f"{precision(program.module)} training: {took:.4f} s, {8 * 256 / took:.0f} tokens/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("archive", nargs="+", help="one or more that `foretell program` wrote for this folder")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--bench", action="store_true", help="also time sampling and training")
    arguments = parser.parse_args()
    logging.disable_progress_bar()
    torch.manual_seed(1)
    device = torch.device(arguments.device)
    wrong = 0
    for file in arguments.archive:
        program = Program(archive(file), arguments.folder, device)
        reference = AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=torch.float32, attn_implementation="sdpa").to(device)
        texts = torch.randint(0, program.config["vocab_size"], (3, 40), device=device)
        for what, found, limit in compare(program, reference, texts):
            wrong += not found <= limit
            print(f"{'ok' if found <= limit else '!!'}  {precision(program.module)} {what} {found:.2e} (limit {limit:.0e})")
        if arguments.bench:
            bench(program)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
