"""The KV cache, prefill and decode. Continuous batching is Sampler.java's: the first A rows of the cache are active, and a
prompt shared by a group of rows is kept once."""

from typing import List, NamedTuple, Tuple

import torch
from torch import Tensor

from .functional import concat, filter_top_k_top_p_min_p, hide, own_bias, pad_rows, sample_inverse_cdf
from .transformer import Transformer
from .weights import PackedLayer, PackedModel


class SamplingParameters(NamedTuple):
    """How each row draws its next tokens."""

    uniforms: Tensor  # (A, steps) float64
    temperatures: Tensor  # (A,), 0: the most likely token
    min_tokens: Tensor  # (A,) tokens to come that may not be a stop token
    stop_tokens: Tensor  # (A, E), -1 where a row has fewer
    filters: Tensor  # (A, 3) of top-k (0: off), top-p and min-p, or (0, 3) where no row filters


class DecodeBatch(NamedTuple):
    """What stays the same for all tokens of one decode()."""

    rows: int  # A
    prompts: int  # P
    dtype: torch.dtype  # of the caches
    filled: Tensor  # (A,) own columns of each row that were filled before
    longest: int  # the largest of them
    shared: Tensor  # (A,) length of a row's shared prompt, or 0
    span_ends: List[int]  # neighbouring rows that attend together: the row before which they end
    span_widths: List[int]  # and the most that was filled of theirs
    cache_heads: Tensor  # (A, K) where a row's head lies in the flattened cache
    grid: Tensor  # (P, G) the rows of each shared prompt, padded with any row
    place: Tensor  # (A,) where a row stands in the flattened grid, or P*G
    lengths: Tensor  # (P,) of the shared prompts
    prompt_columns: int  # the largest of them
    window: int  # the largest of all layers, 0 where none slides


class DecodeStep(NamedTuple):
    """What all layers share while one token is decoded."""

    new_columns: int  # of each row since decode() began, this token's included
    cos: Tensor  # (A, 1, 1, Dh)
    sin: Tensor  # (A, 1, 1, Dh)
    cache_rows: Tensor  # (A*K,) of the flattened cache, for the new keys and values
    own_bias: List[Tensor]  # of each span (rows*K, 1, m)
    own_bias_windowed: List[Tensor]
    prefix_bias: Tensor  # (P, 1, 1, L), only where prompts are shared
    prefix_bias_windowed: Tensor  # (P, 1, G*group, L)


