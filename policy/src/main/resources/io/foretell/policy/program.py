# The language model, as one TorchScript program. Shapes stand at the end of a line: B sequences, T positions, N rows for
# their B*T and padding, R chosen rows, D width, H query heads, K key and value heads, Dh head size, F feed-forward, V
# vocabulary. Sampling keeps A rows in S slots, each with C columns of its own keys and values; P prompts are shared by
# groups.
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
  dtype : int
  fp8 : bool
  native : bool
  trains : bool
  inverse : List[Tensor]
  windows : List[int]
  rotary : List[bool]
  live : List[Tensor]
  ema : List[Tensor]
  first_moment : List[Tensor]
  second_moment : List[Tensor]
  adam_steps : List[Tensor]
  gradients : List[Tensor]
  staged : List[Tensor]
  forms : List[Tensor]
  ema_forms : List[Tensor]
  turned : List[Tensor]
  batch : List[Tensor]
  saved : List[Tensor]
  likely : List[Tensor]
  keys : List[Tensor]
  values : List[Tensor]
  prefix_keys : List[Tensor]
  prefix_values : List[Tensor]

  # ---- weights ----

  # inverse: rotary frequencies (Dh/2); windows: sliding window of each layer or 0; rotary: 0 where a layer has no rope.
  def configure(self: __torch__.Policy, inverse: Tensor, windows: Tensor, rotary: Tensor) -> Tensor:
    self.inverse = [torch.clone(inverse)]
    w = annotate(List[int], [])
    r = annotate(List[bool], [])
    for i in range(self.layers):
      torch.append(w, int(windows[i]))
      torch.append(r, bool(rotary[i]))
    self.windows = w
    self.rotary = r
    self.live = annotate(List[Tensor], [])
    self.ema = annotate(List[Tensor], [])
    self.first_moment = annotate(List[Tensor], [])
    self.second_moment = annotate(List[Tensor], [])
    self.adam_steps = annotate(List[Tensor], [])
    self.gradients = annotate(List[Tensor], [])
    self.staged = annotate(List[Tensor], [])
    self.forms = annotate(List[Tensor], [])
    self.ema_forms = annotate(List[Tensor], [])
    self.turned = annotate(List[Tensor], [])
    self.keys = annotate(List[Tensor], [])
    self.values = annotate(List[Tensor], [])
    self.prefix_keys = annotate(List[Tensor], [])
    self.prefix_values = annotate(List[Tensor], [])
    return (self).forget(inverse, )

  # Puts a tensor, or the next slice of one, beside the weights in use.
  def stage(self: __torch__.Policy, value: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    kind = 6
    if torch.__not__(self.trains):
      kind = self.dtype
    torch.append(self.staged, torch.to(value, kind, False, True))
    return torch.tensor([torch.len(self.staged)])

  def unstage(self: __torch__.Policy, unused: Tensor) -> Tensor:
    self.staged = annotate(List[Tensor], [])
    return unused

  # Staged tensors, joined along their first dimension by parts[j] at a time, take the place of the list `which`.
  def switch(self: __torch__.Policy, which: Tensor, parts: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    taken = annotate(List[Tensor], [])
    at = 0
    for j in range(torch.size(parts, 0)):
      n = int(parts[j])
      if torch.eq(n, 1):
        torch.append(taken, self.staged[at])
      else:
        torch.append(taken, torch.cat(torch.slice(self.staged, at, at + n), 0))
      at = at + n
    self.staged = torch.slice(self.staged, at, torch.len(self.staged))
    w = int(which)
    if w == 0:
      self.forms = annotate(List[Tensor], [])
      self.turned = annotate(List[Tensor], [])
      if self.trains:
        self.live = taken
      else:
        self.forms = (self).formed(taken, )
    elif w == 1:
      self.ema_forms = annotate(List[Tensor], [])
      if self.trains:
        self.ema = taken
      else:
        self.ema_forms = (self).formed(taken, )
    elif w == 2:
      self.first_moment = taken
    elif w == 3:
      self.second_moment = taken
    else:
      self.adam_steps = taken
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
    elif which == 5:
      p = self.gradients
    return p

  # Rows from..to of a tensor (or all of it where it has none).
  def get(self: __torch__.Policy, which: Tensor, index: Tensor, start: Tensor, end: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    p = (self).slot(int(which), )[int(index)]
    if torch.gt(torch.dim(p), 0):
      p = torch.slice(p, 0, int(start), int(end))
    return torch.clone(p)

  # The same of many at once, into the tensors `copied`; places (n, 4): list, index, from and to of each.
  def copy(self: __torch__.Policy, places: Tensor, copied: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    for j in range(torch.size(places, 0)):
      place = places[j]
      p = (self).slot(int(place[0]), )[int(place[1])]
      if torch.gt(torch.dim(p), 0):
        p = torch.slice(p, 0, int(place[2]), int(place[3]))
      torch.copy_(copied[j], p)
    return places

  def sync_teacher(self: __torch__.Policy, unused: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    self.ema = __torch__.copies(self.live)
    self.ema_forms = annotate(List[Tensor], [])
    if torch.__not__(self.trains):
      self.ema_forms = self.forms
    return unused

  def start_training(self: __torch__.Policy, unused: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    self.first_moment = __torch__.zeros_of(self.live)
    self.second_moment = __torch__.zeros_of(self.live)
    self.gradients = __torch__.zeros_of(self.live)
    steps = annotate(List[Tensor], [])
    for x in self.live:
      torch.append(steps, torch.zeros_like(torch.norm(x)))
    self.adam_steps = steps
    return unused

  # Of a layer in live: norm, qkv, [qkv bias], [q norm, k norm], o, norm, gate, up, down.
  def stride(self: __torch__.Policy) -> int:
    n = 7
    if self.qkv_bias:
      n = n + 1
    if self.qk_norm:
      n = n + 2
    return n

  # What calculation wants: embedding, last norm, head, then for each layer norm, qkv, qkv bias, q and k norm (H+K, Dh),
  # o, norm, gate, up, down; matrices packed for this processor, norms in float32.
  def formed(self: __torch__.Policy, p: List[Tensor]) -> List[Tensor]:
    stride = (self).stride()
    last = 1 + self.layers * stride
    f = annotate(List[Tensor], [])
    torch.append(f, torch.to(p[0], self.dtype))
    torch.append(f, torch.to(p[last], 6))
    if self.tied:
      torch.append(f, (self).packed(p[0], ))
    else:
      torch.append(f, (self).packed(p[last + 1], ))
    none = torch.slice(torch.view(p[last], [-1]), 0, 0, 0)
    for i in range(self.layers):
      o = 1 + i * stride
      torch.append(f, torch.to(p[o], 6))
      torch.append(f, (self).packed(p[o + 1], ))
      n = o + 2
      bias = none
      if self.qkv_bias:
        bias = torch.to(p[n], self.dtype)
        n = n + 1
      torch.append(f, bias)
      scale = none
      if self.qk_norm:
        q = torch.expand(torch.unsqueeze(torch.to(p[n], 6), 0), [self.heads, -1])
        k = torch.expand(torch.unsqueeze(torch.to(p[n + 1], 6), 0), [self.kv_heads, -1])
        scale = torch.cat([q, k], 0)
        n = n + 2
      torch.append(f, scale)
      torch.append(f, (self).packed(p[n], ))
      torch.append(f, torch.to(p[n + 1], 6))
      for j in range(3):
        torch.append(f, (self).packed(p[n + 2 + j], ))
    return f

  # Matrices for the way back: of each layer qkv, o, gate, up, down, then the head.
  def transposed(self: __torch__.Policy) -> List[Tensor]:
    stride = (self).stride()
    t = annotate(List[Tensor], [])
    for i in range(self.layers):
      o = 1 + i * stride
      w = o + stride - 5
      for j in [o + 1, w, w + 2, w + 3, w + 4]:
        torch.append(t, (self).packed(torch.t(self.live[j]), ))
    head = self.live[0]
    if torch.__not__(self.tied):
      head = self.live[torch.len(self.live) - 1]
    torch.append(t, (self).packed(torch.t(head), ))
    return t

  def packed(self: __torch__.Policy, w: Tensor) -> Tensor:
    c = torch.to(w, self.dtype)
    if self.fp8:
      c = __torch__.rounded(c)
    if self.native:
      c = ops.mkldnn._reorder_linear_weight(c, None)
    return c

  # The rows that products of n rows are padded to: oneDNN prepares a product anew for every number of rows, and keeps that
  # (2 ms and 130 KB), so there are few numbers, at most 1/8 above n (8 where n is small).
  def padding(self: __torch__.Policy, n: int) -> int:
    step = 8
    while torch.gt(n, 16 * step):
      step = 2 * step
    m = n
    if torch.__and__(self.native, torch.gt(n, 8)):
      m = (n + step - 1) // step * step
    return m

  # Embeddings of tokens and, for the padding, of token 0: (N, D).
  def embedded(self: __torch__.Policy, f: List[Tensor], tokens: Tensor) -> Tensor:
    flat = torch.view(tokens, [-1])
    return torch.embedding(f[0], __torch__.padded(flat, (self).padding(torch.size(flat, 0), ), 0.))

  def ready(self: __torch__.Policy, which: int) -> List[Tensor]:
    f = self.forms
    if torch.eq(which, 1):
      if torch.eq(torch.len(self.ema_forms), 0):
        self.ema_forms = (self).formed(self.ema, )
      f = self.ema_forms
    else:
      if torch.eq(torch.len(self.forms), 0):
        self.forms = (self).formed(self.live, )
      f = self.forms
    return f

  # ---- one layer ----

  def linear(self: __torch__.Policy, x: Tensor, w: Tensor) -> Tensor:
    y = x
    if self.fp8:
      y = __torch__.rounded(x)
    if self.native:
      y = ops.mkldnn._linear_pointwise(y, w, None, "none", annotate(List[Optional[number]], []), "")
    else:
      y = torch.linear(y, w)
    return y

  # other + x w'
  def linear_add(self: __torch__.Policy, x: Tensor, w: Tensor, other: Tensor) -> Tensor:
    y = x
    if self.fp8:
      y = __torch__.rounded(x)
    if self.native:
      y = ops.mkldnn._linear_pointwise(y, other, w, None, "add")
    else:
      y = torch.add(other, torch.linear(y, w))
    return y

  def gated(self: __torch__.Policy, x: Tensor, gate: Tensor, up: Tensor) -> Tensor:
    y = x
    if self.fp8:
      y = __torch__.rounded(x)
    if self.native:
      g = ops.mkldnn._linear_pointwise(y, gate, None, "swish", annotate(List[Optional[number]], []), "")
      y = ops.mkldnn._linear_pointwise(y, g, up, None, "mul")
    else:
      y = torch.mul(torch.silu(torch.linear(y, gate)), torch.linear(y, up))
    return y

  def queries(self: __torch__.Policy, f: List[Tensor], o: int, x: Tensor) -> Tensor:
    y = (self).linear(x, f[o + 1], )  # (N, (H+2K)*Dh)
    if self.qkv_bias:
      y = torch.add(y, f[o + 2])
    return y

  def angles(self: __torch__.Policy, positions: Tensor) -> Tuple[Tensor, Tensor]:
    a = torch.mul(torch.unsqueeze(torch.to(positions, 6), -1), self.inverse[0])  # (..., Dh/2)
    c = torch.cos(a)
    s = torch.sin(a)
    cos = torch.cat([c, c], -1)
    sin = torch.cat([torch.neg(s), s], -1)
    return (torch.to(cos, self.dtype), torch.to(sin, self.dtype))  # (..., Dh) each

  # Queries and keys as attention wants them, from the projection's raw (B, T, H+2K, Dh), and what they were normalised by
  # (or anything where they are not).
  def prepared(self: __torch__.Policy, f: List[Tensor], i: int, raw: Tensor, cos: Tensor, sin: Tensor) -> Tuple[Tensor, Tensor]:
    qk = torch.slice(raw, 2, 0, self.heads + self.kv_heads)
    r = cos
    if self.qk_norm:
      r = __torch__.inverse_rms(qk, self.norm_eps)
      qk = __torch__.scaled(qk, r, f[6 + 9 * i])
    if self.rotary[i]:
      qk = __torch__.rotate(qk, cos, sin)
    return (qk, r)  # (B, T, H+K, Dh), (B, T, H+K, 1)

  # A bias that hides later positions and those `window` or more back (0: none).
  def band(self: __torch__.Policy, like: Tensor, T: int, window: int) -> Tensor:
    t = torch.arange(0, T, device=ops.prim.device(like))
    back = torch.sub(torch.unsqueeze(t, 1), torch.unsqueeze(t, 0))  # (T, T)
    hidden = torch.lt(back, 0)
    if torch.gt(window, 0):
      hidden = torch.logical_or(hidden, torch.ge(back, window))
    return torch.mul(torch.to(hidden, ops.prim.dtype(like)), -1e30)

  # q (B, H, T, Dh), k and v (B, K, T, Dh): what was attended to, and the log of each row's normaliser (B, H, T).
  def attention(self: __torch__.Policy, q: Tensor, k: Tensor, v: Tensor, window: int) -> Tuple[Tensor, Tensor]:
    group = self.heads // self.kv_heads
    T = torch.size(q, 2)
    wide = torch.repeat_interleave(k, group, 1)  # (B, H, T, Dh)
    deep = torch.repeat_interleave(v, group, 1)
    narrow = torch.__and__(torch.gt(window, 0), torch.lt(window, T))
    if self.native:
      if narrow:
        a, z = torch._scaled_dot_product_flash_attention_for_cpu(q, wide, deep, 0., False, attn_mask=(self).band(q, T, window, ), scale=None)
      else:
        a, z = torch._scaled_dot_product_flash_attention_for_cpu(q, wide, deep, 0., True, attn_mask=None, scale=None)
    else:
      if narrow:
        a = torch.scaled_dot_product_attention(q, wide, deep, (self).band(q, T, window, ), 0., False)
      else:
        a = torch.scaled_dot_product_attention(q, wide, deep, None, 0., True)
      z = torch.select(a, 3, 0)
    return (a, z)

  def attention_back(self: __torch__.Policy, q: Tensor, k: Tensor, v: Tensor, a: Tensor, z: Tensor, da: Tensor, window: int) -> Tuple[Tensor, Tensor, Tensor]:
    if self.native:
      dq, dk, dv = (self).blocks_back(q, k, v, a, z, da, window, )
    else:
      group = self.heads // self.kv_heads
      B, H, T, Dh = torch.size(q)
      wide = torch.repeat_interleave(k, group, 1)
      deep = torch.repeat_interleave(v, group, 1)
      scale = 1. / torch.sqrt(float(Dh))
      scores = torch.add(torch.mul(torch.matmul(q, torch.transpose(wide, 2, 3)), scale), (self).band(q, T, window, ))
      p = torch.to(torch.softmax(scores, -1, 6), ops.prim.dtype(q))  # (B, H, T, T)
      dp = torch.matmul(da, torch.transpose(deep, 2, 3))
      ds = torch.mul(p, torch.sub(dp, torch.sum(torch.mul(da, a), [-1], True)))
      dq = torch.mul(torch.matmul(ds, wide), scale)
      shape = [B, self.kv_heads, group, T, Dh]
      dk = torch.sum(torch.view(torch.mul(torch.matmul(torch.transpose(ds, 2, 3), q), scale), shape), [2])
      dv = torch.sum(torch.view(torch.matmul(torch.transpose(p, 2, 3), da), shape), [2])
    return (dq, dk, dv)

  # The same in blocks of 128 positions of one sequence, which stay in the processor's caches and see only what came
  # before; the heads of a group are rows of one product. Padding (T to C) has no gradient.
  def blocks_back(self: __torch__.Policy, q: Tensor, k: Tensor, v: Tensor, a: Tensor, z: Tensor, da: Tensor, window: int) -> Tuple[Tensor, Tensor, Tensor]:
    B, H, T, Dh = torch.size(q)
    K = self.kv_heads
    group = H // K
    scale = 1. / torch.sqrt(float(Dh))
    kind = ops.prim.dtype(q)
    C = (T + 31) // 32 * 32
    mean = torch.sum(torch.mul(torch.to(da, 6), a), [-1], True)  # (B, H, T, 1)
    shift = torch.neg(torch.unsqueeze(z, -1))
    if torch.gt(C, T):
      pad = [0, 0, 0, C - T]
      q = torch.constant_pad_nd(q, pad)
      k = torch.constant_pad_nd(k, pad)
      v = torch.constant_pad_nd(v, pad)
      da = torch.constant_pad_nd(da, pad)
      mean = torch.constant_pad_nd(mean, pad)
      shift = torch.constant_pad_nd(shift, pad)
    dq = torch.empty([B, C, H, Dh], dtype=kind)
    dk = torch.zeros([B, C, K, Dh])
    dv = torch.zeros([B, C, K, Dh])
    for b in range(B):
      for j in range((C + 127) // 128):
        start = 128 * j
        end = ops.prim.min(C, start + 128)
        n = end - start
        rows = [K, group * n, -1]
        qb = torch.reshape(torch.slice(q[b], 1, start, end), rows)  # (K, group*n, Dh)
        db = torch.reshape(torch.slice(da[b], 1, start, end), rows)
        keys = torch.slice(k[b], 1, 0, end)  # (K, end, Dh)
        values = torch.slice(v[b], 1, 0, end)
        from_z = torch.reshape(torch.slice(shift[b], 1, start, end), rows)
        p = torch.baddbmm(from_z, torch.to(qb, 6), torch.transpose(torch.to(keys, 6), 1, 2), beta=1, alpha=scale)
        torch.exp_(p)  # (K, group*n, end)
        by_head = torch.view(p, [H, n, end])
        torch.tril_(by_head, start)
        if torch.__and__(torch.gt(window, 0), torch.lt(window, T)):
          torch.triu_(by_head, start + 1 - window)
        dp = torch.bmm(db, torch.transpose(values, 1, 2))
        ds = torch.to(torch.mul_(torch.sub(dp, torch.reshape(torch.slice(mean[b], 1, start, end), rows)), p), kind)
        x = torch.view(torch.bmm(ds, keys), [H, n, Dh])
        torch.copy_(torch.slice(dq[b], 0, start, end), torch.transpose(torch.mul(x, scale), 0, 1))
        x = torch.bmm(torch.transpose(ds, 1, 2), qb)  # (K, end, Dh)
        torch.add_(torch.slice(dk[b], 0, 0, end), torch.transpose(x, 0, 1), alpha=scale)
        x = torch.bmm(torch.transpose(torch.to(p, kind), 1, 2), db)
        torch.add_(torch.slice(dv[b], 0, 0, end), torch.transpose(x, 0, 1))
    dq = torch.transpose(torch.slice(dq, 1, 0, T), 1, 2)
    dk = torch.transpose(torch.to(torch.slice(dk, 1, 0, T), kind), 1, 2)
    dv = torch.transpose(torch.to(torch.slice(dv, 1, 0, T), kind), 1, 2)
    return (dq, dk, dv)

  # One layer over h (N, D), and what the way back needs. Where `keep` is false some of that is missing. `only`: the rows
  # that are wanted of the last layer, whose other rows nothing reads, or none for all.
  def layer(self: __torch__.Policy, f: List[Tensor], i: int, h: Tensor, cos: Tensor, sin: Tensor, B: int, T: int, keep: bool, only: Optional[Tensor]) -> Tuple[Tensor, List[Tensor]]:
    o = 3 + 9 * i
    H = self.heads
    K = self.kv_heads
    r1 = __torch__.inverse_rms(h, self.norm_eps)  # (N, 1)
    raw = torch.view(torch.slice((self).queries(f, o, __torch__.scaled(h, r1, f[o]), ), 0, 0, B * T), [B, T, H + 2 * K, self.head_dim])
    qk, r = (self).prepared(f, i, raw, cos, sin, )
    q = torch.transpose(torch.slice(qk, 2, 0, H), 1, 2)  # (B, H, T, Dh)
    k = torch.transpose(torch.slice(qk, 2, H, H + K), 1, 2)  # (B, K, T, Dh)
    v = torch.transpose(torch.slice(raw, 2, H + K, H + 2 * K), 1, 2)  # (B, K, T, Dh)
    a, z = (self).attention(q, k, v, self.windows[i], )
    flat = __torch__.flattened(a, torch.size(h, 0))  # (N, H*Dh)
    below = h
    if torch.__isnot__(only, None):
      if torch.eq(i, self.layers - 1):
        chosen = unchecked_cast(Tensor, only)
        flat = torch.index_select(flat, 0, chosen)
        below = torch.index_select(h, 0, chosen)
    y = (self).linear_add(flat, f[o + 4], below, )
    r2 = __torch__.inverse_rms(y, self.norm_eps)
    x = __torch__.scaled(y, r2, f[o + 5])
    if keep:
      g = (self).linear(x, f[o + 6], )  # (N, F)
      u = (self).linear(x, f[o + 7], )
      m = torch.mul_(torch.silu(g), u)
      kept = [h, r1, raw, r, q, k, v, a, z, y, r2, g, u]
    else:
      m = (self).gated(x, f[o + 6], f[o + 7], )
      kept = [k, v]
    return ((self).linear_add(m, f[o + 8], y, ), kept)

  # gradients[index] += dy' x
  def learn(self: __torch__.Policy, index: int, dy: Tensor, x: Tensor) -> int:
    if torch.eq(self.dtype, 6):
      torch.addmm_(self.gradients[index], torch.t(dy), x)
    else:
      torch.add_(self.gradients[index], torch.mm(torch.t(dy), x))
    return index

  # From the gradient of a layer's output (N, D) to that of its input; `s` is what layer() kept.
  def layer_back(self: __torch__.Policy, f: List[Tensor], i: int, s: List[Tensor], dy: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    o = 3 + 9 * i
    t = 5 * i
    first = 1 + i * (self).stride()
    w = first + (self).stride() - 5  # o, norm, gate, up, down
    h, r1, raw, r, q, k, v, a, z, y, r2, g, u = s
    B, H, T, Dh = torch.size(q)
    K = self.kv_heads
    gate = torch.silu(g)
    (self).learn(w + 4, dy, torch.mul(gate, u), )
    dm = (self).linear(dy, self.turned[t + 4], )  # (N, F)
    du = torch.mul_(gate, dm)
    dg = torch.silu_backward(torch.mul_(dm, u), g)
    x = __torch__.scaled(y, r2, f[o + 5])
    (self).learn(w + 2, dg, x, )
    (self).learn(w + 3, du, x, )
    dx = (self).linear_add(du, self.turned[t + 3], (self).linear(dg, self.turned[t + 2], ), )
    d, dn = __torch__.norm_back(dx, y, r2, f[o + 5])
    torch.add_(self.gradients[w + 1], torch.sum(dn, [0]))
    dh = torch.add(dy, d)
    N = torch.size(dh, 0)
    (self).learn(w, dh, __torch__.flattened(a, N), )
    da = torch.view(torch.slice((self).linear(dh, self.turned[t + 1], ), 0, 0, B * T), [B, T, H, Dh])
    dq, dk, dv = (self).attention_back(q, k, v, a, z, torch.transpose(da, 1, 2), self.windows[i], )
    dqk = torch.cat([torch.transpose(dq, 1, 2), torch.transpose(dk, 1, 2)], 2)  # (B, T, H+K, Dh)
    if self.rotary[i]:
      dqk = __torch__.rotate(dqk, cos, torch.neg(sin))
    if self.qk_norm:
      part = torch.slice(raw, 2, 0, H + K)
      dqk, dn = __torch__.norm_back(dqk, part, r, f[o + 3])
      n = torch.sum(dn, [0, 1])  # (H+K, Dh)
      torch.add_(self.gradients[w - 2], torch.sum(torch.slice(n, 0, 0, H), [0]))
      torch.add_(self.gradients[w - 1], torch.sum(torch.slice(n, 0, H, H + K), [0]))
    draw = __torch__.padded(torch.view(torch.cat([dqk, torch.transpose(dv, 1, 2)], 2), [B * T, -1]), N, 0.)  # (N, (H+2K)*Dh)
    (self).learn(first + 1, draw, __torch__.scaled(h, r1, f[o]), )
    if self.qkv_bias:
      torch.add_(self.gradients[first + 2], torch.sum(draw, [0], dtype=6))
    d, dn = __torch__.norm_back((self).linear(draw, self.turned[t], ), h, r1, f[o])
    torch.add_(self.gradients[first], torch.sum(dn, [0]))
    return torch.add(dh, d)

  # ---- scoring ----

  # What the head sees at chosen rows of the flattened (B*T) positions, and padding: (R, D).
  def states(self: __torch__.Policy, f: List[Tensor], tokens: Tensor, rows: Tensor) -> Tensor:
    B, T = torch.size(tokens)
    h = (self).embedded(f, tokens, )
    cos, sin = (self).angles(torch.unsqueeze(torch.arange(0, T, device=ops.prim.device(tokens)), 1), )  # (T, 1, Dh)
    chosen = __torch__.padded(rows, (self).padding(torch.size(rows, 0), ), 0.)
    for i in range(self.layers):
      h, kept = (self).layer(f, i, h, cos, sin, B, T, False, chosen, )
    return __torch__.scaled(h, __torch__.inverse_rms(h, self.norm_eps), f[1])

  # log p(target | tokens up to and including row) for chosen rows.
  def score(self: __torch__.Policy, which: Tensor, tokens: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(int(which), )
    x = (self).states(f, tokens, rows, )  # (R, D)
    R = torch.size(x, 0)
    wanted = __torch__.padded(targets, R, 0.)
    chunk = __torch__.chunk(torch.size(f[0], 0))
    out = annotate(List[Tensor], [])
    for c in range((R + chunk - 1) // chunk):
      a = c * chunk
      b = ops.prim.min(R, a + chunk)
      logits = torch.to((self).linear(torch.slice(x, 0, a, b), f[2], ), 6)  # (r, V)
      t = torch.unsqueeze(torch.slice(wanted, 0, a, b), 1)
      lp = torch.sub(torch.squeeze(torch.gather(logits, 1, t), 1), torch.logsumexp(logits, [1]))
      best = torch.eq(torch.argmax(logits, 1), torch.squeeze(t, 1))
      torch.append(out, torch.stack([lp, torch.to(best, 6)]))
    # (2, rows): log-probability, and 1 where the target is the most likely token
    return torch.slice(torch.cat(out, 1), 1, 0, torch.size(rows, 0))

  # Entropy of what follows chosen rows, over the `top` most likely tokens as if there were no others.
  def entropies(self: __torch__.Policy, tokens: Tensor, rows: Tensor, top: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(0, )
    x = (self).states(f, tokens, rows, )  # (R, D)
    R, V = (torch.size(x, 0), torch.size(f[0], 0))
    chunk = __torch__.chunk(V)
    out = annotate(List[Tensor], [])
    for c in range((R + chunk - 1) // chunk):
      a = c * chunk
      b = ops.prim.min(R, a + chunk)
      logits = torch.to((self).linear(torch.slice(x, 0, a, b), f[2], ), 6)  # (r, V)
      likely, ids = torch.topk(logits, ops.prim.min(int(top), V), 1)  # (r, top)
      mean = torch.sum(torch.mul(torch.softmax(likely, 1), likely), [1])
      torch.append(out, torch.sub(torch.logsumexp(likely, [1]), mean))
    return torch.slice(torch.cat(out, 0), 0, 0, torch.size(rows, 0))

  # ---- training ----

  # The way there of one micro-batch, under weights `which` (pull() is the way back of 0 only). Row r predicts targets[r]
  # from the tokens up to rows[r], at temperatures[r] and without token forbidden[r] (or -1). With `thrift` only the
  # layers' inputs are kept and layers run twice.
  # Returns log-probability and entropy of each row.
  def evaluate(self: __torch__.Policy, which: Tensor, tokens: Tensor, rows: Tensor, targets: Tensor, temperatures: Tensor, forbidden: Tensor, thrift: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(int(which), )
    B, T = torch.size(tokens)
    h = (self).embedded(f, tokens, )
    cos, sin = (self).angles(torch.unsqueeze(torch.arange(0, T, device=ops.prim.device(tokens)), 1), )  # (T, 1, Dh)
    saved = annotate(List[Tensor], [])
    for i in range(self.layers):
      if bool(thrift):
        torch.append(saved, h)
      h, kept = (self).layer(f, i, h, cos, sin, B, T, torch.__not__(bool(thrift)), None, )
      if torch.__not__(bool(thrift)):
        torch.extend(saved, kept)
    # An input's memory is the caller's: what outlives the call is copied.
    own = __torch__.copies([tokens, rows, targets, temperatures, forbidden])
    R, V = ((self).padding(torch.size(rows, 0), ), torch.size(f[0], 0))
    chosen = __torch__.padded(own[1], R, 0.)
    wanted = __torch__.padded(own[2], R, 0.)
    x = torch.index_select(h, 0, chosen)  # (R, D)
    r = __torch__.inverse_rms(x, self.norm_eps)
    y = __torch__.scaled(x, r, f[1])
    self.saved = saved
    self.batch = [own[0], chosen, wanted, __torch__.padded(own[3], R, 1.), __torch__.padded(own[4], R, -1.), x, r, y]
    chunk = __torch__.chunk(V)
    likely = annotate(List[Tensor], [])
    out = annotate(List[Tensor], [])
    for c in range((R + chunk - 1) // chunk):
      a = c * chunk
      b = ops.prim.min(R, a + chunk)
      logits = (self).tempered(f, a, b, )  # (r, V)
      top, best = torch.max(logits, 1)
      taken = torch.squeeze(torch.gather(logits, 1, torch.unsqueeze(torch.slice(wanted, 0, a, b), 1)), 1)
      p = torch.softmax(logits, 1, 6)
      normaliser = torch.sub(top, torch.log(torch.squeeze(torch.gather(p, 1, torch.unsqueeze(best, 1)), 1)))  # (r,)
      mean = torch.view(torch.bmm(torch.unsqueeze(p, 1), torch.unsqueeze(logits, 2)), [-1])
      entropy = torch.sub(normaliser, mean)
      torch.append(out, torch.stack([torch.sub(taken, normaliser), entropy]))
      if torch.le(R * V, 2 * 16777216):
        torch.append(likely, p)
    self.likely = likely
    return torch.slice(torch.cat(out, 1), 1, 0, torch.size(rows, 0))  # (2, rows)

  def tempered(self: __torch__.Policy, f: List[Tensor], a: int, b: int) -> Tensor:
    logits = torch.to((self).linear(torch.slice(self.batch[7], 0, a, b), f[2], ), 6)  # (r, V)
    temperatures = torch.slice(self.batch[3], 0, a, b)
    if torch.__not__(bool(torch.all(torch.eq(temperatures, 1)))):
      torch.div_(logits, torch.unsqueeze(temperatures, 1))
    forbidden = torch.slice(self.batch[4], 0, a, b)
    banned = torch.squeeze(torch.nonzero(torch.ge(forbidden, 0)), 1)  # (b,)
    if torch.gt(torch.size(banned, 0), 0):
      gone = torch.index_select(forbidden, 0, banned)
      torch.index_put_(logits, [banned, gone], torch.full_like(torch.index_select(torch.select(logits, 1, 0), 0, banned), -1e30))
    return logits

  # The way back of the last evaluate(), from the loss's derivatives by each row's log-probability and entropy into
  # the accumulated gradients. Returns their norm.
  def pull(self: __torch__.Policy, by_log_probability: Tensor, by_entropy: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(0, )
    if torch.eq(torch.len(self.turned), 0):
      self.turned = (self).transposed()
    tokens, rows, targets, temperatures, forbidden, x, r, y = self.batch
    B, T = torch.size(tokens)
    R, V = (torch.size(rows, 0), torch.size(f[0], 0))
    by_lp = __torch__.padded(by_log_probability, R, 0.)
    by_e = __torch__.padded(by_entropy, R, 0.)
    head = 0
    if torch.__not__(self.tied):
      head = torch.len(self.live) - 1
    last = 1 + self.layers * (self).stride()
    entropic = bool(torch.any(torch.ne(by_entropy, 0)))
    chunk = __torch__.chunk(V)
    parts = annotate(List[Tensor], [])
    for c in range((R + chunk - 1) // chunk):
      a = c * chunk
      b = ops.prim.min(R, a + chunk)
      if torch.gt(torch.len(self.likely), c):
        p = self.likely[c]
      else:
        p = torch.softmax((self).tempered(f, a, b, ), 1, 6)
      w = torch.unsqueeze(torch.slice(by_lp, 0, a, b), 1)  # (r, 1)
      by_temperature = torch.unsqueeze(torch.slice(temperatures, 0, a, b), 1)
      w = torch.div(w, by_temperature)
      factor = torch.neg(w)
      if entropic:
        log = torch.log(torch.clamp(p, 1e-37))
        entropy = torch.neg(torch.sum(torch.mul(p, log), [1], True))
        e = torch.div(torch.unsqueeze(torch.slice(by_e, 0, a, b), 1), by_temperature)
        factor = torch.sub(factor, torch.mul(torch.add(log, entropy), e))  # (r, V)
      torch.mul_(p, factor)
      torch.scatter_add_(p, 1, torch.unsqueeze(torch.slice(targets, 0, a, b), 1), w)
      d = torch.to(p, self.dtype)
      (self).learn(head, d, torch.slice(y, 0, a, b), )
      torch.append(parts, (self).linear(d, self.turned[5 * self.layers], ))
    self.likely = annotate(List[Tensor], [])
    dx, dn = __torch__.norm_back(torch.cat(parts, 0), x, r, f[1])
    torch.add_(self.gradients[last], torch.sum(dn, [0]))
    dh = torch.index_add(torch.zeros([(self).padding(B * T, ), torch.size(x, 1)], dtype=ops.prim.dtype(x), device=ops.prim.device(x)), 0, rows, dx)  # (N, D)
    cos, sin = (self).angles(torch.unsqueeze(torch.arange(0, T, device=ops.prim.device(tokens)), 1), )  # (T, 1, Dh)
    thrift = torch.eq(torch.len(self.saved), self.layers)
    for j in range(self.layers):
      i = self.layers - 1 - j
      if thrift:
        out, kept = (self).layer(f, i, self.saved[i], cos, sin, B, T, True, None, )
      else:
        kept = torch.slice(self.saved, 13 * i, 13 * i + 13)
        self.saved = torch.slice(self.saved, 0, 13 * i)
      dh = (self).layer_back(f, i, kept, dh, cos, sin, )
    torch.index_add_(self.gradients[0], 0, torch.view(tokens, [-1]), torch.to(torch.slice(dh, 0, 0, B * T), 6))
    dropped = (self).forget(by_entropy, )
    return torch.norm(torch.stack(torch._foreach_norm(self.gradients, 2)))

  # Drops what evaluate() kept.
  def forget(self: __torch__.Policy, unused: Tensor) -> Tensor:
    self.batch = annotate(List[Tensor], [])
    self.saved = annotate(List[Tensor], [])
    self.likely = annotate(List[Tensor], [])
    return unused

  def discard_gradients(self: __torch__.Policy, unused: Tensor) -> Tensor:
    torch._foreach_zero_(self.gradients)
    return (self).forget(unused, )

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
      self.forms = annotate(List[Tensor], [])
      self.turned = annotate(List[Tensor], [])
      if torch.__and__(torch.ge(keep, 0.), torch.gt(torch.len(self.ema), 0)):
        torch._foreach_lerp_(self.ema, self.live, 1. - keep)
        self.ema_forms = annotate(List[Tensor], [])
    torch._foreach_zero_(self.gradients)
    return norm

  # ---- sampling ----

  # Makes room for S rows of C columns and P prompts of L columns; what is there stays.
  def plan(self: __torch__.Policy, S: Tensor, C: Tensor, P: Tensor, L: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    self.keys = (self).room(self.keys, int(S), int(C), S, )
    self.values = (self).room(self.values, int(S), int(C), S, )
    self.prefix_keys = (self).room(self.prefix_keys, int(P), int(L), S, )
    self.prefix_values = (self).room(self.prefix_values, int(P), int(L), S, )
    return S

  def room(self: __torch__.Policy, old: List[Tensor], rows: int, columns: int, like: Tensor) -> List[Tensor]:
    kind = self.dtype
    if self.native:
      kind = 6  # products of small matrices are faster in float32 on a processor
    fresh = annotate(List[Tensor], [])
    for i in range(self.layers):
      x = torch.zeros([rows, self.kv_heads, columns, self.head_dim], dtype=kind, device=ops.prim.device(like))
      if torch.gt(torch.len(old), i):
        r = ops.prim.min(rows, torch.size(old[i], 0))
        c = ops.prim.min(columns, torch.size(old[i], 2))
        here = torch.slice(torch.slice(x, 0, 0, r), 2, 0, c)
        torch.copy_(here, torch.slice(torch.slice(old[i], 0, 0, r), 2, 0, c))
      torch.append(fresh, x)
    return fresh

  # The first `columns` of row (or prompt) sources[j] move to targets[j], which is nobody's source.
  def move(self: __torch__.Policy, pool: Tensor, sources: Tensor, targets: Tensor, columns: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    old = annotate(List[int], [])
    fresh = annotate(List[int], [])
    for j in range(torch.size(sources, 0)):
      torch.append(old, int(sources[j]))
      torch.append(fresh, int(targets[j]))
    for i in range(self.layers):
      keys = self.keys[i]
      values = self.values[i]
      if torch.eq(int(pool), 1):
        keys = self.prefix_keys[i]
        values = self.prefix_values[i]
      for x in [keys, values]:
        used = torch.slice(x, 2, 0, int(columns))
        for j in range(torch.len(old)):
          torch.copy_(used[fresh[j]], used[old[j]])
    return pool

  # Prefills prompts (P, T), of lengths (P,) and padded on the right, into rows (pool 0) or shared places (pool 1) `slots`
  # and draws the first token of every continuation; `spread` (A,) says of which prompt it is one.
  def join(self: __torch__.Policy, pool: Tensor, tokens: Tensor, lengths: Tensor, slots: Tensor, spread: Tensor, uniforms: Tensor, temperatures: Tensor, minimums: Tensor, ends: Tensor, cuts: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(0, )
    P, T = torch.size(tokens)
    h = (self).embedded(f, tokens, )
    cos, sin = (self).angles(torch.unsqueeze(torch.arange(0, T, device=ops.prim.device(tokens)), 1), )  # (T, 1, Dh)
    ends_at = torch.add(torch.mul(torch.arange(0, P, device=ops.prim.device(tokens)), T), torch.sub(lengths, 1))
    ends_at = __torch__.padded(ends_at, (self).padding(P, ), 0.)
    for i in range(self.layers):
      h, kept = (self).layer(f, i, h, cos, sin, P, T, False, ends_at, )
      keys = self.keys[i]
      values = self.values[i]
      if torch.eq(int(pool), 1):
        keys = self.prefix_keys[i]
        values = self.prefix_values[i]
      torch.index_copy_(torch.slice(keys, 2, 0, T), 0, slots, torch.to(kept[0], ops.prim.dtype(keys)))
      torch.index_copy_(torch.slice(values, 2, 0, T), 0, slots, torch.to(kept[1], ops.prim.dtype(values)))
    x = torch.index_select(h, 0, spread)  # (A, D)
    return (self).draw(f, x, torch.select(uniforms, 1, 0), temperatures, torch.gt(minimums, 0), ends, cuts, )

  # `steps` (of uniforms) more tokens for the first A rows. tokens: each row's last; filled: columns of its own in use;
  # spans (n, 2): the row before which neighbours that attend together end, and the most that is filled of theirs;
  # shared: length of its prompt where that is shared; grid (P, G): the rows of each shared prompt, padded with any row;
  # place (A,): where a row stands in the flattened grid, or P*G; lengths (P,) of shared prompts.
  # Returns (A, 3 * steps): tokens, log-probabilities as drawn, log-probabilities of the plain policy.
  def decode(self: __torch__.Policy, tokens: Tensor, filled: Tensor, spans: Tensor, shared: Tensor, grid: Tensor, place: Tensor, lengths: Tensor, uniforms: Tensor, temperatures: Tensor, minimums: Tensor, ends: Tensor, cuts: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    f = (self).ready(0, )
    device = ops.prim.device(tokens)
    H = self.heads
    K = self.kv_heads
    Dh = self.head_dim
    group = H // K
    A, steps = torch.size(uniforms)
    P, G = torch.size(grid)
    kind = ops.prim.dtype(self.keys[0])
    C = torch.size(self.keys[0], 2)
    longest = int(torch.max(filled))
    behind = annotate(List[int], [])
    widths = annotate(List[int], [])
    if self.native:
      for j in range(torch.size(spans, 0)):
        torch.append(behind, int(spans[j][0]))
        torch.append(widths, int(spans[j][1]))
    else:
      torch.append(behind, A)  # an accelerator has columns to spare, but a call costs
      torch.append(widths, longest)
    window = 0
    for i in range(self.layers):
      window = ops.prim.max(window, self.windows[i])
    head_rows = torch.add(torch.mul(torch.unsqueeze(torch.arange(0, A, device=device), 1), K), torch.arange(0, K, device=device))  # (A, K)
    L = 0
    if torch.gt(P, 0):
      L = int(torch.max(lengths))
    token = tokens
    out = annotate(List[Tensor], [])
    for s in range(steps):
      column = torch.add(filled, s)  # (A,)
      m = longest + s + 1
      position = torch.add(shared, column)
      cos, sin = (self).angles(torch.unsqueeze(torch.unsqueeze(position, 1), 1), )  # (A, 1, 1, Dh)
      back = torch.sub(torch.unsqueeze(column, 1), torch.arange(0, m, device=device))  # (A, m)
      hide = torch.repeat_interleave(__torch__.hidden(back, 0, kind), K, 0)  # (A*K, 1, m)
      hide_far = hide
      cover = hide
      cover_far = hide
      if torch.gt(window, 0):
        hide_far = torch.repeat_interleave(__torch__.hidden(back, window, kind), K, 0)
      if torch.gt(P, 0):
        there = torch.arange(0, L, device=device)
        beyond = torch.ge(there, torch.unsqueeze(lengths, 1))  # (P, L)
        cover = torch.view(torch.mul(torch.to(beyond, kind), -1e30), [P, 1, 1, L])
        cover_far = cover
        if torch.gt(window, 0):
          at = torch.view(torch.index_select(position, 0, torch.view(grid, [-1])), [P, G, 1])
          far = torch.ge(torch.sub(at, there), window)  # (P, G, L)
          hidden = torch.to(torch.logical_or(far, torch.unsqueeze(beyond, 1)), kind)
          cover_far = torch.unsqueeze(torch.repeat_interleave(torch.mul(hidden, -1e30), group, 1), 1)  # (P, 1, G*group, L)
      spots = torch.view(torch.add(torch.mul(head_rows, C), torch.unsqueeze(column, 1)), [-1])  # (A*K,)
      h = (self).embedded(f, token, )
      for i in range(self.layers):
        o = 3 + 9 * i
        x = __torch__.scaled(h, __torch__.inverse_rms(h, self.norm_eps), f[o])
        raw = torch.view(torch.slice((self).queries(f, o, x, ), 0, 0, A), [A, 1, H + 2 * K, Dh])
        qk, r = (self).prepared(f, i, raw, cos, sin, )
        q = torch.to(torch.select(torch.slice(qk, 2, 0, H), 1, 0), kind)  # (A, H, Dh)
        k = torch.to(torch.slice(qk, 2, H, H + K), kind)
        v = torch.to(torch.slice(raw, 2, H + K, H + 2 * K), kind)
        torch.index_copy_(torch.view(self.keys[i], [-1, Dh]), 0, spots, torch.reshape(k, [-1, Dh]))
        torch.index_copy_(torch.view(self.values[i], [-1, Dh]), 0, spots, torch.reshape(v, [-1, Dh]))
        far = torch.gt(self.windows[i], 0)
        bias = hide
        if far:
          bias = hide_far
        a, z = (self).own(i, torch.reshape(q, [A * K, group, Dh]), bias, behind, widths, s + 1, torch.gt(P, 0), )
        if torch.gt(P, 0):
          bias = cover
          if far:
            bias = cover_far
          theirs, weight = (self).prefix(i, q, grid, L, bias, )
          theirs = torch.view(torch.index_select(theirs, 0, place), [A * K, group, Dh])
          weight = torch.view(torch.index_select(weight, 0, place), [A * K, group])
          share = torch.sigmoid(torch.sub(weight, z))
          a = torch.lerp(a, theirs, torch.unsqueeze(share, -1))
        flat = __torch__.padded(torch.to(torch.view(a, [A, H * Dh]), self.dtype), torch.size(h, 0), 0.)
        y = (self).linear_add(flat, f[o + 4], h, )
        x = __torch__.scaled(y, __torch__.inverse_rms(y, self.norm_eps), f[o + 5])
        h = (self).linear_add((self).gated(x, f[o + 6], f[o + 7], ), f[o + 8], y, )
      drawn = (self).draw(f, h, torch.select(uniforms, 1, s), temperatures, torch.gt(minimums, s), ends, cuts, )
      token = torch.to(torch.select(drawn, 1, 0), 4)
      torch.append(out, drawn)
    return torch.reshape(torch.transpose(torch.stack(out, 1), 1, 2), [A, -1])

  # Attention of rows q (A*K, group, Dh) to `more` columns of their own than are filled, span by span under bias
  # (A*K, 1, m): what each attends to and, where `normalised`, the log of its normaliser (A*K, group).
  def own(self: __torch__.Policy, i: int, q: Tensor, bias: Tensor, behind: List[int], widths: List[int], more: int, normalised: bool) -> Tuple[Tensor, Tensor]:
    K = self.kv_heads
    C = torch.size(self.keys[i], 2)
    keys = torch.view(self.keys[i], [-1, C, self.head_dim])
    values = torch.view(self.values[i], [-1, C, self.head_dim])
    a = annotate(List[Tensor], [])
    z = annotate(List[Tensor], [])
    start = 0
    for j in range(torch.len(behind)):
      end = behind[j] * K
      m = widths[j] + more
      near = torch.slice(torch.slice(keys, 0, start, end), 1, 0, m)  # (rows*K, m, Dh)
      deep = torch.slice(torch.slice(values, 0, start, end), 1, 0, m)
      hide = torch.slice(torch.slice(bias, 0, start, end), 2, 0, m)
      scores = torch.baddbmm(hide, torch.slice(q, 0, start, end), torch.transpose(near, 1, 2), beta=1, alpha=1. / torch.sqrt(float(self.head_dim)))
      torch.append(a, torch.bmm(torch.softmax(scores, -1), deep))
      if normalised:
        torch.append(z, torch.logsumexp(scores, [-1]))
      start = end
    return (__torch__.joined(a, ), __torch__.joined(z, ))

  # Attention of rows q (A, H, Dh) to their shared prompts: what each place of the grid attends to (P*G+1, K*group, Dh)
  # and the log of its normaliser (P*G+1, K*group); the last place is that of rows without one.
  def prefix(self: __torch__.Policy, i: int, q: Tensor, grid: Tensor, L: int, bias: Tensor) -> Tuple[Tensor, Tensor]:
    P, G = torch.size(grid)
    K = self.kv_heads
    Dh = self.head_dim
    group = self.heads // K
    rows = torch.view(torch.index_select(q, 0, torch.view(grid, [-1])), [P, G, K, group, Dh])
    x = torch.reshape(torch.transpose(rows, 1, 2), [P, K, G * group, Dh])
    keys = torch.slice(torch.slice(self.prefix_keys[i], 0, 0, P), 2, 0, L)  # (P, K, L, Dh)
    values = torch.slice(torch.slice(self.prefix_values[i], 0, 0, P), 2, 0, L)
    if self.native:
      a, z = torch._scaled_dot_product_flash_attention_for_cpu(x, keys, values, 0., False, attn_mask=bias, scale=None)
    else:
      scores = torch.add(torch.mul(torch.matmul(x, torch.transpose(keys, 2, 3)), 1. / torch.sqrt(float(Dh))), bias)
      a = torch.matmul(torch.softmax(scores, -1), values)
      z = torch.logsumexp(scores, [-1])
    a = torch.reshape(torch.transpose(torch.view(torch.contiguous(a), [P, K, G, group, Dh]), 1, 2), [P * G, K * group, Dh])
    z = torch.reshape(torch.transpose(torch.view(torch.contiguous(z), [P, K, G, group]), 1, 2), [P * G, K * group])
    none = torch.full_like(torch.slice(z, 0, 0, 1), -1e30)
    return (torch.cat([a, torch.zeros_like(torch.slice(a, 0, 0, 1))], 0), torch.cat([torch.to(z, ops.prim.dtype(a)), torch.to(none, ops.prim.dtype(a))], 0))

  # One token for each of the first A rows of h, by inversion of its distribution at uniforms (A,). A temperature of 0 takes the
  # most likely token. Rows that `hold` may not draw one of their ends (A, E) (-1: none). cuts: nothing, or (A, 3) of
  # top-k (0: off), top-p and min-p, applied in this order. Returns (A, 3) as decode() describes them.
  def draw(self: __torch__.Policy, f: List[Tensor], h: Tensor, uniforms: Tensor, temperatures: Tensor, hold: Tensor, ends: Tensor, cuts: Tensor) -> Tensor:
    A, V = (torch.size(uniforms, 0), torch.size(f[0], 0))
    x = __torch__.padded(h, (self).padding(A, ), 0.)
    x = __torch__.scaled(x, __torch__.inverse_rms(x, self.norm_eps), f[1])
    plain = torch.to(torch.slice((self).linear(x, f[2], ), 0, 0, A), 6)  # (A, V)
    z = plain
    greedy = torch.eq(temperatures, 0)
    if torch.__not__(bool(torch.all(torch.eq(temperatures, 1)))):
      z = torch.div(z, torch.unsqueeze(torch.where(greedy, torch.ones_like(temperatures), temperatures), 1))
    held = torch.nonzero(torch.logical_and(torch.unsqueeze(hold, 1), torch.ge(ends, 0)))  # (e, 2)
    if torch.gt(torch.size(held, 0), 0):
      rows = torch.select(held, 1, 0)
      gone = torch.select(torch.gather(torch.index_select(ends, 0, rows), 1, torch.unsqueeze(torch.select(held, 1, 1), 1)), 1, 0)
      z = torch.index_put(z, [rows, gone], torch.full_like(torch.index_select(torch.select(z, 1, 0), 0, rows), -1e30))
    if torch.gt(torch.numel(cuts), 0):
      z = __torch__.cut(z, cuts)
    p = torch.softmax(z, 1, 6)
    token = __torch__.invert(p, uniforms)  # (A,)
    if bool(torch.any(greedy)):
      token = torch.where(greedy, torch.argmax(z, 1), token)
    t = torch.unsqueeze(token, 1)
    lp = torch.log(torch.squeeze(torch.gather(p, 1, t), 1))
    lp = torch.where(greedy, torch.zeros_like(lp), lp)
    own = lp
    if torch.__isnot__(z, plain):
      own = torch.sub(torch.squeeze(torch.gather(plain, 1, t), 1), torch.logsumexp(plain, [1]))
    return torch.stack([torch.to(token, 7), torch.to(lp, 7), torch.to(own, 7)], 1)

  # ---- the machine ----

  def matmul_peak(self: __torch__.Policy, size: Tensor, repeats: Tensor, dtype: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    n = int(size)
    x = torch.to(torch.randn([n, n], device=ops.prim.device(size)), int(dtype))
    y = torch.matmul(x, x)
    for i in range(int(repeats)):
      y = torch.matmul(x, x)
    return torch.to(torch.select(torch.select(y, 0, 0), 0, 0), 6)

  def copy_peak(self: __torch__.Policy, size: Tensor, repeats: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    x = torch.zeros([int(size)], device=ops.prim.device(size))
    y = torch.ones([int(size)], device=ops.prim.device(size))
    for i in range(int(repeats)):
      torch.copy_(x, y)
    return torch.slice(x, 0, 0, 1)

# x with rows of `value` behind its own, n in all.
def padded(x: Tensor, n: int, value: float) -> Tensor:
  y = x
  more = n - torch.size(x, 0)
  if torch.gt(more, 0):
    if torch.eq(torch.dim(x), 1):
      y = torch.constant_pad_nd(x, [0, more], value)
    else:
      y = torch.constant_pad_nd(x, [0, 0, 0, more], value)
  return y

# What lies one behind the other; nothing becomes an empty tensor.
def joined(x: List[Tensor]) -> Tensor:
  if torch.eq(torch.len(x), 1):
    y = x[0]
  elif torch.eq(torch.len(x), 0):
    y = torch.zeros([0])
  else:
    y = torch.cat(x, 0)
  return y

# Heads side by side: (B, H, T, Dh) to (n, H*Dh), the rows behind B*T zero.
def flattened(a: Tensor, n: int) -> Tensor:
  B, H, T, Dh = torch.size(a)
  return __torch__.padded(torch.reshape(torch.transpose(a, 1, 2), [B * T, H * Dh]), n, 0.)

def inverse_rms(x: Tensor, eps: float) -> Tensor:
  n = torch.linalg_vector_norm(x, 2, [-1], True, dtype=6)
  return torch.rsqrt(torch.add(torch.mul(torch.mul(n, n), 1. / torch.size(x, -1)), eps))

# x w in float32, as a tensor of its own
def times(x: Tensor, w: Tensor) -> Tensor:
  if torch.eq(ops.prim.dtype(x), 6):
    y = torch.mul(x, w)
  else:
    y = torch.mul_(torch.to(x, 6), w)
  return y

# x r w, calculated in float32
def scaled(x: Tensor, r: Tensor, w: Tensor) -> Tensor:
  return torch.to(torch.mul_(__torch__.times(x, r), w), ops.prim.dtype(x))

# y = x r w with r the inverse root mean square of x: from dy to dx, and to dw before it is summed over rows.
def norm_back(dy: Tensor, x: Tensor, r: Tensor, w: Tensor) -> Tuple[Tensor, Tensor]:
  n = __torch__.times(x, r)
  dn = __torch__.times(dy, n)
  dx = __torch__.times(dy, w)
  mean = torch.mean(torch.mul(dn, w), [-1], True)
  torch.mul_(torch.addcmul_(dx, n, mean, value=-1), r)
  return (torch.to(dx, ops.prim.dtype(x)), dn)

# The halves of a head are the two coordinates that turn; sin has the sign of the first half inside.
def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  a, b = torch.chunk(x, 2, -1)
  return torch.addcmul(torch.mul(x, cos), torch.cat([b, a], -1), sin)

# As 8-bit floats (e4m3) with one scale for each row, in the type of x.
def rounded(x: Tensor) -> Tensor:
  scale = torch.div(torch.clamp(torch.amax(torch.abs(x), [-1], True), 1e-12), 448.)
  return torch.mul(torch.to(torch.to(torch.div(x, scale), 24), ops.prim.dtype(x)), scale)

# back (A, m): how far behind the row's own column. (A, 1, m) of 0 where it may be seen.
def hidden(back: Tensor, window: int, kind: int) -> Tensor:
  gone = torch.lt(back, 0)
  if torch.gt(window, 0):
    gone = torch.logical_or(gone, torch.ge(back, window))
  return torch.unsqueeze(torch.mul(torch.to(gone, kind), -1e30), 1)

# Tokens outside of top-k, top-p and min-p get no mass; the most likely one always stays.
def cut(z: Tensor, cuts: Tensor) -> Tensor:
  V = torch.size(z, 1)
  k = torch.select(cuts, 1, 0)  # (A,)
  k = torch.where(torch.gt(k, 0), k, torch.full_like(k, V))
  high, order = torch.sort(z, 1, True)  # (A, V)
  rank = torch.arange(0, V, device=ops.prim.device(z))
  gone = torch.ge(rank, torch.unsqueeze(k, 1))
  p = torch.softmax(torch.masked_fill(high, gone, -1e30), 1, 6)
  before = torch.sub(torch.cumsum(p, 1), p)
  gone = torch.logical_or(gone, torch.gt(before, torch.unsqueeze(torch.select(cuts, 1, 1), 1)))
  low = torch.mul(torch.slice(p, 1, 0, 1), torch.unsqueeze(torch.select(cuts, 1, 2), 1))
  gone = torch.logical_or(gone, torch.lt(p, low))
  gone = torch.logical_and(gone, torch.gt(rank, 0))
  return torch.masked_fill(z, torch.scatter(torch.zeros_like(gone), 1, order, gone), -1e30)

# The token at which the distribution function of p (A, V) passes u (A,): first the block of 128, then the place in it.
def invert(p: Tensor, u: Tensor) -> Tensor:
  A, V = torch.size(p)
  blocks = (V + 127) // 128
  q = torch.view(torch.constant_pad_nd(p, [0, blocks * 128 - V]), [A, blocks, 128])
  mass = torch.cumsum(torch.sum(q, [2]), 1, dtype=7)  # (A, blocks)
  at = torch.mul(torch.unsqueeze(u, 1), torch.slice(mass, 1, blocks - 1, blocks))  # (A, 1)
  b = torch.clamp(torch.searchsorted(mass, at, right=True), 0, blocks - 1)  # (A, 1)
  end = torch.gather(mass, 1, b)
  start = torch.where(torch.gt(b, 0), torch.gather(mass, 1, torch.clamp(torch.sub(b, 1), 0)), torch.zeros_like(end))
  fraction = torch.div(torch.sub(at, start), torch.sub(end, start))
  inside = torch.gather(q, 1, torch.expand(torch.unsqueeze(b, 2), [-1, -1, 128]))
  inner = torch.cumsum(torch.squeeze(inside, 1), 1, dtype=7)  # (A, 128)
  last = torch.slice(inner, 1, 127, 128)
  left = torch.minimum(torch.mul(fraction, last), torch.mul(last, 0.999999999999))
  j = torch.clamp(torch.searchsorted(inner, left, right=True), 0, 127)
  return torch.clamp(torch.squeeze(torch.add(torch.mul(b, 128), j), 1), 0, V - 1)

# Rows of logits that are calculated at a time: 16 MiB of them, which caches and allocators like, but not too few rows
# for a matrix product.
def chunk(V: int) -> int:
  return ops.prim.max(128, 4194304 // V)

def copies(p: List[Tensor]) -> List[Tensor]:
  q = annotate(List[Tensor], [])
  for x in p:
    torch.append(q, torch.clone(x))
  return q

def zeros_of(p: List[Tensor]) -> List[Tensor]:
  q = annotate(List[Tensor], [])
  for x in p:
    torch.append(q, torch.zeros_like(x))
  return q
