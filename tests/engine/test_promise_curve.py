"""The shape of durations against textbook estimates, and how it bends when stragglers change."""

import math

import numpy as np
import pytest
from promise_truth import SPREAD, kaplan_meier, normal_cdf

from engine.promise import Lane, Learner, Observation, from_dict, records_of, to_dict
from engine.promise.curve import Counts, Curve, seen


def test_censored_durations_give_the_kaplan_meier_estimate():
    rng = np.random.default_rng(3)
    lasted = rng.gamma(2.0, 0.6, 3000)
    watched = rng.uniform(0.1, 3.0, 3000)
    ended = lasted <= watched
    shown = np.minimum(lasted, watched)
    curve = Curve.of(*vars(seen(np.zeros(3000), shown, ended)).values())
    for at in (0.5, 1.0, 1.5, 2.0, 2.5):
        expected = kaplan_meier(shown.tolist(), ended.tolist(), at)
        assert curve.left(at) == pytest.approx(expected, abs=0.015)


def test_figures_of_the_literature():
    """Remission times under 6-MP (Freireich et al. 1963), the example of most textbooks."""
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    lasted = np.array(done + censored) / 10.0
    ended = np.arange(21) < len(done)
    curve = Curve.of(*vars(seen(np.zeros(21), lasted, ended)).values())
    published = {9.0: 0.807, 12.0: 0.753, 15.0: 0.690, 20.0: 0.627, 30.0: 0.448}
    for at, share in published.items():
        assert curve.left(at / 10.0) == pytest.approx(share, abs=0.035)


def test_late_entry_is_no_survival():
    """Who was looked at from some age on says nothing of the time before."""
    rng = np.random.default_rng(4)
    lasted = rng.exponential(1.0, 20_000)
    entered = rng.uniform(0.0, 2.0, 20_000)
    inside = lasted > entered
    curve = Curve.of(
        *vars(seen(entered[inside], lasted[inside], np.ones(inside.sum(), bool))).values()
    )
    for at in (0.5, 1.0, 2.0):
        assert curve.left(at) == pytest.approx(math.exp(-at), abs=0.02)


def test_the_assumed_curve_is_log_normal():
    assumed = Counts.assumed(0.5, 10.0)
    curve = Curve.of(assumed.arrived, assumed.at_risk)
    for at in (0.5, 1.0, 1.5, 2.5):
        assert curve.arrived(at) == pytest.approx(normal_cdf(math.log(at) / 0.5), abs=0.02)
    assert curve.median() == pytest.approx(1.0, abs=0.02)


# Stragglers that come and go ----------------------------------------------------------------------


def straggling(rng, change, before, after, until=320.0, per_day=15):
    """A tenth or so take three times as long as the others; how many changes on some day."""
    found = []
    for at in np.sort(rng.uniform(0.0, until, int(per_day * until))).tolist():
        slow = rng.random() < (before if at < change else after)
        lasted = 6.0 * math.exp(rng.normal(0.0, SPREAD)) * (3.0 if slow else 1.0)
        found.append(Observation(Lane(), at, at + lasted))
    return found


def truth(part, confidence):
    grid = np.linspace(1.0, 60.0, 6000)
    usual, slow = (normal_cdf(np.log(grid / days) / SPREAD) for days in (6.0, 18.0))
    return float(np.interp(confidence, (1.0 - part) * usual + part * slow, grid))


@pytest.mark.parametrize(("before", "after"), [(0.12, 0.02), (0.02, 0.12)])
def test_stragglers_that_come_or_go_are_told_within_weeks(before, after):
    """Sixty days on, most of the way from the old tail to the new one is made, at half-lives of
    120 days for all else."""
    learner = Learner()
    learner.update(straggling(np.random.default_rng(31), 240.0, before, after), 300.0)
    old, new = truth(before, 0.95), truth(after, 0.95)
    way = (learner.quantile(Lane(), 0.95).days - old) / (new - old)
    assert 0.5 < way < 1.2
    # What most of them take is as it was.
    assert learner.quantile(Lane(), 0.5).days == pytest.approx(truth(after, 0.5), rel=0.1)


def test_a_shape_that_stays_is_not_bent():
    rng = np.random.default_rng(32)
    learner = Learner()
    learner.update(straggling(rng, 0.0, 0.08, 0.08), 320.0)
    for confidence in (0.5, 0.8, 0.9, 0.95):
        found = learner.quantile(Lane(), confidence).days
        assert found == pytest.approx(truth(0.08, confidence), rel=0.09)


def test_a_change_of_pace_is_no_change_of_shape():
    rng = np.random.default_rng(33)
    every = [
        Observation(Lane(), at, at + 6.0 * math.exp(rng.normal(0.0, SPREAD)) * (0.7, 1.0)[at < 220])
        for at in np.sort(rng.uniform(0.0, 280.0, 4200)).tolist()
    ]
    learner = Learner()
    learner.update(every, 280.0)
    ends = learner.quantiles([Lane()], [0.5, 0.95])[0]
    assert ends[1] / ends[0] == pytest.approx(math.exp(1.645 * SPREAD), rel=0.12)


def test_what_was_seen_lately_is_stored_too():
    learner = Learner()
    records = records_of(straggling(np.random.default_rng(34), 60.0, 0.12, 0.0, until=130.0))
    learner.update(records, 120.0)
    again = from_dict(to_dict(learner))
    lately = to_dict(learner)["lately"]
    assert sum(lately[""][0]) > 100.0
    for one in (learner, again):
        one.update(records, 130.0)
    np.testing.assert_allclose(
        again.quantiles([Lane()], [0.5, 0.95]), learner.quantiles([Lane()], [0.5, 0.95]), rtol=1e-4
    )
    with pytest.raises(ValueError, match="learn anew"):
        from_dict({**to_dict(learner), "lately": {"": [[1.0], [1.0]]}})