class Sampling(Transformer):
    keys: List[Tensor]  # of each layer (S, K, C, Dh): S rows of C columns of their own
    values: List[Tensor]
    prefix_keys: List[Tensor]  # of each layer (P, K, L, Dh): prompts that rows share
    prefix_values: List[Tensor]

    # ---- cache ----

    def clear_cache(self) -> None:
        self.keys = []
        self.values = []
        self.prefix_keys = []
        self.prefix_values = []

    def allocate_caches(self, rows: Tensor, columns: Tensor, prompts: Tensor, prompt_columns: Tensor) -> Tensor:
        """Makes room for `rows` of `columns` and `prompts` of `prompt_columns`; what is there stays."""
        torch.set_grad_enabled(False)
        self.keys = self.allocate_cache(self.keys, int(rows), int(columns))
        self.values = self.allocate_cache(self.values, int(rows), int(columns))
        self.prefix_keys = self.allocate_cache(self.prefix_keys, int(prompts), int(prompt_columns))
        self.prefix_values = self.allocate_cache(self.prefix_values, int(prompts), int(prompt_columns))
        return rows

    def allocate_cache(self, old: List[Tensor], rows: int, columns: int) -> List[Tensor]:
        # Products of small matrices are faster in float32 on a processor.
        dtype = torch.float32 if self.native else self.dtype
        shape = [rows, self.kv_heads, columns, self.head_dim]
        cache: List[Tensor] = []
        for i in range(self.layers):
            x = torch.zeros(shape, dtype=dtype, device=self.inv_freq.device)
            if len(old) > i:
                r = min(rows, old[i].shape[0])
                c = min(columns, old[i].shape[2])
                x[:r, :, :c].copy_(old[i][:r, :, :c])
            cache.append(x)
        return cache

    def cache_of(self, pool: int, i: int) -> Tuple[Tensor, Tensor]:
        """Layer i's keys and values of rows (pool 0) or of shared prompts (pool 1)."""
        if pool == 1:
            return self.prefix_keys[i], self.prefix_values[i]
        return self.keys[i], self.values[i]

    def move_rows(self, pool: Tensor, sources: Tensor, targets: Tensor, columns: Tensor) -> Tensor:
        """Copies the first `columns` of row (or prompt) sources[j] to targets[j], which is nobody's source."""
        torch.set_grad_enabled(False)
        moves = [(int(sources[j]), int(targets[j])) for j in range(sources.shape[0])]
        for i in range(self.layers):
            keys, values = self.cache_of(int(pool), i)
            for cache in [keys, values]:
                used = cache[:, :, : int(columns)]
                for source, target in moves:
                    used[target].copy_(used[source])
        return pool

    # ---- prefill ----

    def prefill(
        self,
        pool: Tensor,
        tokens: Tensor,
        lengths: Tensor,
        slots: Tensor,
        prompt_of: Tensor,
        uniforms: Tensor,
        temperatures: Tensor,
        min_tokens: Tensor,
        stop_tokens: Tensor,
        filters: Tensor,
    ) -> Tensor:
        """Computes the keys and values of prompts (P, T), padded on the right to T from their lengths (P,), into `slots`
        (P,) of rows (pool 0) or shared prompts (pool 1), and draws the first token of every row that continues one:
        prompt_of (A,) says which. Returns what sample() does."""
        torch.set_grad_enabled(False)
        parameters = SamplingParameters(uniforms, temperatures, min_tokens, stop_tokens, filters)
        model = self.live_weights()
        h = self.embed(model, tokens)
        at = self.positions(tokens)
        last_rows = torch.arange(0, at.B, device=tokens.device) * at.T + (lengths - 1)
        last_rows = pad_rows(last_rows, self.padded_rows(at.B))
        for i in range(self.layers):
            h, k, v = self.layer(model.layers[i], i, h, at, last_rows)
            keys, values = self.cache_of(int(pool), i)
            keys[:, :, : at.T].index_copy_(0, slots, k.to(keys.dtype))
            values[:, :, : at.T].index_copy_(0, slots, v.to(values.dtype))
        return self.sample(model, h.index_select(0, prompt_of), 0, parameters)

    # ---- decode ----

    def decode(
        self,
        tokens: Tensor,
        filled: Tensor,
        spans: Tensor,
        shared: Tensor,
        grid: Tensor,
        place: Tensor,
        lengths: Tensor,
        uniforms: Tensor,
        temperatures: Tensor,
        min_tokens: Tensor,
        stop_tokens: Tensor,
        filters: Tensor,
    ) -> Tensor:
        """As many tokens as there are columns of uniforms (A, steps), for the first A rows. tokens (A,): each row's last;
        spans (n, 2): span_ends and span_widths of DecodeBatch, which says what the others are. Returns (A, 3 * steps):
        tokens, log-probabilities as drawn, log-probabilities of the plain policy."""
        torch.set_grad_enabled(False)
        parameters = SamplingParameters(uniforms, temperatures, min_tokens, stop_tokens, filters)
        batch = self.decode_batch(filled, spans, shared, grid, place, lengths)
        model = self.live_weights()
        A, steps = uniforms.shape
        out: List[Tensor] = []
        for s in range(steps):
            step = self.decode_step(batch, s)
            h = self.embed(model, tokens)
            for i in range(self.layers):
                h = self.decode_layer(model.layers[i], i, h, batch, step)
            drawn = self.sample(model, h, s, parameters)
            tokens = drawn.select(1, 0).to(torch.int64)
            out.append(drawn)
        return torch.stack(out, 1).transpose(1, 2).reshape(A, -1)

    def decode_batch(
        self, filled: Tensor, spans: Tensor, shared: Tensor, grid: Tensor, place: Tensor, lengths: Tensor
    ) -> DecodeBatch:
        A = filled.shape[0]
        K = self.kv_heads
        longest = int(filled.max())
        span_ends = [A]  # an accelerator has columns to spare, but a call costs
        span_widths = [longest]
        if self.native:
            span_ends = [int(spans[j][0]) for j in range(spans.shape[0])]
            span_widths = [int(spans[j][1]) for j in range(spans.shape[0])]
        rows = torch.arange(0, A, device=filled.device).unsqueeze(1)
        cache_heads = rows * K + torch.arange(0, K, device=filled.device)
        prompts = grid.shape[0]
        return DecodeBatch(
            rows=A,
            prompts=prompts,
            dtype=self.keys[0].dtype,
            filled=filled,
            longest=longest,
            shared=shared,
            span_ends=span_ends,
            span_widths=span_widths,
            cache_heads=cache_heads,
            grid=grid,
            place=place,
            lengths=lengths,
            prompt_columns=int(lengths.max()) if prompts > 0 else 0,
            window=max(self.windows),
        )

    def decode_step(self, batch: DecodeBatch, s: int) -> DecodeStep:
        """Positions, places and biases of the token after s others."""
        column = batch.filled + s  # (A,)
        position = batch.shared + column
        cos, sin = self.rotary_embedding(position.unsqueeze(1).unsqueeze(1))
        cache_rows = (batch.cache_heads * self.keys[0].shape[2] + column.unsqueeze(1)).view(-1)
        own = self.span_biases(batch, column, s + 1, 0)
        own_windowed = own
        if batch.window > 0:
            own_windowed = self.span_biases(batch, column, s + 1, batch.window)
        prefix = cos  # where no prompt is shared nobody reads it
        prefix_windowed = cos
        if batch.prompts > 0:
            prefix, prefix_windowed = self.prefix_biases(batch, position)
        return DecodeStep(s + 1, cos, sin, cache_rows, own, own_windowed, prefix, prefix_windowed)

    def span_biases(self, batch: DecodeBatch, column: Tensor, new_columns: int, window: int) -> List[Tensor]:
        """Of each span (rows*K, 1, m): a row sees its own columns up to the newest, and not those out of the window."""
        columns = torch.arange(0, batch.longest + new_columns, device=column.device)
        distance = column.unsqueeze(1) - columns  # (A, m)
        bias = own_bias(distance, window, batch.dtype).repeat_interleave(self.kv_heads, 0)  # (A*K, 1, m)
        start = 0
        biases: List[Tensor] = []
        for j in range(len(batch.span_ends)):
            end = batch.span_ends[j] * self.kv_heads
            biases.append(bias[start:end, :, : batch.span_widths[j] + new_columns])
            start = end
        return biases

    def prefix_biases(self, batch: DecodeBatch, position: Tensor) -> Tuple[Tensor, Tensor]:
        """Of shared prompts, which are shorter than L columns, and of those under a window as their rows see them."""
        P, G = batch.grid.shape
        L = batch.prompt_columns
        columns = torch.arange(0, L, device=position.device)
        beyond = columns >= batch.lengths.unsqueeze(1)  # (P, L)
        bias = hide(beyond, batch.dtype).view(P, 1, 1, L)
        windowed = bias
        if batch.window > 0:
            at = position.index_select(0, batch.grid.view(-1)).view(P, G, 1)
            left = at - columns >= batch.window  # (P, G, L)
            hidden = hide(left.logical_or(beyond.unsqueeze(1)), batch.dtype)
            windowed = hidden.repeat_interleave(self.heads // self.kv_heads, 1).unsqueeze(1)  # (P, 1, G*group, L)
        return bias, windowed

    def decode_layer(self, layer: PackedLayer, i: int, h: Tensor, batch: DecodeBatch, step: DecodeStep) -> Tensor:
        """Layer i over the rows' newest tokens h (A, D) and padding."""
        A = batch.rows
        H = self.heads
        K = self.kv_heads
        Dh = self.head_dim
        group = H // K
        dtype = batch.dtype
        qkv = self.project_qkv(layer, self.norm(h, layer.input_norm))[:A].view(A, 1, H + 2 * K, Dh)
        qk, v = qkv.split([H + K, K], 2)
        qk, qk_rms = self.qk_norm_rope(layer, i, qk, step.cos, step.sin)
        q, k = qk.split([H, K], 2)  # (A, 1, H, Dh), (A, 1, K, Dh)
        q = q.to(dtype)
        self.keys[i].view(-1, Dh).index_copy_(0, step.cache_rows, k.to(dtype).reshape(-1, Dh))
        self.values[i].view(-1, Dh).index_copy_(0, step.cache_rows, v.to(dtype).reshape(-1, Dh))
        shares = batch.prompts > 0
        windowed = self.windows[i] > 0
        own_bias = step.own_bias_windowed if windowed else step.own_bias
        a, z = self.attend_own(i, q.reshape(A * K, group, Dh), own_bias, batch, step.new_columns, shares)
        if shares:
            prefix_bias = step.prefix_bias_windowed if windowed else step.prefix_bias
            pa, pz = self.attend_prefix(i, q.select(1, 0), prefix_bias, batch)
            pa = pa.index_select(0, batch.place).view(A * K, group, Dh)
            pz = pz.index_select(0, batch.place).view(A * K, group)
            a = torch.lerp(a, pa, torch.sigmoid(pz - z).unsqueeze(-1))  # by their shares of the soft-max's sum
        attended = pad_rows(a.view(A, H * Dh).to(self.dtype), h.shape[0])
        return self.mlp(layer, self.linear_add(attended, layer.o_proj, h))

    def attend_own(
        self, i: int, q: Tensor, bias: List[Tensor], batch: DecodeBatch, new_columns: int, normalised: bool
    ) -> Tuple[Tensor, Tensor]:
        """Attention of rows q (A*K, group, Dh) to their own columns, span by span: what each attends to and, where
        `normalised`, the log of its normaliser (A*K, group)."""
        K = self.kv_heads
        columns = self.keys[i].shape[2]
        scale = self.head_dim**-0.5
        keys = self.keys[i].view(-1, columns, self.head_dim)
        values = self.values[i].view(-1, columns, self.head_dim)
        a: List[Tensor] = []
        z: List[Tensor] = []
        start = 0
        for j in range(len(bias)):
            end = batch.span_ends[j] * K
            m = batch.span_widths[j] + new_columns
            scores = torch.baddbmm(bias[j], q[start:end], keys[start:end, :m].transpose(1, 2), beta=1, alpha=scale)
            a.append(torch.bmm(scores.softmax(-1), values[start:end, :m]))
            if normalised:
                z.append(scores.logsumexp([-1]))
            start = end
        attended = concat(a)
        return attended, concat(z) if normalised else attended

    def attend_prefix(self, i: int, q: Tensor, bias: Tensor, batch: DecodeBatch) -> Tuple[Tensor, Tensor]:
        """Attention of rows q (A, H, Dh) to their shared prompts: what each place of the grid attends to
        (P*G+1, K*group, Dh) and the log of its normaliser (P*G+1, K*group); the last place is that of rows without
        one."""
        P, G = batch.grid.shape
        L = batch.prompt_columns
        K = self.kv_heads
        Dh = self.head_dim
        group = self.heads // K
        rows = q.index_select(0, batch.grid.view(-1)).view(P, G, K, group, Dh)
        x = rows.transpose(1, 2).reshape(P, K, G * group, Dh)
        keys = self.prefix_keys[i][:P].narrow(2, 0, L)  # (P, K, L, Dh)
        values = self.prefix_values[i][:P].narrow(2, 0, L)
        if self.native:
            a, z = torch._scaled_dot_product_flash_attention_for_cpu(x, keys, values, 0.0, False, attn_mask=bias, scale=None)
        else:
            scores = torch.matmul(x, keys.transpose(2, 3)) * Dh**-0.5 + bias
            a = torch.matmul(scores.softmax(-1), values)
            z = scores.logsumexp([-1])
        a = a.contiguous().view(P, K, G, group, Dh).transpose(1, 2).reshape(P * G, K * group, Dh)
        z = z.contiguous().view(P, K, G, group).transpose(1, 2).reshape(P * G, K * group).to(a.dtype)
        nothing = torch.zeros_like(a[:1])
        never = torch.full_like(z[:1], -1e30)
        return torch.cat([a, nothing], 0), torch.cat([z, never], 0)

    # ---- drawing a token ----

    def sample(self, model: PackedModel, h: Tensor, s: int, parameters: SamplingParameters) -> Tensor:
        """One token for each of the first A rows of h, the one after s others, by inversion of its distribution.
        Returns (A, 3): token, log-probability as drawn, log-probability of the plain policy."""
        temperatures = parameters.temperatures
        A = temperatures.shape[0]
        x = self.norm(pad_rows(h, self.padded_rows(A)), model.norm)
        plain = self.linear(x, model.lm_head)[:A].to(torch.float32)  # (A, V)
        logits = plain
        greedy = temperatures == 0
        if not bool((temperatures == 1).all()):
            logits = logits / torch.where(greedy, torch.ones_like(temperatures), temperatures).unsqueeze(1)
        logits = self.hide_stop_tokens(logits, parameters.min_tokens > s, parameters.stop_tokens)
        if parameters.filters.numel() > 0:
            logits = filter_top_k_top_p_min_p(logits, parameters.filters)
        p = logits.softmax(1)
        token = sample_inverse_cdf(p, parameters.uniforms.select(1, s))  # (A,)
        if bool(greedy.any()):
            token = torch.where(greedy, logits.argmax(1), token)
        index = token.unsqueeze(1)
        drawn = p.gather(1, index).squeeze(1).log()
        drawn = torch.where(greedy, torch.zeros_like(drawn), drawn)
        own = drawn
        if logits is not plain:
            own = plain.gather(1, index).squeeze(1) - plain.logsumexp([1])
        float64 = torch.float64
        return torch.stack([token.to(float64), drawn.to(float64), own.to(float64)], 1)

    def hide_stop_tokens(self, logits: Tensor, hold: Tensor, stop_tokens: Tensor) -> Tensor:
        """Rows that `hold` (A,) may not draw one of their stop tokens; unchanged where none holds."""
        held = hold.unsqueeze(1).logical_and(stop_tokens >= 0).nonzero()  # (e, 2)
        if held.shape[0] == 0:
            return logits
        rows = held.select(1, 0)
        gone = stop_tokens.index_select(0, rows).gather(1, held[:, 1:]).squeeze(1)
        hidden = logits.clone()
        hidden[rows, gone] = -1e30
        return hidden
