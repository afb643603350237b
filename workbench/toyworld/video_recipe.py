"""What the training of ``toyworld-video`` depends on, in numbers.

Separate because the lessons, the training and the card of the model all read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class VideoRecipe:
    """The settings of the training; stored beside the weights."""

    seed: int = 0
    n_look_steps: int = 5000
    n_move_steps: int = 4000
    n_word_steps: int = 1500
    n_tell_steps: int = 1500
    n_joint_steps: int = 60
    n_order_steps: int = 2000
    look_rate: float = 1e-3
    move_rate: float = 1e-3
    word_rate: float = 1e-3
    tell_rate: float = 2e-4
    time_rate: float = 1e-4
    joint_rate: float = 2e-4
    order_rate: float = 3e-4
    look_batch: int = 64
    crowded_from: float = 0.25
    position_gain: float = 4.0
    n_motions: int = 65_536
    motion_batch: int = 256
    word_batch: int = 256
    n_windows: int = 24_576
    n_in_order: int = 8192
    n_beside: int = 6144
    window_batch: int = 32
    order_batch: int = 14
    pair_weight: float = 10.0
    warmup_steps: int = 40
    weight_decay: float = 0.02
    checkpoint_every: int = 100

    @property
    def total_steps(self) -> int:
        """The steps of all lessons."""
        taught = (self.n_look_steps, self.n_move_steps, self.n_word_steps, self.n_tell_steps, self.n_joint_steps)
        return sum(taught) + self.n_order_steps

    def shortened(self, total_steps: int) -> VideoRecipe:
        """Return the recipe with every count scaled so that there are about ``total_steps`` in all."""
        scale = total_steps / self.total_steps

        def fewer(count: int) -> int:
            return max(1, round(count * scale))

        return replace(
            self,
            n_look_steps=fewer(self.n_look_steps),
            n_move_steps=fewer(self.n_move_steps),
            n_word_steps=fewer(self.n_word_steps),
            n_tell_steps=fewer(self.n_tell_steps),
            n_joint_steps=fewer(self.n_joint_steps),
            n_order_steps=fewer(self.n_order_steps),
            n_in_order=max(self.order_batch, fewer(self.n_in_order)),
            n_beside=max(self.window_batch, fewer(self.n_beside)),
            n_motions=max(self.motion_batch, fewer(self.n_motions)),
            n_windows=max(self.window_batch, fewer(self.n_windows)),
            warmup_steps=fewer(self.warmup_steps),
        )
