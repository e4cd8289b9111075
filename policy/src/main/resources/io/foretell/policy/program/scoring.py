"""Log-probabilities and entropies of tokens that are given."""

from typing import List

import torch
from torch import Tensor

from .functional import logits_at_a_time, pad_rows
from .transformer import Transformer
from .weights import PackedModel


class Scoring(Transformer):
    def last_states(self, model: PackedModel, tokens: Tensor, rows: Tensor) -> Tensor:
        """What the head sees at chosen rows of the flattened (B*T) positions, and padding: (R, D)."""
        h = self.embed(model, tokens)
        at = self.positions(tokens)
        chosen = pad_rows(rows, self.padded_rows(rows.shape[0]))
        for i in range(self.layers):
            h, k, v = self.layer(model.layers[i], i, h, at, chosen)
        return self.norm(h, model.norm)

    def score(self, slot: Tensor, tokens: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
        """log p(target | tokens up to and including row) for chosen rows, and 1 where the target is the most likely
        token: (2, rows)."""
        torch.set_grad_enabled(False)
        model = self.weights_of(slot)
        x = self.last_states(model, tokens, rows)  # (R, D)
        R = x.shape[0]
        wanted = pad_rows(targets, R)
        step = logits_at_a_time(model.embed_tokens.shape[0])
        out: List[Tensor] = []
        for start in range(0, R, step):
            end = min(R, start + step)
            logits = self.linear(x[start:end], model.lm_head).to(torch.float32)  # (r, V)
            target = wanted[start:end]
            log_probs = logits.gather(1, target.unsqueeze(1)).squeeze(1) - logits.logsumexp([1])
            greedy = logits.argmax(1) == target
            out.append(torch.stack([log_probs, greedy.to(torch.float32)]))
        return torch.cat(out, 1)[:, : rows.shape[0]]

    def entropies(self, tokens: Tensor, rows: Tensor, top: Tensor) -> Tensor:
        """Entropy (rows,) of what follows chosen rows, over the `top` most likely tokens as if there were no others."""
        torch.set_grad_enabled(False)
        model = self.live_weights()
        x = self.last_states(model, tokens, rows)  # (R, D)
        R = x.shape[0]
        V = model.embed_tokens.shape[0]
        step = logits_at_a_time(V)
        out: List[Tensor] = []
        for start in range(0, R, step):
            end = min(R, start + step)
            logits = self.linear(x[start:end], model.lm_head).to(torch.float32)  # (r, V)
            likely, ids = logits.topk(min(int(top), V), 1)  # (r, top)
            mean = (likely.softmax(1) * likely).sum([1])
            out.append(likely.logsumexp([1]) - mean)
        return torch.cat(out, 0)[: rows.shape[0]]
