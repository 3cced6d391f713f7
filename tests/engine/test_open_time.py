"""Time that runs only while somebody is open, against counting second by second."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.open_time import elapsed, join, run_out

stretches = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


def open_seconds(given_stretches, begin, end):
    """Count the whole seconds from begin to end in which somebody is open."""
    return [
        second
        for second in range(begin, end)
        if any(since <= second < until for since, until in given_stretches)
    ]


@given(stretches, st.integers(0, 40), st.integers(0, 40))
def test_elapsed(given_stretches, begin, end):
    assert elapsed(given_stretches, begin, end) == len(open_seconds(given_stretches, begin, end))


@given(stretches, st.integers(0, 40), st.integers(1, 30))
def test_run_out(given_stretches, begin, seconds):
    counted = open_seconds(given_stretches, begin, 41)
    expected = counted[seconds - 1] + 1 if len(counted) >= seconds else math.inf
    assert run_out(given_stretches, begin, seconds) == expected


@given(stretches)
def test_joined_stretches_are_apart(given_stretches):
    joined = join(given_stretches)
    assert all(begin < end for begin, end in joined)
    assert all(one[1] < other[0] for one, other in pairwise(joined))


def test_a_place_that_never_closes():
    assert run_out([(10.0, math.inf)], 5.0, 60.0) == 70.0
    assert elapsed([(10.0, math.inf)], 5.0, 30.0) == 20.0


def test_bad_input():
    with pytest.raises(ValueError, match="backwards"):
        run_out([], 0.0, -1.0)
