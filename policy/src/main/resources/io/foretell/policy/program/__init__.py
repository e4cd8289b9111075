"""The language model that Foretell trains: weights, sampling, scoring and learning in ordinary PyTorch.

The same text runs twice. Foretell needs no Python: ProgramSource.java joins these files into one TorchScript class and
PolicyProgram.java calls its methods. And it is plain Python, to be read and stepped through:

    pip install torch==2.7.1 safetensors
    python -m pdb tests/peers/eager_policy.py my-model      # break at a method of any file here

What is where, each class on top of the one before:

    functional.py   functions of tensors: padding, RMS norm, rotary embedding, fp8, sampling filters
    weights.py      Weights: the model's tensors by name, loaded, packed for the processor
    transformer.py  Transformer: one layer, forward
    scoring.py      Scoring: log-probabilities and entropies of given tokens
    sampling.py     Sampling: KV cache, prefill, decode, drawing a token
    backward.py     Backward: the gradient of one layer, written by hand
    training.py     Training: forward and backward pass of a micro-batch, optimizer step, teacher
    policy.py       Policy: all of it, its constants and their setting

A method that Java calls takes tensors and returns one; whatever else it needs is in `self`. Shapes stand at the end of a
line: B sequences, T positions, N rows for their B*T and padding, R chosen rows, D width, H query heads, K key and value
heads, Dh head size, F feed-forward, V vocabulary. Sampling keeps A active rows, each with columns of its own keys and values;
P prompts are shared by groups of rows.

What TorchScript adds to the rules of Python: arguments and results have types, `[]` is a list of tensors unless annotated,
and an operator that changes a list of tensors in place needs a list that is kept in `self`.
"""

from .policy import Policy

__all__ = ["Policy"]
