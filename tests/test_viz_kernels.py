"""Kernels that slide: what they answer, what goes to the page, and what is refused."""

import numpy as np
import pytest

from stgcn_lib.viz import sliding_kernels
from stgcn_lib.viz.kernels import answers

T = np.arange(40.0)


def show(signals=None, kernels=(3, 5, 7), **changes):
    signals = {"quick": np.sin(T), "slow": np.sin(T / 9)} if signals is None else signals
    return sliding_kernels(signals, kernels, alt="test", **changes)


@pytest.mark.parametrize("k", [3, 5, 9])
def test_an_answer_is_the_convolution_with_halves(k):
    h, signal = k // 2, np.random.default_rng(0).normal(size=30)
    taps = np.r_[-np.ones(h), 0, np.ones(h)] / h
    np.testing.assert_allclose(answers(signal, k)[h:-h], np.correlate(signal, taps, "valid"))
    assert np.isnan(answers(signal, k)[:h]).all() and np.isnan(answers(signal, k)[-h:]).all()
    np.testing.assert_allclose(answers(2 * T, k)[h:-h], 2 * (h + 1))  # a ramp: the longer the window, the more has changed


def test_signals_of_different_lengths_and_a_page_of_few_bytes():
    figure = show({"a": np.sin(np.arange(60)), "b": np.sin(np.arange(1500) / 99)}, (3, 9, 31), fps=60)
    assert [len(one) for one in figure.data["signals"]] == [60, 1500] and figure.data["fps"] == 15
    assert len(figure.to_html(standalone=False)) < 25_000 and len(show().to_html(standalone=False)) < 8_000
    assert len({tuple(one) for one in figure.data["looks"]}) == 3 and "nan" not in figure.still


@pytest.mark.parametrize(("changes", "word"), [
    ({"signals": {}}, "signals"), ({"signals": {"a": np.zeros((4, 2))}}, "shape"), ({"signals": {"a": np.zeros(5)}}, "at least 7"),
    ({"signals": {"a": T * np.nan}}, "finite"), ({"kernels": (4,)}, "odd"), ({"kernels": (3, 3)}, "different"),
    ({"kernels": ()}, "odd"), ({"signals": {"a": np.zeros(2001)}}, "cut"), ({"fps": 0}, "fps")])
def test_what_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        show(**changes)
