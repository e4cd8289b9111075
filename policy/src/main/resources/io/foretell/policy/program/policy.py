"""The whole program: its configuration, and access to its lists of tensors by number."""

from typing import List

import torch
from torch import Tensor

from .sampling import Sampling
from .scoring import Scoring
from .training import Training


class Policy(Scoring, Sampling, Training):
    def configure(self, inv_freq: Tensor, windows: Tensor, rotary: Tensor) -> Tensor:
        """The first call. inv_freq (Dh/2): rotary frequencies; windows (L,): sliding window of each layer or 0; rotary
        (L,): 0 where a layer has no rotary embedding."""
        self.inv_freq = inv_freq.clone()
        self.windows = [int(windows[i]) for i in range(self.layers)]
        self.rotary = [bool(rotary[i]) for i in range(self.layers)]
        self.clear_weights()
        self.clear_cache()
        self.clear_training()
        return inv_freq

    # ---- lists of tensors by number ----

    def tensors(self, slot: int) -> List[Tensor]:
        """0: live weights, 1: the teacher's, 2: gradients, then what the optimizer keeps."""
        if slot == 0:
            return self.live
        if slot == 1:
            return self.ema
        if slot == 2:
            return self.gradients
        return self.optimizer[self.optimizer_states()[slot - 3][0]]

    def use_staged(self, slot: Tensor, parts: Tensor) -> Tensor:
        """Staged tensors, joined along their first dimension by parts[j] at a time, take the place of the list `slot`."""
        torch.set_grad_enabled(False)
        taken = self.take_staged(parts)
        number = int(slot)
        if number == 0:
            self.use_weights(taken)
        elif number == 1:
            self.use_teacher(taken)
        elif number > 2:
            self.optimizer[self.optimizer_states()[number - 3][0]] = taken
        return slot

    def part(self, slot: int, index: int, start: int, end: int) -> Tensor:
        """Rows start to end of a tensor, or all of it where it has none."""
        x = self.tensors(slot)[index]
        return x[start:end] if x.dim() > 0 else x

    def read(self, slot: Tensor, index: Tensor, start: Tensor, end: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        return self.part(int(slot), int(index), int(start), int(end)).clone()

    def copy_into(self, places: Tensor, copies: List[Tensor]) -> Tensor:
        """Copies many parts at once; places (n, 4): slot, index, start and end of each."""
        torch.set_grad_enabled(False)
        for j in range(places.shape[0]):
            slot, index, start, end = [int(x) for x in places[j]]
            copies[j].copy_(self.part(slot, index, start, end))
        return places

    # ---- the machine ----

    def matmul_peak(self, size: Tensor, repeats: Tensor, half: Tensor) -> Tensor:
        """A product of squares in float32, or in bfloat16 where `half`, again and again."""
        torch.set_grad_enabled(False)
        n = int(size)
        dtype = torch.bfloat16 if bool(half) else torch.float32
        x = torch.randn([n, n], device=size.device).to(dtype)
        y = torch.matmul(x, x)
        for i in range(int(repeats)):
            y = torch.matmul(x, x)
        return y[0, 0].to(torch.float32)

    def copy_peak(self, size: Tensor, repeats: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        x = torch.zeros([int(size)], device=size.device)
        y = torch.ones([int(size)], device=size.device)
        for i in range(int(repeats)):
            x.copy_(y)
        return x[:1]
