"""The model's tensors: their names, how a new set takes their place, and their packed forms for calculation."""

from typing import List, NamedTuple, Optional

import torch
from torch import Tensor

from .functional import clones, round_fp8


class LayerWeights(NamedTuple):
    """One layer of the weights as they are trained, or of their gradients. What an architecture lacks is empty."""

    input_norm: Tensor  # (D,)
    qkv_proj: Tensor  # ((H+2K)*Dh, D)
    qkv_bias: Tensor  # ((H+2K)*Dh,)
    q_norm: Tensor  # (Dh,)
    k_norm: Tensor  # (Dh,)
    o_proj: Tensor  # (D, H*Dh)
    mlp_norm: Tensor  # (D,)
    gate_proj: Tensor  # (F, D)
    up_proj: Tensor  # (F, D)
    down_proj: Tensor  # (D, F)


class ModelWeights(NamedTuple):
    embed_tokens: Tensor  # (V, D)
    layers: List[LayerWeights]
    norm: Tensor  # (D,)
    lm_head: Tensor  # (V, D), the embedding where they are tied


class PackedLayer(NamedTuple):
    """One layer in the form that the forward pass calculates with: matrices packed, norms in float32."""

    input_norm: Tensor  # (D,)
    qkv_proj: Tensor  # ((H+2K)*Dh, D)
    qkv_bias: Tensor  # ((H+2K)*Dh,)
    qk_norm: Tensor  # (H+K, Dh), the weight of each head
    o_proj: Tensor  # (D, H*Dh)
    mlp_norm: Tensor  # (D,)
    gate_proj: Tensor  # (F, D)
    up_proj: Tensor  # (F, D)
    down_proj: Tensor  # (D, F)


class PackedModel(NamedTuple):
    embed_tokens: Tensor  # (V, D)
    layers: List[PackedLayer]
    norm: Tensor  # (D,)
    lm_head: Tensor  # (V, D)


class TransposedLayer(NamedTuple):
    """The packed transposes of one layer's matrices, for the backward pass."""

    qkv_proj: Tensor  # (D, (H+2K)*Dh)
    o_proj: Tensor  # (H*Dh, D)
    gate_proj: Tensor  # (D, F)
    up_proj: Tensor  # (D, F)
    down_proj: Tensor  # (F, D)


class TransposedModel(NamedTuple):
    layers: List[TransposedLayer]
    lm_head: Tensor  # (D, V)


