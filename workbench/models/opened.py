"""An encoder that is looked into while it computes: what its attention does, and how a cosine hangs on it.

Separate from the adapters because it is the same for every library once they say where an encoder keeps its parts. A
second network on the same weights is opened, so that nobody else notices; it has no faster attention than one that
writes its weights out, and takes turns.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

Run = Callable[[Any], Any]
"""Returns cosines, one a row of what is encoded, of the adapter that it is given."""


@dataclass(frozen=True)
class Inside:
    """Where an encoder keeps its parts, in the network of its adapter.

    ``encoder`` is the path to the stack of layers, ``layers`` the name of the list in it, ``attention`` and ``norm``
    those of the attention and of what comes before it in a layer. ``pooling`` is the path to an attention that reads
    the last tokens; without, they are read as they are: at the token ``read_at``, or wherever the score hangs on them.
    ``embedding`` is the path to what makes tokens of words.
    """

    encoder: str
    layers: str
    attention: str
    norm: str
    pooling: str = ""
    read_at: int | None = None
    embedding: str = ""


@dataclass
class Step:
    """What one attention did: weights ``[row head query key]``, the rest ``[row token dim]``, heads side by side."""

    weights: Any = None
    query: Any = None
    keys: Any = None
    values: Any = None
    output: Any = None


@dataclass
class Traced:
    """What became of cosines in an encoder, as tensors; the fields are those of ``AttentionTrace``."""

    scores: Any
    weights: Any
    gradients: Any
    early_gradients: Any
    reader: Any
    query: Any
    keys: Any
    values: Any
    output_gradient: Any
    pooling: Any


@dataclass
class Pass:
    """One forward pass: every attention's step, by module, and the tokens after every layer."""

    steps: dict[Any, Step] = field(default_factory=dict)
    tokens: list[Any] = field(default_factory=list)


