class Policy(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  layers : int
  heads : int
  kv_heads : int
  head_dim : int
  qk_norm : bool
  qkv_bias : bool
  tied : bool
  norm_eps : float
  rope_theta : float
  live : List[Tensor]
  ema : List[Tensor]
  first_moment : List[Tensor]
  second_moment : List[Tensor]
  adam_steps : List[Tensor]
  gradients : List[Tensor]
  staged : List[Tensor]

  def reset(self: __torch__.Policy, which: Tensor) -> Tensor:
    empty = annotate(List[Tensor], [])
    w = int(which)
    if w == 0:
      self.live = empty
    elif w == 1:
      self.ema = empty
    elif w == 2:
      self.first_moment = empty
    elif w == 3:
      self.second_moment = empty
    elif w == 4:
      self.adam_steps = empty
    else:
      self.staged = empty
    return which

  def stage(self: __torch__.Policy, value: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    torch.append(self.staged, torch.clone(value))
    return torch.tensor([torch.len(self.staged)])

  # The first `count` staged tensors take the place of the list that `which` names.
  def switch(self: __torch__.Policy, which: Tensor, count: Tensor) -> Tensor:
    w = int(which)
    n = int(count)
    taken = torch.slice(self.staged, 0, n)
    if w == 0:
      trained = annotate(List[Tensor], [])
      for x in taken:
        torch.append(trained, torch.requires_grad_(x, True))
      self.live = trained
    elif w == 1:
      self.ema = taken
    elif w == 2:
      self.first_moment = taken
    elif w == 3:
      self.second_moment = taken
    else:
      self.adam_steps = taken
    self.staged = torch.slice(self.staged, n, torch.len(self.staged))
    return which

  def slot(self: __torch__.Policy, which: int) -> List[Tensor]:
    p = self.live
    if which == 1:
      p = self.ema
    elif which == 2:
      p = self.first_moment
    elif which == 3:
      p = self.second_moment
    elif which == 4:
      p = self.adam_steps
    return p

  def get(self: __torch__.Policy, which: Tensor, index: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return torch.clone(torch.detach((self).slot(int(which), )[int(index)]))

  def sync_teacher(self: __torch__.Policy, unused: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    self.ema = __torch__.copies(self.live)
    return unused

  def start_training(self: __torch__.Policy, unused: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    self.first_moment = __torch__.zeros_of(self.live)
    self.second_moment = __torch__.zeros_of(self.live)
    steps = annotate(List[Tensor], [])
    for x in self.live:
      torch.append(steps, torch.zeros_like(torch.norm(torch.detach(x))))
    self.adam_steps = steps
    self.gradients = annotate(List[Tensor], [])
    return unused

  # Offsets of a layer's tensors: norm, q, k, v, [q k v biases], [q k norms], o, norm, gate, up, down.
  def stride(self: __torch__.Policy) -> int:
    n = 9
    if self.qkv_bias:
      n = n + 3
    if self.qk_norm:
      n = n + 2
    return n

  def angles(self: __torch__.Policy, positions: Tensor) -> Tuple[Tensor, Tensor]:
    half = torch.arange(0, self.head_dim // 2, dtype=6, device=ops.prim.device(positions))
    inverse = torch.pow(self.rope_theta, torch.div(half, -(self.head_dim / 2)))
    a = torch.mul(torch.unsqueeze(torch.to(positions, 6), -1), inverse)  # (..., Dh/2)
    a2 = torch.cat([a, a], -1)  # (..., Dh)
    return (torch.cos(a2), torch.sin(a2))

  def projections(self: __torch__.Policy, p: List[Tensor], o: int, x: Tensor, cos: Tensor, sin: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    B, T, d = torch.size(x)
    q = torch.linear(x, p[o + 1])  # (B, T, H*Dh)
    k = torch.linear(x, p[o + 2])  # (B, T, K*Dh)
    v = torch.linear(x, p[o + 3])  # (B, T, K*Dh)
    n = o + 4
    if self.qkv_bias:
      q = torch.add(q, p[o + 4])
      k = torch.add(k, p[o + 5])
      v = torch.add(v, p[o + 6])
      n = o + 7
    q = torch.transpose(torch.view(q, [B, T, self.heads, self.head_dim]), 1, 2)  # (B, H, T, Dh)
    k = torch.transpose(torch.view(k, [B, T, self.kv_heads, self.head_dim]), 1, 2)  # (B, K, T, Dh)
    v = torch.transpose(torch.view(v, [B, T, self.kv_heads, self.head_dim]), 1, 2)  # (B, K, T, Dh)
    if self.qk_norm:
      q = torch.rms_norm(q, [self.head_dim], p[n], self.norm_eps)
      k = torch.rms_norm(k, [self.head_dim], p[n + 1], self.norm_eps)
    return (__torch__.rotate(q, cos, sin), __torch__.rotate(k, cos, sin), v)

  def merge(self: __torch__.Policy, p: List[Tensor], o: int, h: Tensor, attended: Tensor) -> Tensor:
    B, T, d = torch.size(h)
    w = o + (self).stride() - 5
    a = torch.reshape(torch.transpose(attended, 1, 2), [B, T, -1])  # (B, T, H*Dh)
    y = torch.add(h, torch.linear(a, p[w]))
    x = torch.rms_norm(y, [d], p[w + 1], self.norm_eps)
    gate = torch.silu(torch.linear(x, p[w + 2]))  # (B, T, F)
    up = torch.linear(x, p[w + 3])  # (B, T, F)
    return torch.add(y, torch.linear(torch.mul(gate, up), p[w + 4]))

  def hidden(self: __torch__.Policy, p: List[Tensor], tokens: Tensor) -> Tensor:
    h = torch.embedding(p[0], tokens)  # (B, T, D)
    B, T, d = torch.size(h)
    cos, sin = (self).angles(torch.arange(0, T, device=ops.prim.device(tokens)), )
    stride = (self).stride()
    for i in range(self.layers):
      o = 1 + i * stride
      x = torch.rms_norm(h, [d], p[o], self.norm_eps)
      q, k, v = (self).projections(p, o, x, cos, sin, )
      a = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=None, enable_gqa=True)
      h = (self).merge(p, o, h, a, )
    return torch.rms_norm(h, [d], p[1 + self.layers * stride], self.norm_eps)

  def head(self: __torch__.Policy, p: List[Tensor]) -> Tensor:
    w = p[0]
    if torch.__not__(self.tied):
      w = p[torch.len(p) - 1]
    return w

  # log p(target | tokens up to and including row) for chosen rows of the flattened (B*T) positions.
  def score(self: __torch__.Policy, which: Tensor, tokens: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    p = (self).slot(int(which), )
    h = (self).hidden(p, tokens, )  # (B, T, D)
    x = torch.index_select(torch.reshape(h, [-1, torch.size(h, 2)]), 0, rows)  # (R, D)
    w = (self).head(p, )
    V = torch.size(w, 0)
    chunk = ops.prim.max(64, 16777216 // V)
    R = torch.size(rows, 0)
    out = annotate(List[Tensor], [])
    for c in range((R + chunk - 1) // chunk):
      a = c * chunk
      b = ops.prim.min(R, a + chunk)
      logits = torch.to(torch.linear(torch.slice(x, 0, a, b), w), 6)  # (r, V)
      t = torch.unsqueeze(torch.slice(targets, 0, a, b), 1)
      lp = torch.sub(torch.squeeze(torch.gather(logits, 1, t), 1), torch.logsumexp(logits, [1]))
      best = torch.eq(torch.argmax(logits, 1), torch.squeeze(t, 1))
      torch.append(out, torch.stack([lp, torch.to(best, 6)]))
    return torch.cat(out, 1)  # (2, R): log-probability, and 1 where the target is the most likely token

  # prompts (P, T) padded on the left by pads (P); every prompt is continued `copies` times: B = P * copies.
  def generate(self: __torch__.Policy, prompts: Tensor, pads: Tensor, copies: Tensor, uniforms: Tensor, limits: Tensor, temperatures: Tensor, minimum: Tensor, stop: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    device = ops.prim.device(prompts)
    p = self.live
    P, T = torch.size(prompts)
    n = int(copies)
    B = P * n
    N = torch.size(uniforms, 1)
    stride = (self).stride()
    group = self.heads // self.kv_heads
    w = (self).head(p, )
    h = torch.embedding(p[0], prompts)  # (P, T, D)
    d = torch.size(h, 2)
    columns = torch.arange(0, T, device=device)
    places = torch.clamp(torch.sub(torch.unsqueeze(columns, 0), torch.unsqueeze(pads, 1)), 0)  # (P, T)
    cos, sin = (self).angles(torch.unsqueeze(places, 1), )  # (P, 1, T, Dh)
    square = torch.unsqueeze(columns, 1)
    causal = torch.le(torch.unsqueeze(columns, 0), square)  # (T, T)
    seen = torch.ge(torch.unsqueeze(columns, 0), torch.unsqueeze(pads, 1))  # (P, T)
    allowed = torch.logical_and(causal, torch.unsqueeze(seen, 1))  # (P, T, T)
    allowed = torch.unsqueeze(torch.logical_or(allowed, torch.eq(torch.unsqueeze(columns, 0), square)), 1)
    keys = annotate(List[Tensor], [])
    values = annotate(List[Tensor], [])
    for i in range(self.layers):
      o = 1 + i * stride
      x = torch.rms_norm(h, [d], p[o], self.norm_eps)
      q, k, v = (self).projections(p, o, x, cos, sin, )
      a = torch.scaled_dot_product_attention(q, k, v, allowed, 0., False, scale=None, enable_gqa=True)
      h = (self).merge(p, o, h, a, )
      kc = torch.empty([B, self.kv_heads, T + N, self.head_dim], dtype=ops.prim.dtype(k), device=device)
      vc = torch.empty([B, self.kv_heads, T + N, self.head_dim], dtype=ops.prim.dtype(v), device=device)
      torch.copy_(torch.slice(kc, 2, 0, T), torch.repeat_interleave(k, n, 0))
      torch.copy_(torch.slice(vc, 2, 0, T), torch.repeat_interleave(v, n, 0))
      torch.append(keys, kc)
      torch.append(values, vc)
    last = torch.repeat_interleave(torch.select(h, 1, -1), n, 0)  # (B, D)
    start = torch.repeat_interleave(torch.rsub(pads, T), n, 0)  # (B,) position of the first new token
    hide = torch.mul(torch.to(torch.logical_not(seen), 6), -1e30)  # (P, T)
    bias = torch.cat([torch.repeat_interleave(hide, n, 0), torch.zeros([B, N], device=device)], 1)  # (B, T+N)
    bias = torch.unsqueeze(torch.repeat_interleave(bias, self.kv_heads, 0), 1)  # (B*K, 1, T+N)
    scale = 1. / torch.sqrt(float(self.head_dim))
    ids = torch.full([B, N], -1, dtype=4, device=device)
    logprobs = torch.zeros([B, N], dtype=6, device=device)
    done = torch.zeros([B], dtype=11, device=device)
    end = int(stop)
    first = int(minimum)
    s = 0
    while torch.__and__(torch.lt(s, N), torch.__not__(bool(torch.all(done)))):
      x = torch.rms_norm(last, [d], p[1 + self.layers * stride], self.norm_eps)
      logits = torch.div(torch.to(torch.linear(x, w), 6), torch.unsqueeze(temperatures, 1))  # (B, V)
      if torch.__and__(torch.lt(s, first), torch.ge(end, 0)):
        torch.fill_(torch.select(logits, 1, end), -inf)
      lp = torch.log_softmax(logits, 1, 6)
      mass = torch.cumsum(torch.exp(lp), 1, dtype=7)  # (B, V)
      u = torch.mul(torch.select(uniforms, 1, s), torch.select(mass, 1, -1))
      token = torch.squeeze(torch.searchsorted(mass, torch.unsqueeze(u, 1), right=True), 1)  # (B,)
      token = torch.clamp(token, 0, torch.size(logits, 1) - 1)
      torch.copy_(torch.select(ids, 1, s), torch.where(done, torch.full_like(token, -1), token))
      torch.copy_(torch.select(logprobs, 1, s), torch.squeeze(torch.gather(lp, 1, torch.unsqueeze(token, 1)), 1))
      done = torch.logical_or(done, torch.logical_or(torch.eq(token, end), torch.le(limits, s + 1)))
      if torch.lt(s + 1, N):
        t = T + s
        h = torch.unsqueeze(torch.embedding(p[0], token), 1)  # (B, 1, D)
        cos, sin = (self).angles(torch.unsqueeze(torch.unsqueeze(torch.add(start, s), 1), 1), )  # (B, 1, 1, Dh)
        near = torch.slice(bias, 2, 0, t + 1)
        for i in range(self.layers):
          o = 1 + i * stride
          x = torch.rms_norm(h, [d], p[o], self.norm_eps)
          q, k, v = (self).projections(p, o, x, cos, sin, )
          torch.copy_(torch.slice(keys[i], 2, t, t + 1), k)
          torch.copy_(torch.slice(values[i], 2, t, t + 1), v)
          K = torch.slice(torch.view(keys[i], [B * self.kv_heads, T + N, self.head_dim]), 1, 0, t + 1)
          W = torch.slice(torch.view(values[i], [B * self.kv_heads, T + N, self.head_dim]), 1, 0, t + 1)
          grouped = torch.reshape(q, [B * self.kv_heads, group, self.head_dim])
          near_scores = torch.baddbmm(near, grouped, torch.transpose(K, 1, 2), beta=1, alpha=scale)
          a = torch.bmm(torch.softmax(near_scores, -1), W)  # (B*K, group, Dh)
          h = (self).merge(p, o, h, torch.view(a, [B, self.heads, 1, self.head_dim]), )
        last = torch.select(h, 1, 0)
      s = s + 1
    return torch.cat([torch.to(ids, 7), torch.to(logprobs, 7)], 1)  # (B, 2N)

  # One micro-batch: forward, loss, backward into accumulated gradients. All per-row arrays speak of predicting
  # target r from the tokens up to rows[r]: log-probability (of the policy-gradient term) and entropy are those of the
  # distribution sampled, at temperatures[r] and without token forbidden[r] (or -1). Returns loss, pg, ce, then per row
  # log-probability and entropy.
  def accumulate(self: __torch__.Policy, tokens: Tensor, rows: Tensor, targets: Tensor, advantages: Tensor, old: Tensor, rl: Tensor, ce: Tensor, temperatures: Tensor, forbidden: Tensor, settings: Tensor) -> Tensor:
    torch.set_grad_enabled(True)
    low = float(settings[0])
    high = float(settings[1])
    p = self.live
    h = (self).hidden(p, tokens, )  # (B, T, D)
    x = torch.index_select(torch.reshape(h, [-1, torch.size(h, 2)]), 0, rows)  # (R, D)
    logits = torch.to(torch.linear(x, (self).head(p, )), 6)  # (R, V)
    plain = torch.log_softmax(logits, 1, 6)
    tempered = plain
    if torch.__not__(bool(torch.all(torch.eq(temperatures, 1)))):
      tempered = torch.log_softmax(torch.div(logits, torch.unsqueeze(temperatures, 1)), 1, 6)
    t = torch.unsqueeze(targets, 1)
    likely = torch.squeeze(torch.gather(plain, 1, t), 1)  # (R,)
    lp = torch.squeeze(torch.gather(tempered, 1, t), 1)  # (R,)
    # Rows with a forbidden token are renormalised without it: exact also where it had nearly all of the mass.
    banned = torch.squeeze(torch.nonzero(torch.ge(forbidden, 0)), 1)  # (b,)
    gone = torch.unsqueeze(torch.index_select(forbidden, 0, banned), 1)  # (b, 1)
    rest = torch.log_softmax(torch.scatter(torch.index_select(tempered, 0, banned), 1, gone, -1e30), 1, 6)  # (b, V)
    lp = torch.index_copy(lp, 0, banned, torch.squeeze(torch.gather(rest, 1, torch.index_select(t, 0, banned)), 1))
    rho = torch.exp(torch.clamp(torch.sub(lp, old), -20., 20.))
    clipped = torch.clamp(rho, 1. - low, 1. + high)
    surrogate = torch.minimum(torch.mul(rho, advantages), torch.mul(clipped, advantages))
    pg = torch.neg(torch.sum(torch.mul(rl, surrogate)))
    nll = torch.neg(torch.sum(torch.mul(ce, likely)))
    loss = torch.add(pg, nll)
    found = torch.grad([loss], p, None, None, False, False)
    torch.set_grad_enabled(False)
    fresh = annotate(List[Tensor], [])
    for g in found:
      torch.append(fresh, unchecked_cast(Tensor, g))
    if torch.eq(torch.len(self.gradients), 0):
      self.gradients = fresh
    else:
      torch._foreach_add_(self.gradients, fresh)
    entropy = __torch__.entropy(tempered)  # (R,)
    entropy = torch.index_copy(entropy, 0, banned, __torch__.entropy(rest))
    return torch.detach(torch.cat([torch.stack([loss, pg, nll]), lp, entropy]))

  def discard_gradients(self: __torch__.Policy, unused: Tensor) -> Tensor:
    self.gradients = annotate(List[Tensor], [])
    return unused

  # Clip by global norm, AdamW (decoupled decay, none on norms and biases), EMA. A step whose gradient is not finite
  # changes nothing. Returns the norm before clipping.
  def step(self: __torch__.Policy, settings: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    rate = float(settings[0])
    beta1 = float(settings[1])
    beta2 = float(settings[2])
    eps = float(settings[3])
    decay = float(settings[4])
    limit = float(settings[5])
    keep = float(settings[6])
    norm = torch.norm(torch.stack(torch._foreach_norm(self.gradients, 2)))
    if bool(torch.isfinite(norm)):
      torch._foreach_mul_(self.gradients, ops.prim.min(1., limit / (float(norm) + 1e-6)))
      torch._foreach_add_(self.adam_steps, 1)
      for x in self.live:
        if torch.gt(torch.dim(x), 1):
          torch.mul_(x, 1. - rate * decay)
      torch._fused_adamw_(self.live, self.gradients, self.first_moment, self.second_moment, [], self.adam_steps, lr=rate, beta1=beta1, beta2=beta2, weight_decay=0., eps=eps, amsgrad=False, maximize=False, grad_scale=None, found_inf=None)
      if torch.__and__(torch.ge(keep, 0.), torch.gt(torch.len(self.ema), 0)):
        torch._foreach_lerp_(self.ema, self.live, 1. - keep)
    self.gradients = annotate(List[Tensor], [])
    return norm

  def matmul_peak(self: __torch__.Policy, size: Tensor, repeats: Tensor, dtype: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    n = int(size)
    x = torch.to(torch.randn([n, n]), int(dtype))
    y = torch.matmul(x, x)
    for i in range(int(repeats)):
      y = torch.matmul(x, x)
    return torch.to(torch.select(torch.select(y, 0, 0), 0, 0), 6)

def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  a, b = torch.chunk(x, 2, -1)
  c = torch.to(cos, ops.prim.dtype(x))
  s = torch.to(sin, ops.prim.dtype(x))
  return torch.add(torch.mul(x, c), torch.mul(torch.cat([torch.neg(b), a], -1), s))

def entropy(lp: Tensor) -> Tensor:
  return torch.neg(torch.sum(torch.mul(torch.exp(lp), lp), [-1]))

def copies(p: List[Tensor]) -> List[Tensor]:
  q = annotate(List[Tensor], [])
  for x in p:
    torch.append(q, torch.clone(torch.detach(x)))
  return q

def zeros_of(p: List[Tensor]) -> List[Tensor]:
  q = annotate(List[Tensor], [])
  for x in p:
    torch.append(q, torch.zeros_like(torch.detach(x)))
  return q