class Weights:
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    qk_norm: bool  # whether queries and keys are normalised
    qkv_bias: bool  # whether their projection has a bias
    tied: bool  # whether the output head is the embedding
    norm_eps: float
    dtype: torch.dtype  # of calculation
    fp8: bool  # whether operands of products are rounded to fp8
    native: bool  # whether oneDNN's products may be used, which only processors have
    trains: bool  # whether float32 weights are kept beside the packed ones

    live: List[Tensor]  # the weights in use, in the order of named()
    ema: List[Tensor]  # the teacher's
    staged: List[Tensor]  # what has been read and is not in use yet
    packed: Optional[PackedModel]  # of live, until that changes
    packed_ema: Optional[PackedModel]
    transposed: Optional[TransposedModel]  # of live

    # ---- names ----

    def named(self, flat: List[Tensor]) -> ModelWeights:
        """Names for a list of one tensor for each weight, in the order of ModelConfig.parameters() with queries, keys
        and values joined (WeightLayout.java)."""
        rest = flat[:]
        absent = flat[0].flatten()[:0]
        embed_tokens = rest.pop(0)
        layers: List[LayerWeights] = []
        for i in range(self.layers):
            layer = LayerWeights(
                input_norm=rest.pop(0),
                qkv_proj=rest.pop(0),
                qkv_bias=rest.pop(0) if self.qkv_bias else absent,
                q_norm=rest.pop(0) if self.qk_norm else absent,
                k_norm=rest.pop(0) if self.qk_norm else absent,
                o_proj=rest.pop(0),
                mlp_norm=rest.pop(0),
                gate_proj=rest.pop(0),
                up_proj=rest.pop(0),
                down_proj=rest.pop(0),
            )
            layers.append(layer)
        norm = rest.pop(0)
        lm_head = embed_tokens if self.tied else rest.pop(0)
        return ModelWeights(embed_tokens, layers, norm, lm_head)

    # ---- loading ----

    def clear_weights(self) -> None:
        self.live = []
        self.ema = []
        self.staged = []
        self.packed = None
        self.packed_ema = None
        self.transposed = None

    def stage(self, value: Tensor) -> Tensor:
        """Puts a tensor, or the next slice of one, beside the weights in use."""
        torch.set_grad_enabled(False)
        dtype = torch.float32 if self.trains else self.dtype
        self.staged.append(value.to(dtype, False, True))
        return torch.tensor([len(self.staged)])

    def discard_staged(self, unused: Tensor) -> Tensor:
        self.staged = []
        return unused

    def take_staged(self, parts: Tensor) -> List[Tensor]:
        """The first staged tensors, joined along their first dimension by parts[j] at a time."""
        taken: List[Tensor] = []
        start = 0
        for j in range(parts.shape[0]):
            count = int(parts[j])
            if count == 1:
                taken.append(self.staged[start])
            else:
                taken.append(torch.cat(self.staged[start : start + count], 0))
            start += count
        self.staged = self.staged[start:]
        return taken

    def use_weights(self, weights: List[Tensor]) -> None:
        self.transposed = None
        if self.trains:
            self.live = weights
            self.packed = None
        else:
            self.packed = self.pack_model(weights)

    def use_teacher(self, weights: List[Tensor]) -> None:
        if self.trains:
            self.ema = weights
            self.packed_ema = None
        else:
            self.packed_ema = self.pack_model(weights)

    def reset_teacher(self, unused: Tensor) -> Tensor:
        """The teacher becomes a copy of the weights in use."""
        torch.set_grad_enabled(False)
        self.ema = clones(self.live)
        self.packed_ema = None if self.trains else self.packed
        return unused

    # ---- forms for calculation ----

    def pack(self, weight: Tensor) -> Tensor:
        """A matrix in the precision of calculation, laid out for the processor."""
        w = weight.to(self.dtype)
        if self.fp8:
            w = round_fp8(w)
        if self.native:
            w = torch.ops.mkldnn._reorder_linear_weight(w, None)
        return w

    def pack_model(self, flat: List[Tensor]) -> PackedModel:
        weights = self.named(flat)
        layers: List[PackedLayer] = []
        for w in weights.layers:
            qk_norm = w.q_norm
            if self.qk_norm:
                q = w.q_norm.to(torch.float32).unsqueeze(0).expand(self.heads, -1)
                k = w.k_norm.to(torch.float32).unsqueeze(0).expand(self.kv_heads, -1)
                qk_norm = torch.cat([q, k], 0)
            layer = PackedLayer(
                input_norm=w.input_norm.to(torch.float32),
                qkv_proj=self.pack(w.qkv_proj),
                qkv_bias=w.qkv_bias.to(self.dtype),
                qk_norm=qk_norm,
                o_proj=self.pack(w.o_proj),
                mlp_norm=w.mlp_norm.to(torch.float32),
                gate_proj=self.pack(w.gate_proj),
                up_proj=self.pack(w.up_proj),
                down_proj=self.pack(w.down_proj),
            )
            layers.append(layer)
        embed_tokens = weights.embed_tokens.to(self.dtype)
        return PackedModel(embed_tokens, layers, weights.norm.to(torch.float32), self.pack(weights.lm_head))

    def transpose_model(self, flat: List[Tensor]) -> TransposedModel:
        weights = self.named(flat)
        layers: List[TransposedLayer] = []
        for w in weights.layers:
            layer = TransposedLayer(
                qkv_proj=self.pack(w.qkv_proj.t()),
                o_proj=self.pack(w.o_proj.t()),
                gate_proj=self.pack(w.gate_proj.t()),
                up_proj=self.pack(w.up_proj.t()),
                down_proj=self.pack(w.down_proj.t()),
            )
            layers.append(layer)
        return TransposedModel(layers, self.pack(weights.lm_head.t()))

    def live_weights(self) -> PackedModel:
        packed = self.packed
        if packed is None:
            packed = self.pack_model(self.live)
            self.packed = packed
        return packed

    def teacher_weights(self) -> PackedModel:
        packed = self.packed_ema
        if packed is None:
            packed = self.pack_model(self.ema)
            self.packed_ema = packed
        return packed

    def weights_of(self, slot: Tensor) -> PackedModel:
        """The packed weights of slot 0 (live) or 1 (teacher)."""
        if int(slot) == 1:
            return self.teacher_weights()
        return self.live_weights()