class Opened:
    """The encoders of an adapter, opened: the adapter itself is not touched. Safe to share between threads."""

    def __init__(self, adapter: Any) -> None:
        self._torch, self._network = adapter._torch, adapter._model
        self._unhooked = adapter.unhooked
        with self._unhooked:
            self.adapter = with_network(adapter, _written_out(adapter._model))
        self._idle: dict[Inside, Any] = {}
        self._lock = threading.Lock()

    def weights(self, attentions: list[Any], run: Run) -> list[Any]:
        """Return the weights ``[row head query key]`` of attention modules of the opened network, while it runs."""
        with self._lock, self._watching(attentions) as seen:
            run(self.adapter)
        return [seen.steps[attention].weights for attention in attentions]

    def part(self, path: str) -> Any:
        """Return a part of the opened network."""
        return attrgetter(path)(self.adapter._model)

    def trace(self, inside: Inside, run: Run) -> Traced:
        """Return what became of the cosines of ``run`` in an encoder.

        Cost: two passes through the encoder and one back, and one of its last parts for every layer.
        """
        with self._lock, self._torch.enable_grad():
            return self._trace(inside, run)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else watch, or alter, what passes through the opened network."""
        with self._lock:
            yield

    @contextmanager
    def cells_of_last_layer(self, inside: Inside, cells: slice) -> Iterator[Any]:
        """Give the module through which the tokens ``cells`` pass before the last attention, ``[row dim cell]``."""
        norm = attrgetter(inside.norm)(getattr(self.part(inside.encoder), inside.layers)[-1])
        grid = self._torch.nn.Identity()

        def through(module: Any, args: Any, tokens: Any) -> Any:
            passed = grid(tokens[:, cells].transpose(1, 2)).transpose(1, 2)
            return self._torch.cat([tokens[:, : cells.start], passed, tokens[:, cells.stop :]], dim=1)

        with self._lock, ExitStack() as hooks:
            hooks.callback(norm.register_forward_hook(through).remove)
            yield grid

    @contextmanager
    def reading_words(self, inside: Inside, words: Any) -> Iterator[Any]:
        """Give the opened adapter, whose texts are read as the ``words`` ``[text token dim]`` instead of their own."""
        with self._lock, ExitStack() as hooks:
            embedding = self.part(inside.embedding)
            hooks.callback(embedding.register_forward_hook(lambda module, args, output: words).remove)
            yield self.adapter

    def redrawn(self, seed: int) -> Any:
        """Return the adapter's network with rows and columns of every weight in random order.

        Every entry is still there, and what each layer passes to the next means nothing any more.
        """
        generator = self._torch.Generator().manual_seed(seed)
        with self._unhooked:
            network = copy.deepcopy(self._network)
        for weight in network.parameters():
            rows = weight.data.reshape(len(weight), -1) if weight.dim() else weight.data.reshape(1, 1)
            for dim, size in enumerate(rows.shape):
                order = self._torch.randperm(size, generator=generator)
                rows = rows.index_select(dim, order.to(rows.device))
            weight.data = rows.view_as(weight)
        return network

    def _trace(self, inside: Inside, run: Run) -> Traced:
        grad, stack = self._torch.autograd.grad, self._torch.stack
        layers = getattr(self.part(inside.encoder), inside.layers)
        attentions = [attrgetter(inside.attention)(layer) for layer in layers]
        pooling = self.part(inside.pooling) if inside.pooling else None
        watched = [*attentions, *([pooling] if pooling is not None else [])]
        with self._watching(watched, layers, cut=slice(1)) as seen:
            scores = run(self.adapter)
        weights = [seen.steps[attention].weights for attention in attentions]
        last, tokens = seen.steps[watched[-1]], seen.tokens[-1]
        *gradients, by_output, by_tokens = grad(scores.sum(), [*weights, last.output, tokens])
        if pooling is None:
            is_read = by_tokens.abs().sum(dim=-1) > 0
            if inside.read_at is not None:
                is_read[:] = self._torch.arange(is_read.shape[1], device=is_read.device) == inside.read_at
            reader = is_read / is_read.sum(dim=1, keepdim=True)
        else:
            is_read = by_output.abs().sum(dim=-1) > 0
            reader = last.weights[:, :, 0].mean(dim=1)
        n_read = int(is_read.sum(dim=1).max())
        read = is_read.int().topk(n_read, dim=1).indices

        def at_read(rows: Any) -> Any:
            return rows.gather(1, read[..., None].expand(-1, -1, rows.shape[-1]))

        # A token that only one layer knows is read by nobody, and its own answer is dropped.
        n_more = weights[0].shape[-1] - reader.shape[1]
        whole = stack(weights, dim=1)
        if n_more:
            reader = self._torch.nn.functional.pad(reader, (0, n_more))
            whole = whole.clone()
            whole[..., -n_more:, :] = 0
        return Traced(
            scores=scores,
            weights=whole,
            gradients=stack(gradients, dim=1),
            early_gradients=stack(list(self._early(inside, run, layers, attentions)), dim=1),
            reader=reader,
            query=at_read(last.query),
            keys=last.keys,
            values=last.values,
            output_gradient=at_read(by_output),
            pooling=None if pooling is None else last.weights[:, :, 0],
        )

    def _early(self, inside: Inside, run: Run, layers: Any, attentions: list[Any]) -> Iterator[Any]:
        """Yield, layer by layer, the gradient of the cosine that its tokens have, by the weights that are looked at."""
        with self._watching(attentions, layers, cut=slice(None)) as seen:
            run(self.adapter)
        bare = self._bare(inside)
        encoder = attrgetter(inside.encoder)(bare._model)
        pooling = attrgetter(inside.pooling)(bare._model) if inside.pooling else None
        for attention, tokens in zip(attentions, seen.tokens, strict=True):
            with self._watching([] if pooling is None else [pooling]) as read, _given(encoder, tokens):
                score = run(bare).sum()
            step = seen.steps[attention] if pooling is None else read.steps[pooling]
            yield self._torch.autograd.grad(score, step.weights)[0]

    def _bare(self, inside: Inside) -> Any:
        """Return the adapter with the opened network once more, whose layers hand on what they are given."""
        if inside not in self._idle:
            network = on_same_weights(self.adapter._model)
            for layer in getattr(attrgetter(inside.encoder)(network), inside.layers):
                layer.forward = lambda tokens, *args, **named: tokens
            self._idle[inside] = with_network(self.adapter, network)
        return self._idle[inside]

    @contextmanager
    def _watching(self, attentions: list[Any], layers: Any = (), cut: slice = slice(0)) -> Iterator[Pass]:
        """Give a record that fills while the network runs; layers in ``cut`` begin a graph of their own."""
        seen = Pass({attention: Step() for attention in attentions})
        with ExitStack() as hooks:

            def on(module: Any, hook: Any, *, before: bool = False) -> None:
                register = module.register_forward_pre_hook if before else module.register_forward_hook
                hooks.callback(register(hook).remove)

            for layer in list(layers)[cut]:
                on(layer, lambda module, args: (args[0].detach().requires_grad_(), *args[1:]), before=True)
            for layer in layers:
                on(layer, lambda module, args, output: seen.tokens.append(output))
            for attention, step in seen.steps.items():
                for part, name in (("q_proj", "query"), ("k_proj", "keys"), ("v_proj", "values")):
                    on(getattr(attention, part), _keeping(step, name))
                on(attention.out_proj, lambda module, args, step=step: setattr(step, "output", args[0]), before=True)
                on(attention, lambda module, args, output, step=step: setattr(step, "weights", output[1]))
            yield seen


def with_network(adapter: Any, network: Any) -> Any:
    """Return the adapter once more, with another network: what it does with it is the same."""
    other = copy.copy(adapter)
    other._model, other._opened = network, None
    return other


def on_same_weights(network: Any) -> Any:
    """Return the network once more, on the very same weights: what is set or hooked there alters nobody else's."""
    weights = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    return copy.deepcopy(network, weights)


