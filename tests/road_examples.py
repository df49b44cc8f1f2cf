"""Random road graphs for the property tests."""

import numpy as np
from hypothesis import strategies as st

strengths = st.one_of(st.just(0.0), st.just(0.0), st.floats(1 / 64, 8, width=32))


@st.composite
def matrices(draw, symmetric=False, max_nodes=7):
    """Weights with isolated nodes, several parts and self-loops now and then; directed unless `symmetric`."""
    count = draw(st.integers(1, max_nodes))
    W = np.array(draw(st.lists(strengths, min_size=count**2, max_size=count**2))).reshape(count, count)
    return np.maximum(W, W.T) if symmetric else W


@st.composite
def edged_matrices(draw, max_nodes=7):
    """Symmetric weights with at least one edge between two nodes."""
    W = draw(matrices(symmetric=True, max_nodes=max_nodes).filter(lambda W: len(W) > 1))
    if not np.any(W - np.diag(np.diag(W))):
        W[0, 1] = W[1, 0] = 1.0
    return W


@st.composite
def orders(draw, count):
    return np.array(draw(st.permutations(range(count))))
