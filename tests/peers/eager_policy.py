"""The model program as plain Python: a place to read it, step through it, and compare it with what Foretell runs.

    pip install torch==2.7.1 safetensors==0.8.0
    ./foretell init my-model --size tiny --std 0.1
    python -m pdb tests/peers/eager_policy.py my-model

calls every part of it: scores, prefill and decode, forward and backward pass, an optimizer step. For a debugger in an editor,
set a breakpoint in a file of policy/src/main/resources/io/foretell/policy/program and run the same. With an archive,

    ./foretell program my-model my-model.pt
    python tests/peers/eager_policy.py my-model my-model.pt

makes the same calls to the archive, which must give the same results, up to rounding.

    python tests/peers/eager_policy.py --write policy/src/test/resources/parity
    python tests/peers/eager_policy.py --check policy/src/test/resources/parity

write these calls and their results beside the models of the parity tests as eager.json, or compare with what is there.
`mvn -pl policy test -Dtest=EagerParityTest` makes them from Java; no build runs Python. Models whose rotary embedding is scaled
are left out.
"""

import argparse
import json
import pathlib
import sys

import torch
from driver import GRADIENTS, LIVE, OWN, SHARED, Program, archive, eager

FLOAT32, BFLOAT16 = 6, 15  # an archive's numbers of the types
TYPES = {torch.int64: "int64", torch.float32: "float32", torch.float64: "float64"}
SAME = 5e-5  # of the largest value of a result, or of 1 where that is larger
ROWS = 2  # that are read of each gradient and weight


class Recorder(Program):
    """A program that keeps its calls, each as (method, arguments, result)."""

    def __init__(self, module, folder):
        self.calls = []
        super().__init__(module, folder)
        self.calls = []  # not those that loaded the weights

    def call(self, method, *arguments):
        result = super().call(method, *arguments)
        self.calls.append((method, [x.clone() for x in arguments], result.clone()))
        return result


def record(module, folder):
    """Calls of everything that samples, scores and learns."""
    program = Recorder(module, folder)
    random = torch.Generator().manual_seed(7)
    score(program, random)
    sample_own(program, random)
    sample_shared(program, random)
    train(program, random)
    return program.calls


def tokens(program, random, *shape):
    return torch.randint(0, program.config["vocab_size"], shape, generator=random)


def uniforms(random, *shape):
    return torch.rand(shape, dtype=torch.float64, generator=random)


def score(program, random):
    text = tokens(program, random, 2, 30)
    rows, targets = program.rows(text)
    program.call("score", program.whole(LIVE), text, rows, targets)
    program.call("entropies", text, rows[::7], program.whole(20))


def sample_own(program, random):
    """Three rows with prompts of their own: hot, cool and greedy, the first without its stop token at first."""
    lengths = torch.tensor([30, 9, 12])
    temperatures = torch.tensor([1.0, 0.7, 0.0])
    stop_tokens = torch.tensor([[5], [-1], [-1]])
    no_filter = torch.zeros((0, 3))
    program.call("allocate_caches", *[program.whole(n) for n in (3, 40, 0, 0)])
    drawn = program.call(
        "prefill", program.whole(OWN), tokens(program, random, 3, 30), lengths, torch.arange(3), torch.arange(3),
        uniforms(random, 3, 1), temperatures, torch.tensor([2, 0, 0]), stop_tokens, no_filter,
    )
    spans = torch.tensor([[1, 30], [3, 12]])
    nobody = torch.zeros((0, 1), dtype=torch.int64)
    zeros = torch.zeros(3, dtype=torch.int64)
    drawn = program.call(
        "decode", drawn[:, 0].long(), lengths, spans, zeros, nobody, zeros, zeros[:0],
        uniforms(random, 3, 3), temperatures, torch.tensor([1, 0, 0]), stop_tokens, no_filter,
    )
    # The last row takes the place of the first, which has finished.
    program.call("move_rows", program.whole(OWN), torch.tensor([2]), torch.tensor([0]), program.whole(15))
    program.call(
        "decode", drawn[[2, 1], 2].long(), torch.tensor([15, 12]), torch.tensor([[2, 15]]), zeros[:2], nobody, zeros[:2], zeros[:0],
        uniforms(random, 2, 1), temperatures[[2, 1]], zeros[:2], stop_tokens[[2, 1]], no_filter,
    )


def sample_shared(program, random):
    """Two prompts of two rows each, which filter their distributions."""
    lengths = torch.tensor([20, 14])
    prompt_of = torch.tensor([0, 0, 1, 1])
    temperatures = torch.tensor([1.0, 1.0, 1.3, 1.3])
    filters = torch.tensor([[0, 0.9, 0], [20, 1, 0], [0, 1, 0.05], [0, 1, 0]])
    zeros = torch.zeros(4, dtype=torch.int64)
    stop_tokens = zeros[:, None] - 1
    program.call("allocate_caches", *[program.whole(n) for n in (4, 10, 2, 20)])
    drawn = program.call(
        "prefill", program.whole(SHARED), tokens(program, random, 2, 20), lengths, torch.arange(2), prompt_of,
        uniforms(random, 4, 1), temperatures, zeros, stop_tokens, filters,
    )
    grid = torch.tensor([[0, 1], [2, 3]])
    program.call(
        "decode", drawn[:, 0].long(), zeros, torch.tensor([[4, 0]]), lengths[prompt_of], grid, torch.arange(4), lengths,
        uniforms(random, 4, 4), temperatures, zeros, stop_tokens, filters,
    )