def _written_out(network: Any) -> Any:
    """Return the network on the same weights, with attention that writes its weights out, in parts that can be watched.

    PyTorch's own attention keeps its projections in one matrix and its weights to itself: it is replaced.
    """
    import torch

    other = on_same_weights(network)
    for module in list(other.modules()):
        if hasattr(getattr(module, "config", None), "_attn_implementation"):
            module.config._attn_implementation = "eager"
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.MultiheadAttention):
                setattr(module, name, _in_parts(child))
    return other


def _in_parts(attention: Any) -> Any:
    """Return PyTorch's attention with a projection for query, keys, values and output each, on the same weights."""
    import torch

    def linear(weight: Any, bias: Any) -> Any:
        made = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
        made.weight = torch.nn.Parameter(weight, requires_grad=False)
        if bias is not None:
            made.bias = torch.nn.Parameter(bias, requires_grad=False)
        return made

    class InParts(torch.nn.Module):
        """Attention, as ``torch.nn.MultiheadAttention`` has it, whose weights take part in what it gives."""

        def __init__(self) -> None:
            super().__init__()
            weights = (
                attention.in_proj_weight.chunk(3)
                if attention.in_proj_weight is not None
                else (attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight)
            )
            biases = attention.in_proj_bias.chunk(3) if attention.in_proj_bias is not None else (None,) * 3
            self.q_proj, self.k_proj, self.v_proj = map(linear, weights, biases)
            self.out_proj = linear(attention.out_proj.weight, attention.out_proj.bias)
            self.num_heads, self.batch_first = attention.num_heads, attention.batch_first

        def forward(self, query: Any, key: Any, value: Any, attn_mask: Any = None, **options: Any) -> tuple[Any, Any]:
            tokens = [query, key, value]
            if not self.batch_first:
                tokens = [each.transpose(0, 1) for each in tokens]
            projections = (self.q_proj, self.k_proj, self.v_proj)
            asked, keys, values = (
                project(each).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
                for project, each in zip(projections, tokens, strict=True)
            )
            like = asked @ keys.transpose(-2, -1) * asked.shape[-1] ** -0.5
            if attn_mask is not None:
                mask = attn_mask.unflatten(0, (-1, self.num_heads)) if attn_mask.dim() == 3 else attn_mask
                like = like.masked_fill(mask, -torch.inf) if mask.dtype == torch.bool else like + mask
            weights = like.softmax(dim=-1)
            given = self.out_proj((weights @ values).transpose(1, 2).flatten(2))
            return given if self.batch_first else given.transpose(0, 1), weights

    return InParts().eval()


def _keeping(step: Step, name: str) -> Callable[[Any, Any, Any], None]:
    return lambda module, args, output: setattr(step, name, output)


@contextmanager
def _given(encoder: Any, tokens: Any) -> Iterator[None]:
    """Let an encoder whose layers do nothing answer with ``tokens``."""

    def give(module: Any, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return ((tokens, *args[1:]), named) if args else (args, {**named, "inputs_embeds": tokens})

    hook = encoder.register_forward_pre_hook(give, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()
