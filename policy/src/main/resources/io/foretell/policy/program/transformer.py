"""One layer of the transformer, forward: for one micro-batch of B sequences of T positions, and the parts that decoding
shares with it."""

from numbers import Number as number
from typing import List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .functional import hide, inverse_rms, merge_heads, pad_rows, rotate, round_fp8, scale_norm
from .weights import PackedLayer, PackedModel, Weights


class Positions(NamedTuple):
    """The shape of a micro-batch, and the rotary embedding of its positions."""

    B: int
    T: int
    cos: Tensor  # (T, 1, Dh)
    sin: Tensor  # (T, 1, Dh)


class AttentionActivations(NamedTuple):
    """What the backward pass needs of a layer's first half."""

    input: Tensor  # (N, D)
    rms: Tensor  # (N, 1), inverse, of the input
    qkv: Tensor  # (B, T, H+2K, Dh), before norm and rotation
    qk_rms: Tensor  # (B, T, H+K, 1), inverse, where queries and keys are normalised
    q: Tensor  # (B, H, T, Dh)
    k: Tensor  # (B, K, T, Dh)
    v: Tensor  # (B, K, T, Dh)
    attended: Tensor  # (B, H, T, Dh)
    normaliser: Tensor  # (B, H, T), log


class MlpActivations(NamedTuple):
    """What the backward pass needs of a layer's second half."""

    input: Tensor  # (N, D)
    rms: Tensor  # (N, 1), inverse, of the input
    gate: Tensor  # (N, F)
    up: Tensor  # (N, F)


