"""The backward pass of one layer, written by hand: no autograd, gradients added in place."""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .functional import merge_heads, pad_rows, rms_norm_backward, rotate, scale_norm
from .transformer import AttentionActivations, MlpActivations, Positions, Transformer
from .weights import LayerWeights, PackedLayer, TransposedLayer


class Backward(Transformer):
    def accumulate_grad(self, gradient: Tensor, dy: Tensor, x: Tensor) -> None:
        """gradient += dy' x, of a product y = x weight'."""
        if self.dtype == torch.float32:
            gradient.addmm_(dy.t(), x)
        else:
            gradient.add_(torch.mm(dy.t(), x))

    def layer_backward(
        self,
        layer: PackedLayer,
        transposed: TransposedLayer,
        gradients: LayerWeights,
        i: int,
        attention: AttentionActivations,
        mlp: MlpActivations,
        dy: Tensor,
        at: Positions,
    ) -> Tensor:
        """From the gradient (N, D) of layer i's output to that of its input; those of its weights are accumulated."""
        dmiddle = self.mlp_backward(layer, transposed, gradients, mlp, dy)
        return self.attention_half_backward(layer, transposed, gradients, i, attention, dmiddle, at)

    def mlp_backward(
        self, layer: PackedLayer, transposed: TransposedLayer, gradients: LayerWeights, mlp: MlpActivations, dy: Tensor
    ) -> Tensor:
        """Backward pass of y = h + down(silu(gate(x)) * up(x)), x = norm(h)."""
        h, rms, gate, up = mlp
        activated = F.silu(gate)
        self.accumulate_grad(gradients.down_proj, dy, activated * up)
        dproduct = self.linear(dy, transposed.down_proj)  # (N, F)
        dup = activated.mul_(dproduct)
        dgate = torch.ops.aten.silu_backward(dproduct.mul_(up), gate)
        x = scale_norm(h, rms, layer.mlp_norm)
        self.accumulate_grad(gradients.gate_proj, dgate, x)
        self.accumulate_grad(gradients.up_proj, dup, x)
        dx = self.linear_add(dup, transposed.up_proj, self.linear(dgate, transposed.gate_proj))
        dh, dweight = rms_norm_backward(dx, h, rms, layer.mlp_norm)
        gradients.mlp_norm.add_(dweight.sum([0]))
        return dy + dh

    def attention_half_backward(
        self,
        layer: PackedLayer,
        transposed: TransposedLayer,
        gradients: LayerWeights,
        i: int,
        saved: AttentionActivations,
        dy: Tensor,
        at: Positions,
    ) -> Tensor:
        """Backward pass of y = h + o(attention(qkv(norm(h))))."""
        h, rms, qkv, qk_rms, q, k, v, attended, normaliser = saved
        N = h.shape[0]
        self.accumulate_grad(gradients.o_proj, dy, merge_heads(attended, N))
        dattended = self.linear(dy, transposed.o_proj)[: at.B * at.T].view(at.B, at.T, self.heads, self.head_dim)
        dq, dk, dv = self.attention_backward(
            q, k, v, attended, normaliser, dattended.transpose(1, 2), self.windows[i]
        )
        dqk = torch.cat([dq.transpose(1, 2), dk.transpose(1, 2)], 2)  # (B, T, H+K, Dh)
        dqk = self.qk_norm_rope_backward(layer, gradients, i, qkv, qk_rms, dqk, at)
        dqkv = torch.cat([dqk, dv.transpose(1, 2)], 2).view(at.B * at.T, -1)
        dqkv = pad_rows(dqkv, N)  # (N, (H+2K)*Dh)
        self.accumulate_grad(gradients.qkv_proj, dqkv, scale_norm(h, rms, layer.input_norm))
        if self.qkv_bias:
            gradients.qkv_bias.add_(dqkv.sum([0], dtype=torch.float32))
        dx = self.linear(dqkv, transposed.qkv_proj)
        dh, dweight = rms_norm_backward(dx, h, rms, layer.input_norm)
        gradients.input_norm.add_(dweight.sum([0]))
        return dy + dh

    def qk_norm_rope_backward(
        self,
        layer: PackedLayer,
        gradients: LayerWeights,
        i: int,
        qkv: Tensor,
        rms: Tensor,
        dqk: Tensor,
        at: Positions,
    ) -> Tensor:
        H = self.heads
        K = self.kv_heads
        if self.rotary[i]:
            dqk = rotate(dqk, at.cos, -at.sin)
        if self.qk_norm:
            dqk, dweight = rms_norm_backward(dqk, qkv[:, :, : H + K], rms, layer.qk_norm)
            by_head = dweight.sum([0, 1])  # (H+K, Dh)
            gradients.q_norm.add_(by_head[:H].sum([0]))
            gradients.k_norm.add_(by_head[H:].sum([0]))
        return dqk

    # ---- attention ----

    def attention_backward(
        self, q: Tensor, k: Tensor, v: Tensor, attended: Tensor, normaliser: Tensor, dy: Tensor, window: int
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """From the gradient of what was attended to (B, H, T, Dh) to those of q, k and v."""
        if self.native:
            return self.attention_backward_in_blocks(q, k, v, attended, normaliser, dy, window)
        group = self.heads // self.kv_heads
        B, H, T, Dh = q.shape
        keys = k.repeat_interleave(group, 1)  # (B, H, T, Dh)
        values = v.repeat_interleave(group, 1)
        scale = Dh**-0.5
        scores = torch.matmul(q, keys.transpose(2, 3)) * scale + self.causal_bias(q, T, window)
        p = scores.softmax(-1, dtype=torch.float32).to(q.dtype)  # (B, H, T, T)
        dp = torch.matmul(dy, values.transpose(2, 3))
        dscores = p * (dp - (dy * attended).sum([-1], True))
        dq = torch.matmul(dscores, keys) * scale
        dk = torch.matmul(dscores.transpose(2, 3), q) * scale
        dv = torch.matmul(p.transpose(2, 3), dy)
        by_group = [B, self.kv_heads, group, T, Dh]
        return dq, dk.view(by_group).sum([2]), dv.view(by_group).sum([2])

    def attention_backward_in_blocks(
        self, q: Tensor, k: Tensor, v: Tensor, attended: Tensor, normaliser: Tensor, dy: Tensor, window: int
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """The same in blocks of 128 positions of one sequence, which stay in the processor's caches and see only what
        came before; the heads of a group are rows of one product. Padding (T to C) has no gradient."""
        B, H, T, Dh = q.shape
        C = (T + 31) // 32 * 32
        if window >= T:
            window = 0
        mean = (dy.to(torch.float32) * attended).sum([-1], True)  # (B, H, T, 1)
        shift = -normaliser.unsqueeze(-1)
        if C > T:
            pad = [0, 0, 0, C - T]
            q, k, v, dy = F.pad(q, pad), F.pad(k, pad), F.pad(v, pad), F.pad(dy, pad)
            mean, shift = F.pad(mean, pad), F.pad(shift, pad)
        dq = torch.empty([B, C, H, Dh], dtype=q.dtype)
        dk = torch.zeros([B, C, self.kv_heads, Dh])
        dv = torch.zeros([B, C, self.kv_heads, Dh])
        for b in range(B):
            for start in range(0, C, 128):
                end = min(C, start + 128)
                self.attention_block_backward(
                    [q[b], dy[b], mean[b], shift[b]], k[b], v[b], dq[b], dk[b], dv[b], start, end, window
                )
        dq = dq[:, :T].transpose(1, 2)
        dk = dk[:, :T].to(q.dtype).transpose(1, 2)
        dv = dv[:, :T].to(q.dtype).transpose(1, 2)
        return dq, dk, dv

    def attention_block_backward(
        self,
        rows: List[Tensor],
        k: Tensor,
        v: Tensor,
        dq: Tensor,
        dk: Tensor,
        dv: Tensor,
        start: int,
        end: int,
        window: int,
    ) -> None:
        """Positions start to end of one sequence. rows: queries, dy, mean and shift (H, C, ...); k and v: (K, C, Dh).
        Adds into dq (C, H, Dh), dk and dv (C, K, Dh)."""
        H, C, Dh = rows[0].shape
        n = end - start
        grouped = [self.kv_heads, H // self.kv_heads * n, -1]
        q, dy, mean, shift = [x[:, start:end].reshape(grouped) for x in rows]  # (K, group*n, ...)
        keys = k[:, :end]  # (K, end, Dh)
        values = v[:, :end]
        scale = Dh**-0.5
        p = torch.baddbmm(
            shift, q.to(torch.float32), keys.to(torch.float32).transpose(1, 2), beta=1, alpha=scale
        ).exp_()  # (K, group*n, end)
        by_head = p.view(H, n, end)
        by_head.tril_(start)
        if window > 0:
            by_head.triu_(start + 1 - window)
        dp = torch.bmm(dy, values.transpose(1, 2))
        dscores = (dp - mean).mul_(p).to(q.dtype)
        dq[start:end].copy_((torch.bmm(dscores, keys).view(H, n, Dh) * scale).transpose(0, 1))
        dk[:end].add_(torch.bmm(dscores.transpose(1, 2), q).transpose(0, 1), alpha=scale)
        dv[:end].add_(torch.bmm(p.to(q.dtype).transpose(1, 2), dy).transpose(0, 1))
