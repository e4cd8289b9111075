"""Functions of tensors that know nothing of a model."""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

# ---- shapes ----


def pad_rows(x: Tensor, rows: int, value: float = 0.0) -> Tensor:
    """x with rows of `value` behind its own, `rows` in all."""
    missing = rows - x.shape[0]
    if missing <= 0:
        return x
    if x.dim() == 1:
        return F.pad(x, [0, missing], value=value)
    return F.pad(x, [0, 0, 0, missing], value=value)


def merge_heads(x: Tensor, rows: int) -> Tensor:
    """Heads side by side: (B, H, T, Dh) to (rows, H*Dh), zero behind the first B*T."""
    B, H, T, Dh = x.shape
    return pad_rows(x.transpose(1, 2).reshape(B * T, H * Dh), rows)


def concat(parts: List[Tensor]) -> Tensor:
    """The parts one behind the other; a single one is not copied."""
    if len(parts) == 1:
        return parts[0]
    return torch.cat(parts, 0)


def clones(tensors: List[Tensor]) -> List[Tensor]:
    return [x.clone() for x in tensors]


def zeros_like_each(tensors: List[Tensor]) -> List[Tensor]:
    return [torch.zeros_like(x) for x in tensors]


def logits_at_a_time(vocabulary: int) -> int:
    """Rows of logits that are computed together: 16 MiB of them, but at least 128 rows, so that the product is fast."""
    return max(128, 4194304 // vocabulary)


# ---- RMS norm, in float32 ----


def inverse_rms(x: Tensor, eps: float) -> Tensor:
    """1 / sqrt(mean(x^2) + eps) of each row: (..., 1)."""
    norm = torch.linalg.vector_norm(x, 2, [-1], True, dtype=torch.float32)
    return torch.rsqrt(norm * norm * (1.0 / x.shape[-1]) + eps)


def times(x: Tensor, w: Tensor) -> Tensor:
    """x w in float32, as a tensor of its own."""
    if x.dtype == torch.float32:
        return x * w
    return x.to(torch.float32).mul_(w)


def scale_norm(x: Tensor, rms: Tensor, weight: Tensor) -> Tensor:
    """x rms weight, calculated in float32, where rms = inverse_rms(x)."""
    return times(x, rms).mul_(weight).to(x.dtype)


def rms_norm_backward(dy: Tensor, x: Tensor, rms: Tensor, weight: Tensor) -> Tuple[Tensor, Tensor]:
    """Backward pass of y = x rms weight: dx, and d weight before it is summed over rows."""
    normed = times(x, rms)
    dweight = times(dy, normed)
    dx = times(dy, weight)
    mean = (dweight * weight).mean([-1], True)
    dx.addcmul_(normed, mean, value=-1).mul_(rms)
    return dx.to(x.dtype), dweight


# ---- rotary embedding ----


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns the pairs (x[j], x[j + Dh/2]) of each head; sin has the sign of the first half inside."""
    first, second = x.chunk(2, -1)
    return torch.addcmul(x * cos, torch.cat([second, first], -1), sin)


# ---- fp8 ----


def round_fp8(x: Tensor) -> Tensor:
    """x as 8-bit floats (e4m3) with one scale for each row, in the type of x."""
    scale = x.abs().amax([-1], True).clamp(1e-12) / 448.0
    return (x / scale).to(torch.float8_e4m3fn).to(x.dtype) * scale


# ---- attention bias ----


def hide(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """A bias of -1e30 where `hidden`, otherwise 0."""
    return hidden.to(dtype) * -1e30


def own_bias(distance: Tensor, window: int, dtype: torch.dtype) -> Tensor:
    """Bias (A, 1, m) of columns by how far they lie behind the row's newest (A, m): hides later ones and, where there is
    a window, those it has left behind."""
    hidden = distance < 0
    if window > 0:
        hidden = hidden.logical_or(distance >= window)
    return hide(hidden, dtype).unsqueeze(1)


# ---- drawing a token ----


def filter_top_k_top_p_min_p(logits: Tensor, filters: Tensor) -> Tensor:
    """Hides the tokens outside of each row's top-k (0: off), top-p and min-p, applied in this order; the most likely one
    always stays. filters: (A, 3)."""
    V = logits.shape[1]
    k = filters.select(1, 0)  # (A,)
    k = torch.where(k > 0, k, torch.full_like(k, V))
    descending, order = logits.sort(1, True)  # (A, V)
    rank = torch.arange(0, V, device=logits.device)
    gone = rank >= k.unsqueeze(1)
    p = descending.masked_fill(gone, -1e30).softmax(1)
    before = p.cumsum(1) - p
    gone = gone.logical_or(before > filters[:, 1:2])
    gone = gone.logical_or(p < p[:, :1] * filters[:, 2:3])
    gone = gone.logical_and(rank > 0)
    return logits.masked_fill(torch.zeros_like(gone).scatter(1, order, gone), -1e30)


def sample_inverse_cdf(p: Tensor, u: Tensor) -> Tensor:
    """The token (A,) at which the cumulated distribution p (A, V) passes u (A,): first its block of 128 tokens, then
    its place in the block."""
    A, V = p.shape
    blocks = (V + 127) // 128
    q = F.pad(p, [0, blocks * 128 - V]).view(A, blocks, 128)
    mass = q.sum([2]).cumsum(1, dtype=torch.float64)  # (A, blocks)
    at = u.unsqueeze(1) * mass[:, -1:]  # (A, 1)
    block = torch.searchsorted(mass, at, right=True).clamp(0, blocks - 1)  # (A, 1)
    end = mass.gather(1, block)
    start = torch.where(block > 0, mass.gather(1, (block - 1).clamp(0)), torch.zeros_like(end))
    fraction = (at - start) / (end - start)
    inside = q.gather(1, block.unsqueeze(2).expand(-1, -1, 128))  # (A, 1, 128)
    inner = inside.squeeze(1).cumsum(1, dtype=torch.float64)  # (A, 128)
    total = inner[:, -1:]
    left = torch.minimum(fraction * total, total * 0.999999999999)
    place = torch.searchsorted(inner, left, right=True).clamp(0, 127)
    return (block * 128 + place).squeeze(1).clamp(0, V - 1)