class Transformer(Weights):
    inv_freq: Tensor  # (Dh/2,) radians per position
    windows: List[int]  # sliding window of each layer, 0: none
    rotary: List[bool]  # whether a layer rotates queries and keys

    # ---- products ----

    def padded_rows(self, n: int) -> int:
        """The rows that a product of n rows is padded to. oneDNN prepares every number of rows separately, and
        keeps that (2 ms and 130 KB), so there are few numbers, at most 1/8 above n (8 where n is small)."""
        step = 8
        while n > 16 * step:
            step = 2 * step
        if self.native and n > 8:
            return (n + step - 1) // step * step
        return n

    def linear(self, x: Tensor, weight: Tensor) -> Tensor:
        """x weight'"""
        if self.fp8:
            x = round_fp8(x)
        if self.native:
            scalars: List[Optional[number]] = []
            return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", scalars, "")
        return F.linear(x, weight)

    def linear_add(self, x: Tensor, weight: Tensor, residual: Tensor) -> Tensor:
        """residual + x weight'"""
        if self.fp8:
            x = round_fp8(x)
        if self.native:
            return torch.ops.mkldnn._linear_pointwise(x, residual, weight, None, "add")
        return residual + F.linear(x, weight)

    def swiglu(self, x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
        """silu(x gate') * (x up')"""
        if self.fp8:
            x = round_fp8(x)
        if self.native:
            scalars: List[Optional[number]] = []
            g = torch.ops.mkldnn._linear_pointwise(x, gate, None, "swish", scalars, "")
            return torch.ops.mkldnn._linear_pointwise(x, g, up, None, "mul")
        return F.silu(F.linear(x, gate)) * F.linear(x, up)

    # ---- parts of a layer ----

    def embed(self, model: PackedModel, tokens: Tensor) -> Tensor:
        """Embeddings (N, D) of tokens and, in the padding, of token 0."""
        flat = tokens.view(-1)
        return torch.embedding(model.embed_tokens, pad_rows(flat, self.padded_rows(flat.shape[0])))

    def norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return scale_norm(x, inverse_rms(x, self.norm_eps), weight)

    def project_qkv(self, layer: PackedLayer, x: Tensor) -> Tensor:
        y = self.linear(x, layer.qkv_proj)  # (N, (H+2K)*Dh)
        if self.qkv_bias:
            y = y + layer.qkv_bias
        return y

    def rotary_embedding(self, positions: Tensor) -> Tuple[Tensor, Tensor]:
        """cos and sin (..., Dh) for rotate()."""
        angles = positions.to(torch.float32).unsqueeze(-1) * self.inv_freq  # (..., Dh/2)
        c = angles.cos()
        s = angles.sin()
        cos = torch.cat([c, c], -1)
        sin = torch.cat([-s, s], -1)
        return cos.to(self.dtype), sin.to(self.dtype)

    def positions(self, tokens: Tensor) -> Positions:
        B, T = tokens.shape
        cos, sin = self.rotary_embedding(torch.arange(0, T, device=tokens.device).unsqueeze(1))
        return Positions(B, T, cos, sin)

    def qk_norm_rope(
        self, layer: PackedLayer, i: int, qk: Tensor, cos: Tensor, sin: Tensor
    ) -> Tuple[Tensor, Tensor]:
        """Queries and keys (B, T, H+K, Dh) as attention wants them, and what they were normalised by (B, T, H+K, 1) (or
        anything where they are not)."""
        rms = cos
        if self.qk_norm:
            rms = inverse_rms(qk, self.norm_eps)
            qk = scale_norm(qk, rms, layer.qk_norm)
        if self.rotary[i]:
            qk = rotate(qk, cos, sin)
        return qk, rms

    def causal_bias(self, like: Tensor, T: int, window: int) -> Tensor:
        """Bias (T, T) that hides later positions, and those `window` or more back (0: none)."""
        t = torch.arange(0, T, device=like.device)
        distance = t.unsqueeze(1) - t.unsqueeze(0)
        hidden = distance < 0
        if window > 0:
            hidden = hidden.logical_or(distance >= window)
        return hide(hidden, like.dtype)

    def attention(self, q: Tensor, k: Tensor, v: Tensor, window: int) -> Tuple[Tensor, Tensor]:
        """Causal attention of q (B, H, T, Dh) to k and v (B, K, T, Dh): what was attended to, and the log of each row's
        normaliser (B, H, T) (only where `native`, whose backward pass needs it)."""
        group = self.heads // self.kv_heads
        T = q.shape[2]
        k = k.repeat_interleave(group, 1)  # (B, H, T, Dh)
        v = v.repeat_interleave(group, 1)
        bias: Optional[Tensor] = None
        if window > 0 and window < T:
            bias = self.causal_bias(q, T, window)
        causal = bias is None
        if self.native:
            return torch._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, causal, attn_mask=bias, scale=None)
        attended = F.scaled_dot_product_attention(q, k, v, bias, 0.0, causal)
        return attended, attended.select(3, 0)

    def self_attention(self, layer: PackedLayer, i: int, h: Tensor, at: Positions) -> AttentionActivations:
        """The first half of a layer up to its output projection, over h (N, D)."""
        H = self.heads
        K = self.kv_heads
        rms = inverse_rms(h, self.norm_eps)  # (N, 1)
        rows = self.project_qkv(layer, scale_norm(h, rms, layer.input_norm))  # (N, (H+2K)*Dh)
        qkv = rows[: at.B * at.T].view(at.B, at.T, H + 2 * K, self.head_dim)
        qk, v = qkv.split([H + K, K], 2)
        qk, qk_rms = self.qk_norm_rope(layer, i, qk, at.cos, at.sin)
        q, k = qk.split([H, K], 2)
        q = q.transpose(1, 2)  # (B, H, T, Dh)
        k = k.transpose(1, 2)  # (B, K, T, Dh)
        v = v.transpose(1, 2)  # (B, K, T, Dh)
        attended, normaliser = self.attention(q, k, v, self.windows[i])
        return AttentionActivations(h, rms, qkv, qk_rms, q, k, v, attended, normaliser)

    def mlp(self, layer: PackedLayer, h: Tensor) -> Tensor:
        """The second half of a layer, over h (N, D)."""
        x = self.norm(h, layer.mlp_norm)
        return self.linear_add(self.swiglu(x, layer.gate_proj, layer.up_proj), layer.down_proj, h)

    # ---- one layer ----

    def layer(
        self, layer: PackedLayer, i: int, h: Tensor, at: Positions, last_rows: Optional[Tensor]
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Layer i over h (N, D); its keys and values (B, K, T, Dh). last_rows: those wanted of the last layer, whose
        other rows nothing reads, or None for all."""
        attention = self.self_attention(layer, i, h, at)
        k = attention.k
        v = attention.v
        attended = merge_heads(attention.attended, h.shape[0])  # (N, H*Dh)
        if last_rows is not None and i == self.layers - 1:
            attended = attended.index_select(0, last_rows)
            h = h.index_select(0, last_rows)
        h = self.linear_add(attended, layer.o_proj, h)
        return self.mlp(layer, h), k, v

    def layer_with_activations(
        self, layer: PackedLayer, i: int, h: Tensor, at: Positions
    ) -> Tuple[Tensor, AttentionActivations, MlpActivations]:
        """The same, with what the backward pass needs."""
        attention = self.self_attention(layer, i, h, at)
        middle = self.linear_add(merge_heads(attention.attended, h.shape[0]), layer.o_proj, h)
        rms = inverse_rms(middle, self.norm_eps)
        x = scale_norm(middle, rms, layer.mlp_norm)
        gate = self.linear(x, layer.gate_proj)  # (N, F)
        up = self.linear(x, layer.up_proj)
        product = F.silu(gate).mul_(up)
        output = self.linear_add(product, layer.down_proj, middle)
        return output, attention, MlpActivations(middle, rms, gate, up)