def train(program, random):
    """Two micro-batches, of which one runs its layers twice, a step, and what it made of the weights."""
    program.call("start_training", program.whole(0))
    for recompute in (0, 1):
        text = tokens(program, random, 2, 30)
        rows, targets = program.rows(text)
        temperatures = torch.where(rows % 3 == 0, 0.7, 1.0)
        forbidden = torch.where(rows % 5 == 0, (targets + 1) % program.config["vocab_size"], -1)
        program.call("forward", program.whole(LIVE), text, rows, targets, temperatures, forbidden, program.whole(recompute))
        by_log_prob = torch.randn(len(rows), generator=random) / len(rows)
        by_entropy = 0.1 * torch.randn(len(rows), generator=random) / len(rows)
        program.call("backward", by_log_prob, by_entropy)
    read(program, GRADIENTS)
    rate, beta1, beta2, epsilon, decay, norm, average = 1e-2, 0.9, 0.95, 1e-3, 0.01, 1.0, 0.99
    program.call("step", torch.tensor([rate, beta1, beta2, epsilon, decay, norm, average], dtype=torch.float64))
    read(program, LIVE)


def read(program, slot):
    for i in range(len(program.names)):
        program.call("read", program.whole(slot), program.whole(i), program.whole(0), program.whole(ROWS))


def replay(program, calls):
    """Makes the calls; the largest difference of a result of each method, in parts of what counts as the same."""
    apart = {}
    for method, arguments, expected in calls:
        found = program.call(method, *arguments).double().flatten()
        expected = expected.double().flatten()
        largest = expected.abs().max().clamp(1e-30, 1)
        difference = ((found - expected).abs().max() / largest / SAME).item()
        apart[method] = max(apart.get(method, 0.0), difference)
    return apart


def same(what, apart):
    for method, difference in apart.items():
        print(f"{'ok' if difference <= 1 else '!!'}  {what} {method}: {difference * SAME:.1e} (limit {SAME:.0e})")
    return all(difference <= 1 for difference in apart.values())


def to_json(calls):
    """One call a line."""
    lines = []
    for method, arguments, result in calls:
        given = [{"type": TYPES[x.dtype], "shape": list(x.shape), "values": x.flatten().tolist()} for x in arguments]
        found = [float(f"{value:.8g}") for value in result.double().flatten().tolist()]
        lines.append(json.dumps({"method": method, "arguments": given, "result": found}, separators=(",", ":")))
    return '{"calls": [\n' + ",\n".join(lines) + "\n]}\n"


def from_json(text):
    types = {name: dtype for dtype, name in TYPES.items()}
    for call in json.loads(text)["calls"]:
        arguments = [torch.tensor(x["values"], dtype=types[x["type"]]).view(x["shape"]) for x in call["arguments"]]
        yield call["method"], arguments, torch.tensor(call["result"], dtype=torch.float64)


def readable(folder):
    """Models whose rotary embedding is not scaled."""
    for model in sorted(folder.iterdir()):
        kind = json.loads((model / "config.json").read_text()).get("rope_parameters", {}).get("rope_type", "default")
        if kind == "default":
            yield model


def write(folder):
    for model in readable(folder):
        (model / "eager.json").write_text(to_json(record(eager(model), model)))
        print(f"{model}/eager.json")
    return True


def check(folder):
    right = True
    for model in readable(folder):
        apart = replay(Program(eager(model), model), from_json((model / "eager.json").read_text()))
        right &= same(model.name, apart)
    return right


def compare(folder, file):
    module = archive(file)
    dtype = torch.bfloat16 if module.dtype == BFLOAT16 else torch.float32
    plain = eager(folder, dtype, module.fp8, module.native, module.trains)
    return same(file, replay(Program(module, folder), record(plain, folder)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="a Hugging Face folder, or a folder of them")
    parser.add_argument("archive", nargs="*", help="what `foretell program` wrote for it, to compare with")
    parser.add_argument("--write", action="store_true", help="write eager.json beside each model of a folder")
    parser.add_argument("--check", action="store_true", help="compare with the eager.json beside each model of a folder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.write:
        right = write(arguments.folder)
    elif arguments.check:
        right = check(arguments.folder)
    elif arguments.archive:
        right = all([compare(arguments.folder, file) for file in arguments.archive])
    else:
        for method, given, result in record(eager(arguments.folder), arguments.folder):
            print(f"{method}({', '.join(str(tuple(x.shape)) for x in given)}) -> {tuple(result.shape)}")
        right = True
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
