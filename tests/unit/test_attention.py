"""Maps from attention weights against the papers' formulas, written out in loops, and by what must hold of them."""

import numpy as np
import pytest

from workbench.core.attention import by_head, grad_eclip, legrad, raising, raw, relevance, rollout
from workbench.errors import InputError

N_LAYERS, N_HEADS, N_TOKENS, DIM = 4, 3, 6, 5


def weights(seed: int = 0) -> np.ndarray:
    raw = np.random.default_rng(seed).gamma(0.5, size=(N_LAYERS, N_HEADS, N_TOKENS, N_TOKENS))
    return raw / raw.sum(axis=-1, keepdims=True)


def gradients(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N_LAYERS, N_HEADS, N_TOKENS, N_TOKENS))


def at_token(index: int, n_tokens: int) -> np.ndarray:
    """Return the reader of an output that is one token itself."""
    return np.eye(n_tokens)[index]


def pooling(seed: int = 2) -> np.ndarray:
    raw = np.random.default_rng(seed).gamma(0.5, size=N_TOKENS)
    return raw / raw.sum()


@pytest.mark.parametrize("start", [0, 2, 3])
def test_rollout_is_the_product_of_half_attention_and_half_identity(start: int):
    """Abnar & Zuidema: A~ = 0.5 W + 0.5 I, and layers multiply, the first one rightmost."""
    whole = np.eye(N_TOKENS)
    for layer in range(start, N_LAYERS):
        mixed = sum(weights()[layer, head] for head in range(N_HEADS)) / N_HEADS
        whole = (0.5 * mixed + 0.5 * np.eye(N_TOKENS)) @ whole
    np.testing.assert_allclose(rollout(weights(), at_token(0, N_TOKENS), start), whole[0], atol=1e-12)
    np.testing.assert_allclose(rollout(weights(), pooling(), start), pooling() @ whole, atol=1e-12)


def test_shares_of_a_rollout_sum_to_that_of_its_reader():
    assert rollout(weights(), at_token(3, N_TOKENS)).sum() == pytest.approx(1.0)
    assert rollout(weights(), 0.5 * pooling()).sum() == pytest.approx(0.5)


def test_tokens_that_attend_to_themselves_keep_all_of_it():
    itself = np.broadcast_to(np.eye(N_TOKENS), (N_LAYERS, N_HEADS, N_TOKENS, N_TOKENS))
    np.testing.assert_array_equal(rollout(itself, at_token(2, N_TOKENS)), at_token(2, N_TOKENS))


@pytest.mark.parametrize("start", [0, 2, 3])
def test_relevance_is_chefers_update_of_a_whole_matrix(start: int):
    """Chefer et al., equations 5 and 6: R = I, then R += E_h(relu(grad * A)) R, layer after layer from the first."""
    whole = np.eye(N_TOKENS)
    for layer in range(start, N_LAYERS):
        raised = np.zeros((N_TOKENS, N_TOKENS))
        for head in range(N_HEADS):
            raised += np.maximum(gradients()[layer, head] * weights()[layer, head], 0) / N_HEADS
        whole = whole + raised @ whole
    np.testing.assert_allclose(relevance(weights(), gradients(), at_token(0, N_TOKENS), start), whole[0], atol=1e-12)
    np.testing.assert_allclose(relevance(weights(), gradients(), pooling(), start), pooling() @ whole, atol=1e-12)


def test_what_only_lowers_the_score_is_of_no_relevance():
    found = relevance(weights(), -np.abs(gradients()), at_token(0, N_TOKENS))
    np.testing.assert_array_equal(found, at_token(0, N_TOKENS))


def test_the_order_of_the_layers_matters():
    """A known public implementation pairs gradients in backward order with attention in forward order."""
    read = at_token(0, N_TOKENS)
    right = relevance(weights(), gradients(), read)
    assert np.abs(relevance(weights(), gradients()[::-1], read) - right).max() > 1e-3
    assert np.abs(relevance(weights()[::-1], gradients()[::-1], read) - right).max() > 1e-3


