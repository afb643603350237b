"""Gradients as captum works them out, of scores by whatever a model is fed with.

Separate because it is the one file that knows captum; its ``Insights`` was removed in 0.9 and is not built on.

Source: Kokhlikyan et al., Captum, 2020; Sundararajan et al., Axiomatic attribution for deep networks, ICML 2017
(integrated gradients); Selvaraju et al., Grad-CAM, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.models.compute import is_out_of_memory
from workbench.models.protocol import GradientMethod

N_STEPS = 50
"""Points of the Gauss-Legendre rule along the path; captum's own choice."""


def attributions(
    method: GradientMethod,
    scores: Callable[..., Any],
    inputs: Any,
    others: tuple[Any, ...],
    most_rows: int,
    nothing: Any = None,
) -> tuple[Any, Any]:
    """Return what every entry of ``inputs`` adds to its row's score, and the scores of ``nothing``, by default zeros.

    Integrated gradients sum to the difference of the two scores; input times gradient is their first step at the full
    input, and sums to nothing in particular. At most ``most_rows`` rows are differentiated at once, or one a row of
    ``inputs``; half as many, and half of those, where memory runs out.
    """
    from captum.attr import InputXGradient, IntegratedGradients

    nothing = inputs.new_zeros(inputs.shape) if nothing is None else nothing
    more = {"additional_forward_args": others or None}
    found = None if method == "ig" else InputXGradient(scores).attribute(inputs.requires_grad_(), **more)
    size = max(most_rows, len(inputs))
    while found is None:
        try:
            found = IntegratedGradients(scores).attribute(
                inputs, nothing, n_steps=N_STEPS, internal_batch_size=size, **more
            )
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or size <= len(inputs):
                raise
        if found is None:  # tried again once the error is gone, and with it what it holds in memory
            size = max(size // 2, len(inputs))
    return found.detach(), scores(nothing, *others).detach()


def grad_cam(scores: Callable[..., Any], grid: Any, inputs: Any, others: tuple[Any, ...]) -> Any:
    """Return ``[row 1 cell]``: the activations of a module, weighted by their mean gradients; what lowers is 0."""
    from captum.attr import LayerGradCam

    found = LayerGradCam(scores, grid).attribute(inputs, additional_forward_args=others or None, relu_attributions=True)
    return found.detach()
