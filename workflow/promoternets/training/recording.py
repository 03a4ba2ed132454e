"""Training steps that a GPU records once and then replays: hundreds of calls, each of which takes longer than its work.

Source: CUDA graphs as PyTorch offers them (`torch.cuda.CUDAGraph`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

STEPS_BEFORE = 3  # taken one call at a time, so that libraries and the optimiser have their memory


class Recording:
    """A training step, recorded for each size of batch."""

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()
        self._pool = torch.cuda.graph_pool_handle()
        self._taken: dict[int, int] = {}
        self._recorded: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor]] = {}

    def take(self, step: Callable[[torch.Tensor], None], people: torch.Tensor) -> None:
        """Take the step for people, int64 [members, batch]: by replaying it, once it is recorded.

        step : the same each time. It must work in place on the same tensors, and not wait for the GPU.
        """
        size = people.shape[1]
        taken = self._taken[size] = self._taken.get(size, 0) + 1
        if taken <= STEPS_BEFORE:
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                step(people)
            torch.cuda.current_stream().wait_stream(self._stream)
            return
        if size not in self._recorded:
            graph, given = torch.cuda.CUDAGraph(), people.clone()
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                step(given)
            self._recorded[size] = graph, given
        graph, given = self._recorded[size]
        given.copy_(people)
        graph.replay()