def test_grad_eclip_is_the_sum_over_channels_of_the_paper():
    """Zhao et al.: H_i = relu(sum over c of w_c lambda_i v_ic), lambda_i the cosine of query and key from 0 to 1."""
    draw = np.random.default_rng(3)
    query, gradient = draw.normal(size=DIM), draw.normal(size=DIM)
    keys, values = draw.normal(size=(N_TOKENS, DIM)), draw.normal(size=(N_TOKENS, DIM))
    like = [float(key @ query / np.sqrt((key @ key) * (query @ query))) for key in keys]
    for at, found in enumerate(grad_eclip(query, keys, values, gradient)):
        loosened = (like[at] - min(like)) / (max(like) - min(like))
        slow = sum(gradient[c] * loosened * values[at, c] for c in range(DIM))
        assert found == pytest.approx(max(slow, 0.0), abs=1e-12)


def test_grad_eclip_of_several_tokens_that_are_read_adds_up_before_it_is_cut_off_at_zero():
    draw = np.random.default_rng(4)
    queries, gradients_ = draw.normal(size=(2, DIM)), draw.normal(size=(2, DIM))
    keys, values = draw.normal(size=(N_TOKENS, DIM)), draw.normal(size=(N_TOKENS, DIM))
    given = np.zeros(N_TOKENS)
    for query, gradient in zip(queries, gradients_, strict=True):
        like = keys @ query / np.linalg.norm(keys, axis=1) / np.linalg.norm(query)
        given += (like - like.min()) / (like.max() - like.min()) * (values @ gradient)
    np.testing.assert_allclose(grad_eclip(queries, keys, values, gradients_), np.maximum(given, 0), atol=1e-12)


def test_raw_attention_is_the_last_layers_row_of_what_is_read():
    mean = sum(weights()[-1, head, 2] for head in range(N_HEADS)) / N_HEADS
    np.testing.assert_allclose(raw(weights(), at_token(2, N_TOKENS)), mean, atol=1e-12)
    np.testing.assert_allclose(raw(weights(), pooling()), pooling() @ weights()[-1].mean(axis=0), atol=1e-12)


def test_every_head_has_its_own_row():
    found = by_head(weights(), at_token(1, N_TOKENS))
    assert found.shape == (N_LAYERS, N_HEADS, N_TOKENS)
    np.testing.assert_allclose(found[2, 1], weights()[2, 1, 1])


def test_attention_that_would_lower_the_score_raises_nothing():
    found = raising(weights(), gradients())
    np.testing.assert_allclose(found[1, 2, 3, 4], max(weights()[1, 2, 3, 4] * gradients()[1, 2, 3, 4], 0.0))
    assert found.min() == 0.0


def test_grad_eclip_of_tokens_whose_keys_are_alike_counts_them_alike():
    values = np.arange(3.0)[:, None] * np.ones(DIM)
    found = grad_eclip(np.ones(DIM), np.ones((3, DIM)), values, np.ones(DIM))
    np.testing.assert_allclose(found, [0.0, DIM, 2.0 * DIM])


def test_legrad_is_the_mean_of_what_is_positive():
    """Bousselham et al.: per layer the mean over heads and queries of relu(gradient), then the mean over layers."""
    slow = np.zeros(N_TOKENS)
    for layer in range(N_LAYERS):
        for head in range(N_HEADS):
            for query in range(N_TOKENS):
                slow += np.maximum(gradients()[layer, head, query], 0) / (N_LAYERS * N_HEADS * N_TOKENS)
    np.testing.assert_allclose(legrad(gradients()), slow, atol=1e-12)


@pytest.mark.parametrize("start", [-1, N_LAYERS])
def test_a_layer_that_is_not_there_is_refused(start: int):
    with pytest.raises(InputError, match=f"There are 4 layers, counted from 0; begin at one of them, not at {start}"):
        rollout(weights(), at_token(0, N_TOKENS), start)
    with pytest.raises(InputError, match="begin at one of them"):
        relevance(weights(), gradients(), at_token(0, N_TOKENS), start)
