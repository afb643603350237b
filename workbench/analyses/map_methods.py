"""The methods that make maps: what each is called, what it needs of a model, and what its map says.

Separate so that the controls, the refusals and the pictures take them from one list.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.models.protocol import Capability


@dataclass(frozen=True)
class MapMethod:
    """One way to make a map.

    ``needs`` is what a model must be able to; ``is_signed``: whether it tells what lowers the score from what raises
    it; ``is_about_sentence``: whether the sentence enters at all.
    """

    title: str
    about: str
    needs: Capability | None
    is_signed: bool = False
    is_about_sentence: bool = True
    has_heads: bool = False
    has_words: bool = True


METHODS = {
    "relevance": MapMethod(
        "Relevance (Chefer)",
        "Attention along which the cosine would rise, from its gradient, followed back from the output.",
        "differentiable",
        has_heads=True,
    ),
    "grad-eclip": MapMethod(
        "Grad-ECLIP",
        "What each patch hands to the last attention, in the channels that raise the cosine.",
        "differentiable",
    ),
    "legrad": MapMethod(
        "LeGrad",
        "How far more attention to each patch would raise the cosine that every layer has by itself.",
        "differentiable",
        has_heads=True,
    ),
    "raw": MapMethod(
        "Raw attention",
        "How much the output looks at each patch in the last layer, whatever the sentence.",
        "differentiable",
        is_about_sentence=False,
        has_heads=True,
    ),
    "rollout": MapMethod(
        "Attention rollout",
        "Attention multiplied through all layers, whatever the sentence.",
        "differentiable",
        is_about_sentence=False,
    ),
    "ig": MapMethod(
        "Integrated gradients",
        "What the pixels of each patch add on the way from a plain picture to this one.",
        "differentiable",
        is_signed=True,
    ),
    "input-x-gradient": MapMethod(
        "Input x gradient",
        "How the cosine would change with the contrast of each patch, at this picture.",
        "differentiable",
        is_signed=True,
    ),
    "gradcam": MapMethod(
        "Grad-CAM",
        "Features of the last layer, weighted by how they raise the cosine on average.",
        "differentiable",
        has_words=False,
    ),
    "occlusion": MapMethod(
        "Occlusion",
        "By how much the cosine falls where a cell of the picture is hidden: the model is asked, not opened.",
        None,
        is_signed=True,
    ),
    "similarity": MapMethod(
        "Dense similarity",
        "How much more each patch by itself is like the sentence than the others are: it changes the model, and is no "
        "explanation of its answer.",
        "patches",
        is_signed=True,
        has_words=False,
    ),
}
TRACED = ("relevance", "grad-eclip", "legrad", "raw", "rollout")
"""Methods that one look at the attention serves together."""
