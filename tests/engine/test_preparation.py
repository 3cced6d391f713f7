"""Waves: nothing lost, nothing twice, no limit broken, what is due first first."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.preparation import PICKERS, Limits, Work, plan

works = st.lists(
    st.builds(
        Work,
        key=st.integers(0, 10**6),
        group=st.sampled_from("abc"),
        due=st.sampled_from([1.0, 2.0, 3.0, math.inf]),
        lines=st.integers(1, 6),
        units=st.integers(1, 20),
        weight=st.integers(0, 30),
    ),
    max_size=25,
    unique_by=lambda work: work.key,
)
limits = st.builds(
    Limits,
    orders=st.integers(1, 5),
    lines=st.integers(1, 12),
    units=st.integers(1, 30),
    weight=st.integers(1, 40),
    waves=st.one_of(st.just(math.inf), st.integers(0, 4)),
)


@given(works, limits)
def test_each_work_is_in_one_wave_or_told_as_left(given_works, given_limits):
    result = plan(given_works, given_limits)
    told = [key for wave in result.waves for key in wave.keys]
    told += [key for key, _reason in result.left]
    assert sorted(told) == sorted(work.key for work in given_works)


@given(works, limits)
def test_no_wave_breaks_a_limit_unless_one_work_does(given_works, given_limits):
    by_key = {work.key: work for work in given_works}
    result = plan(given_works, given_limits)
    assert len(result.waves) <= given_limits.waves
    for wave in result.waves:
        inside = [by_key[key] for key in wave.keys]
        assert {work.group for work in inside} == {wave.group}
        assert inside == sorted(inside, key=lambda work: (work.due, work.key))
        if len(inside) > 1:
            assert len(inside) <= given_limits.orders
            for name in ("lines", "units", "weight"):
                assert sum(getattr(work, name) for work in inside) <= getattr(given_limits, name)


@given(works, limits)
def test_nothing_is_left_that_has_room(given_works, given_limits):
    """Brute force over the result: a work that is left fits into no wave of its group."""
    by_key = {work.key: work for work in given_works}
    result = plan(given_works, given_limits)
    for key, reason in result.left:
        assert reason == PICKERS
        assert len(result.waves) == given_limits.waves
        work = by_key[key]
        for wave in result.waves:
            if wave.group != work.group:
                continue
            inside = [by_key[each] for each in wave.keys]
            assert len(inside) + 1 > given_limits.orders or any(
                sum(getattr(each, name) for each in inside) + getattr(work, name)
                > getattr(given_limits, name)
                for name in ("lines", "units", "weight")
            )


def test_what_is_due_first_gets_the_only_picker():
    late, early = Work(1, "a", due=20.0), Work(2, "b", due=10.0)
    result = plan([late, early], Limits(waves=1))
    assert [wave.keys for wave in result.waves] == [(2,)]
    assert result.left == ((1, PICKERS),)


def test_too_large_work_goes_alone():
    works_given = [Work(1, "a", units=50.0, due=1.0), Work(2, "a", units=2.0, due=2.0)]
    result = plan(works_given, Limits(units=10))
    assert [wave.keys for wave in result.waves] == [(1,), (2,)]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="once"):
        plan([Work(1, "a"), Work(1, "a")], Limits())
    with pytest.raises(ValueError, match="hold something"):
        Limits(orders=0)
    with pytest.raises(ValueError, match="fewer"):
        Limits(waves=-1)
