"""Forward and backward pass of a micro-batch, with the loss between them in Java, and the optimizer.

forward() gives log-probability and entropy of every trained token. Java computes the loss from them, and backward() takes
its derivatives by the same numbers. A new loss needs no tensor code.

A new optimizer is one method like adamw() and the list of what it keeps, optimizer_states().
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor

from .backward import Backward
from .functional import clones, inverse_rms, logits_at_a_time, pad_rows, rms_norm_backward, scale_norm, zeros_like_each
from .transformer import AttentionActivations, MlpActivations
from .weights import ModelWeights, PackedModel, TransposedModel


class TrainedRows(NamedTuple):
    """The rows of the last forward(), padded to R: row r predicts targets[r] from the tokens up to rows[r]."""

    tokens: Tensor  # (B, T)
    rows: Tensor  # (R,) of the flattened tokens
    targets: Tensor  # (R,)
    temperatures: Tensor  # (R,)
    forbidden: Tensor  # (R,) a token that is left out of the distribution, or -1
    hidden: Tensor  # (R, D) before the last norm
    rms: Tensor  # (R, 1), inverse, of hidden
    normed: Tensor  # (R, D)


class OptimizerSettings(NamedTuple):
    """Those of OptimizerSettings.java, in its order."""

    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    max_grad_norm: float
    ema_decay: float


class Training(Backward):
    gradients: List[Tensor]  # of live, accumulated since the last step
    optimizer: Dict[str, List[Tensor]]  # a tensor for each weight, by the names of optimizer_states()
    trained: Optional[TrainedRows]  # what backward() needs of the last forward()
    probabilities: List[Tensor]  # (r, V) of its rows, where that is not too much
    layer_inputs: List[Tensor]  # (N, D) of each layer, where layers run again
    activations: List[Tuple[AttentionActivations, MlpActivations]]  # of each layer, where they do not

    # ---- forward ----

    def forward(
        self,
        slot: Tensor,
        tokens: Tensor,
        rows: Tensor,
        targets: Tensor,
        temperatures: Tensor,
        forbidden: Tensor,
        recompute: Tensor,
    ) -> Tensor:
        """The forward pass of one micro-batch (B, T) under the weights of `slot` (backward() knows slot 0 only).
        With `recompute` only the layers' inputs are kept, and backward() runs the layers again. Returns
        log-probability and entropy of each row: (2, rows)."""
        torch.set_grad_enabled(False)
        self.clear_activations()
        model = self.weights_of(slot)
        h = self.embed(model, tokens)
        at = self.positions(tokens)
        keep = not bool(recompute)
        for i in range(self.layers):
            if keep:
                h, attention, mlp = self.layer_with_activations(model.layers[i], i, h, at)
                self.activations.append((attention, mlp))
            else:
                self.layer_inputs.append(h)
                h, k, v = self.layer(model.layers[i], i, h, at, None)
        # An input's memory is the caller's: what outlives the call is copied.
        inputs = clones([tokens, rows, targets, temperatures, forbidden])
        trained = self.trained_rows(model, h, inputs)
        self.trained = trained
        return self.head_forward(model, trained)[:, : rows.shape[0]]

    def trained_rows(self, model: PackedModel, h: Tensor, inputs: List[Tensor]) -> TrainedRows:
        tokens, rows, targets, temperatures, forbidden = inputs
        R = self.padded_rows(rows.shape[0])
        rows = pad_rows(rows, R)
        hidden = h.index_select(0, rows)  # (R, D)
        rms = inverse_rms(hidden, self.norm_eps)
        normed = scale_norm(hidden, rms, model.norm)
        targets = pad_rows(targets, R)
        temperatures = pad_rows(temperatures, R, 1.0)
        forbidden = pad_rows(forbidden, R, -1.0)
        return TrainedRows(tokens, rows, targets, temperatures, forbidden, hidden, rms, normed)

    def head_forward(self, model: PackedModel, trained: TrainedRows) -> Tensor:
        """Log-probability and entropy of each row, a few hundred rows of logits at a time: (2, R)."""
        R = trained.rows.shape[0]
        V = model.embed_tokens.shape[0]
        step = logits_at_a_time(V)
        out: List[Tensor] = []
        for start in range(0, R, step):
            end = min(R, start + step)
            logits = self.trained_logits(model, trained, start, end)  # (r, V)
            most, best = logits.max(1)
            chosen = logits.gather(1, trained.targets[start:end].unsqueeze(1)).squeeze(1)
            p = logits.softmax(1)
            normaliser = most - p.gather(1, best.unsqueeze(1)).squeeze(1).log()  # (r,)
            mean = torch.bmm(p.unsqueeze(1), logits.unsqueeze(2)).view(-1)
            out.append(torch.stack([chosen - normaliser, normaliser - mean]))
            if R * V <= 2 * 16777216:
                self.probabilities.append(p)
        return torch.cat(out, 1)

    def trained_logits(self, model: PackedModel, trained: TrainedRows, start: int, end: int) -> Tensor:
        """Logits (r, V) of rows start to end, divided by their temperatures and without their forbidden tokens."""
        logits = self.linear(trained.normed[start:end], model.lm_head).to(torch.float32)
        temperatures = trained.temperatures[start:end]
        if not bool((temperatures == 1).all()):
            logits.div_(temperatures.unsqueeze(1))
        forbidden = trained.forbidden[start:end]
        banned = (forbidden >= 0).nonzero().squeeze(1)
        if banned.shape[0] > 0:
            logits[banned, forbidden.index_select(0, banned)] = -1e30
        return logits

    def clear_activations(self) -> None:
        self.trained = None
        self.probabilities = []
        self.layer_inputs = []
        activations: List[Tuple[AttentionActivations, MlpActivations]] = []
        self.activations = activations

    def forget(self, unused: Tensor) -> Tensor:
        """Frees what forward() kept."""
        self.clear_activations()
        return unused

    # ---- backward ----

    def backward(self, by_log_prob: Tensor, by_entropy: Tensor) -> Tensor:
        """The backward pass of the last forward(), from the loss's derivatives by each row's log-probability and entropy
        into the accumulated gradients. Returns their norm."""
        torch.set_grad_enabled(False)
        trained = self.trained
        assert trained is not None
        model = self.live_weights()
        transposed = self.transposed
        if transposed is None:
            transposed = self.transpose_model(self.live)
            self.transposed = transposed
        gradients = self.named(self.gradients)
        dh = self.head_backward(model, transposed, gradients, trained, by_log_prob, by_entropy)
        self.probabilities = []
        at = self.positions(trained.tokens)
        recompute = len(self.layer_inputs) > 0
        for i in range(self.layers - 1, -1, -1):
            layer = model.layers[i]
            if recompute:
                h, attention, mlp = self.layer_with_activations(layer, i, self.layer_inputs[i], at)
            else:
                attention, mlp = self.activations.pop()
            dh = self.layer_backward(layer, transposed.layers[i], gradients.layers[i], i, attention, mlp, dh, at)
        dembedding = dh[: at.B * at.T].to(torch.float32)
        gradients.embed_tokens.index_add_(0, trained.tokens.view(-1), dembedding)
        self.clear_activations()
        return self.gradient_norm()

    def head_backward(
        self,
        model: PackedModel,
        transposed: TransposedModel,
        gradients: ModelWeights,
        trained: TrainedRows,
        by_log_prob: Tensor,
        by_entropy: Tensor,
    ) -> Tensor:
        """From the derivatives by each row's numbers to the gradient of the last layer's output (N, D)."""
        R = trained.rows.shape[0]
        has_entropy = bool((by_entropy != 0).any())
        by_log_prob = pad_rows(by_log_prob, R)
        by_entropy = pad_rows(by_entropy, R)
        step = logits_at_a_time(model.embed_tokens.shape[0])
        parts: List[Tensor] = []
        for start in range(0, R, step):
            end = min(R, start + step)
            if len(self.probabilities) > 0:
                p = self.probabilities[start // step]
            else:
                p = self.trained_logits(model, trained, start, end).softmax(1)
            temperatures = trained.temperatures[start:end].unsqueeze(1)
            weight = by_log_prob[start:end].unsqueeze(1) / temperatures  # (r, 1)
            factor = -weight
            if has_entropy:
                log_p = p.clamp(1e-37).log()
                entropy = -(p * log_p).sum([1], True)
                factor = factor - (log_p + entropy) * (by_entropy[start:end].unsqueeze(1) / temperatures)  # (r, V)
            p.mul_(factor)
            p.scatter_add_(1, trained.targets[start:end].unsqueeze(1), weight)
            dlogits = p.to(self.dtype)
            self.accumulate_grad(gradients.lm_head, dlogits, trained.normed[start:end])
            parts.append(self.linear(dlogits, transposed.lm_head))
        dhidden, dweight = rms_norm_backward(torch.cat(parts, 0), trained.hidden, trained.rms, model.norm)
        gradients.norm.add_(dweight.sum([0]))
        N = self.padded_rows(trained.tokens.numel())
        return dhidden.new_zeros([N, dhidden.shape[1]]).index_add_(0, trained.rows, dhidden)

    def gradient_norm(self) -> Tensor:
        return torch.stack(torch._foreach_norm(self.gradients, 2)).norm()

    def discard_gradients(self, unused: Tensor) -> Tensor:
        torch._foreach_zero_(self.gradients)
        self.clear_activations()
        return unused

    # ---- optimizer ----

    def optimizer_states(self) -> List[Tuple[str, bool]]:
        """The tensors that the optimizer keeps for each weight, and whether they are shaped like it (or one number).
        Their names are those in checkpoints."""
        return [("first_moment", True), ("second_moment", True), ("steps", False)]

    def adamw(self, settings: OptimizerSettings) -> None:
        """One step of AdamW: decoupled decay, none on norms and biases."""
        torch._foreach_add_(self.optimizer["steps"], 1)
        for x in self.live:
            if x.dim() > 1:
                x.mul_(1.0 - settings.learning_rate * settings.weight_decay)
        torch._fused_adamw_(
            self.live,
            self.gradients,
            self.optimizer["first_moment"],
            self.optimizer["second_moment"],
            [],
            self.optimizer["steps"],
            lr=settings.learning_rate,
            beta1=settings.beta1,
            beta2=settings.beta2,
            weight_decay=0.0,
            eps=settings.epsilon,
            amsgrad=False,
            maximize=False,
            grad_scale=None,
            found_inf=None,
        )

    def step(self, settings: Tensor) -> Tensor:
        """Clips by global norm, takes a step of the optimizer, moves the teacher. A step whose gradient is not finite
        changes nothing. settings: OptimizerSettings as numbers. Returns the norm before clipping."""
        torch.set_grad_enabled(False)
        rate, beta1, beta2, epsilon, decay, max_norm, ema_decay = [float(x) for x in settings]
        norm = self.gradient_norm()
        if bool(torch.isfinite(norm)):
            torch._foreach_mul_(self.gradients, min(1.0, max_norm / (float(norm) + 1e-6)))
            self.adamw(OptimizerSettings(rate, beta1, beta2, epsilon, decay, max_norm, ema_decay))
            self.packed = None
            self.transposed = None
            if ema_decay >= 0 and len(self.ema) > 0:
                torch._foreach_lerp_(self.ema, self.live, 1.0 - ema_decay)
                self.packed_ema = None
        torch._foreach_zero_(self.gradients)
        return norm

    def clear_training(self) -> None:
        self.gradients = []
        optimizer: Dict[str, List[Tensor]] = {}
        self.optimizer = optimizer
        self.clear_activations()

    def start_training(self, unused: Tensor) -> Tensor:
        """A fresh optimizer: all that it keeps is 0."""
        torch.set_grad_enabled(False)
        self.gradients = zeros_like_each(self.live)
        for name, like_weight in self.optimizer_states():
            state: List[Tensor] = []
            for x in self.live:
                state.append(torch.zeros_like(x) if like_weight else torch.zeros_like(x.norm()))
            self.optimizer[name] = state
        return unused

    def describe_optimizer(self, unused: Tensor) -> Tensor:
        """optimizer_states() as text: the characters of lines `name 1` (shaped like the weight) or `name 0`."""
        text = ""
        for name, like_weight in self.optimizer_states():
            text += name + (" 1\n" if like_weight else " 0\n")
        return torch.tensor([ord(c) for c in text])
