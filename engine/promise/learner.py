"""Learn how long things take by lane, from what has arrived and from what has not yet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bend import Bend, factors
from .clock import Clock, Week
from .curve import EDGES, LONGEST, Counts, Curve, between, blurred, hazard_of, seen
from .lanes import LEVELS, Index, Lane, Observation, Records, records_of
from .news import news
from .nodes import Nodes

Floats = NDArray[np.float64]

ASSUMED_SPREAD = 0.5
"""Of the logarithm of durations, before anything was seen: the longest tenth takes at least
1.9 times the median."""

ASSUMED_WEIGHT = 10.0
"""Arrivals that this assumption stands for."""

SHAPE_WEIGHT = 60.0
"""Arrivals of all methods that a method's own curve starts from."""

REMEMBERED = 120.0
"""Half-life of the shape of durations, days: it changes slowly, but slow times have more
stragglers than fast ones."""

WEEK_REMEMBERED = 365.0
"""Half-life of the differences between weekdays, days."""

FIRST = 50
"""Arrivals whose median is what durations are first taken to be."""

SHORTEST = 1e-3
"""Days below which nothing is told apart: a minute and a half."""

LOAD_SPREAD = 0.3
"""Standard deviation of the exponent of load before anything was seen."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long something takes with some confidence.

    :param days: within which it is done with that confidence, doubt about the lane included
    :param lower: with nine in ten chances the true quantile lies between this
    :param upper: and this, days
    :param level: names of what the estimate is based on, the most particular of what was seen
    :param count: arrivals that it rests on, older ones counted less
    """

    days: float
    lower: float
    upper: float
    level: tuple[str, ...]
    count: float


class Learner:
    """What is known of how long things take.

    :param typical: median of days that a lane of which nothing is known is configured to take;
        None to begin with what the first arrivals show
    :param closed: whole days since 1970-01-01 on which nothing moves
    :raises ValueError: the typical days are not above zero
    """

    def __init__(self, typical: float | None = None, closed: Iterable[int] = ()) -> None:
        if typical is not None and not 0.0 < typical < 10_000.0:
            raise ValueError(f"The usual days must be above zero, not {typical!r}.")
        self.typical = typical
        self.closed = tuple(sorted(set(closed)))
        self.until: float | None = None
        self.nodes = Nodes()
        self.base = math.log(typical or 1.0)
        self.load = np.array([0.0, LOAD_SPREAD**2])
        self.week = Week.unknown()
        self.counts = Counts.assumed(ASSUMED_SPREAD, ASSUMED_WEIGHT)
        self.shapes: dict[str, Counts] = {}
        self.bend = Bend()
        self.refresh()

    # What is known -------------------------------------------------------------------------------

    def clock(self) -> Clock:
        """Return the clock by which durations are counted now."""
        return self._clock

    def quantile(self, lane: Lane, confidence: float, load: float = 1.0) -> Estimate:
        """Tell how long a lane takes with some confidence.

        :param confidence: between 0 and 1
        :param load: how much more there is to do than usual, as a factor
        :return: in usual days of :meth:`clock`
        :raises ValueError: the confidence is none, or the load not above zero
        """
        days = self.quantiles([lane], [confidence], [load])[0, 0]
        found = self.nodes.of([lane])
        count = np.where(found[0] >= 0, self.nodes.count[np.maximum(found[0], 0)], 0.0)
        known = [level for level in range(len(LEVELS)) if count[level] >= 1.0]
        level = known[-1] if known else 0
        curve = self._curve(lane.method)
        # The quantile lies between two order statistics; on top comes the doubt about the lane.
        number = max(float(count[0] if found[0, 0] >= 0 else 0.0), ASSUMED_WEIGHT)
        doubt = 1.645 * math.sqrt(confidence * (1.0 - confidence) / number)
        scale = self._scales([lane], found, np.array([load]))[0]
        wide = math.exp(1.645 * math.sqrt(self._doubts(found)[0]))
        ends = np.clip([confidence - doubt, confidence + doubt], 1e-6, 1.0 - 1e-6)
        lower, upper = np.interp(ends, curve.arrived(EDGES), EDGES) * scale
        return Estimate(
            float(days),
            min(float(lower) / wide, float(days)),
            max(float(upper) * wide, float(days)),
            LEVELS[level],
            float(count[level]),
        )

    def quantiles(
        self, lanes: Sequence[Lane], confidences: Sequence[float], loads: ArrayLike = 1.0
    ) -> Floats:
        """Tell how long lanes take with some confidences.

        :param lanes: L of them
        :param confidences: C of them, each between 0 and 1
        :param loads: how much more there is to do than usual, factors, shape (L,) or one for all
        :return: usual days of :meth:`clock`, shape (L, C)
        :raises ValueError: a confidence is none, or a load is not above zero
        """
        wanted = np.asarray(confidences, dtype=float)
        if not ((wanted > 0.0) & (wanted < 1.0)).all():
            raise ValueError(f"A confidence must be between 0 and 1, not {confidences!r}.")
        loads = np.broadcast_to(np.asarray(loads, dtype=float), (len(lanes),))
        if not ((loads > 0.0) & np.isfinite(loads)).all():
            raise ValueError("A load must be a factor above zero.")
        scale, known, _ever = self.profiles(lanes, loads)
        days = np.empty((len(lanes), wanted.size))
        for row, shares in enumerate(known):
            days[row] = scale[row] * np.interp(wanted, shares, EDGES)
        return days

    def arrived(
        self, lanes: Sequence[Lane], after: ArrayLike, loads: ArrayLike = 1.0
    ) -> tuple[Floats, Floats]:
        """Tell which share of what begins on lanes has arrived after some time.

        :param lanes: L of them
        :param after: usual days of :meth:`clock`, shape (L, K)
        :return: share of those that ever arrive, shape (L, K), and the share that does, (L,)
        """
        scale, known, ever = self.profiles(lanes, loads)
        after = np.asarray(after, dtype=float)
        share = np.empty(after.shape)
        for row, shares in enumerate(known):
            share[row] = np.interp(after[row] / scale[row], EDGES, shares)
        return share, ever

    def profiles(
        self, lanes: Sequence[Lane], loads: ArrayLike = 1.0
    ) -> tuple[Floats, Floats, Floats]:
        """Tell how what begins on lanes arrives, for whoever asks for many moments of it.

        :param lanes: L of them
        :param loads: how much more there is to do than usual, factors, shape (L,) or one for all
        :return: usual days of :meth:`clock` that stand for one of `EDGES`, shape (L,); the share of
            those that ever arrive that has by each of `EDGES`, (L, B + 1); and the share that
            ever does, (L,)
        """
        found = self.nodes.of(lanes)
        loads = np.broadcast_to(np.asarray(loads, dtype=float), (len(lanes),))
        doubt = self._doubts(found)
        known = np.empty((len(lanes), EDGES.size))
        ever = np.empty(len(lanes))
        by_method: dict[str, list[int]] = {}
        for row, lane in enumerate(lanes):
            by_method.setdefault(lane.method if lane.method in self.shapes else "", []).append(row)
        for method, rows in by_method.items():
            known[rows] = between(self._table(method), doubt[rows])
            ever[rows] = 1.0 - self._curve(method).never
        return self._scales(lanes, found, loads), known, ever

    # Learning ------------------------------------------------------------------------------------

    def update(self, observations: Iterable[Observation] | Records, now: float) -> None:
        """Learn what happened until now.

        :param observations: all that was under way at some moment since the last update: what
            began, ended or was dropped since then, and what still is under way. What begins or
            ends after ``now`` counts as not begun or under way: the future is not looked at.
        :param now: days since 1970-01-01
        :raises ValueError: ``now`` lies before the last update
        """
        records = observations if isinstance(observations, Records) else records_of(observations)
        if not math.isfinite(now):
            raise ValueError(f"Now must be a number of days since 1970-01-01, not {now!r}.")
        if self.until is not None and now < self.until:
            raise ValueError(f"What happened until day {self.until:g} is known, now is {now:g}.")
        if self.until is None and not self._begin(records, now):
            return
        rows = np.flatnonzero(
            (records.started < now)
            & (records.left > (-math.inf if self.until is None else self.until))
        )
        if rows.size:
            self._walk(records.only(rows), now)
        if rows.size or self.until is not None:
            self.until = now

    def _walk(self, records: Records, now: float) -> None:
        """Learn day by day; the records are those that were under way since the last update."""
        moment = self.until
        if moment is None:
            moment = float(records.started[0])
        found = self.nodes.of(records.lanes, grow=True)
        first = 0
        active = np.zeros(0, dtype=np.int64)
        while moment < now:
            if not active.size:
                # Nothing is under way: on to the day on which something begins.
                more = first < len(records)
                begin = math.floor(float(records.started[first])) if more else now
                if begin > moment:
                    self._fade(begin - moment)
                    moment = min(float(begin), now)
                    continue
            end = min(math.floor(moment) + 1.0, now)
            last = int(np.searchsorted(records.started, end, side="left"))
            active = np.concatenate([active, np.arange(first, last)])
            first = last
            if active.size:
                age = self._day(records, found, active, moment, end)
                # What is so old says nothing any more, arrive or not.
                active = active[(records.left[active] > end) & (age < LONGEST)]
            else:
                self._fade(end - moment)
            moment = end

    def _fade(self, days: float) -> None:
        """Let time pass in which nothing is under way."""
        keep = 0.5 ** (days / REMEMBERED)
        self.nodes.age(days, keep)
        for counts in (self.counts, *self.shapes.values()):
            counts.keep(keep)
        self.bend.keep(days)
        self.refresh()

    def _begin(self, records: Records, now: float) -> bool:
        """Take the level of durations from the first arrivals if none is configured.

        :return: whether there is a level to begin with; until then it is taken to be what the
            work under way has lasted
        """
        begun = records.started < now
        bare = np.array([not lane.usual for lane in records.lanes], dtype=bool)[records.lane]
        if self.typical is not None or not (bare & begun).any():
            return True
        done = np.flatnonzero(bare & records.ended & (records.left <= now))[:FIRST]
        lasted = records.left[done] - records.started[done]
        if not done.size:
            lasted = now - records.started[bare & begun]
        self.base = math.log(max(float(np.median(lasted)), SHORTEST))
        return bool(done.size)

    def _day(
        self, records: Records, found: Index, active: Index, since: float, until: float
    ) -> Floats:
        """Learn a stretch of time that lies within one day.

        :return: relative age of each at its end, shape of ``active``
        """
        clock = self._clock
        lane = records.lane[active]
        begun = records.started[active]
        left = records.left[active]
        ended = records.ended[active] & (left <= until)
        # The parts of the scale that the nodes do not know.
        load = records.load[active]
        given = self._offsets(records.lanes)[lane]
        at_start, at_until = clock.at(begun), clock.at(np.minimum(left, until))
        known = np.maximum(clock.at(since) - at_start, 0.0)
        age = at_until - at_start
        self._fade(until - since)
        curve = self._curve("")
        # The shape is learned by what was known before: by what the day itself taught, durations
        # would look more alike than one could have said.
        scale = np.exp(given + self.nodes.sums(found)[lane] + self.load[0] * load)
        expected = curve.hazard_until(age / scale) - curve.hazard_until(known / scale)
        self._shape(records, lane, known / scale, age / scale, ended)
        for level in range(len(LEVELS)):
            places = found[:, level]
            if level and not (places >= 0).any():
                continue
            scale = np.exp(given + self.nodes.sums(found)[lane] + self.load[0] * load)
            surplus, slope, noise = news(curve, known / scale, age / scale, ended)
            by_lane = [
                np.bincount(lane, each, minlength=len(found)) for each in (surplus, slope, noise)
            ]
            self.nodes.learn(level, places, *by_lane)
        if load.any():
            self._learn_load(curve, known, age, ended, load, given + self.nodes.sums(found)[lane])
        arrivals = np.bincount(lane[ended], minlength=len(found)).astype(float)
        for level in range(len(LEVELS)):
            has = found[:, level] >= 0
            np.add.at(self.nodes.count, found[has, level], arrivals[has])
        keep = 0.5 ** ((until - since) / WEEK_REMEMBERED)
        self.week.learn(since, float(ended.sum()), float(expected.sum()), clock, keep)
        self.refresh()
        return age / scale

    def _learn_load(
        self,
        curve: Curve,
        known: Floats,
        age: Floats,
        ended: NDArray[np.bool_],
        load: Floats,
        rest: Floats,
    ) -> None:
        """Learn how durations grow with the load, the rest of the scale being known."""
        scale = np.exp(rest + self.load[0] * load)
        surplus, slope, noise = news(curve, known / scale, age / scale, ended)
        total, slopes = float(surplus @ load), float(slope @ load**2)
        noises = float(noise @ load**2)
        if slopes > 1e-9:
            gain = self.load[1] * slopes / (self.load[1] * slopes**2 + noises + 1e-12)
            self.load[0] = float(np.clip(self.load[0] + np.clip(gain * total, -0.2, 0.2), -1, 3))
            self.load[1] *= max(1.0 - gain * slopes, 1e-4)
            self.load[1] = min(self.load[1] + 1e-6, LOAD_SPREAD**2)

    def _shape(
        self,
        records: Records,
        lane: Index,
        known: Floats,
        age: Floats,
        ended: NDArray[np.bool_],
    ) -> None:
        """Learn the shape of durations, of all and by method."""
        methods, of_lane = records.methods
        of_row = of_lane[lane]
        for number in np.unique(of_row).tolist():
            mine = of_row == number
            part = seen(known[mine], age[mine], ended[mine])
            self.counts.add(part)
            self.bend.learn(methods[number], part)
            if methods[number]:
                self.shapes.setdefault(methods[number], Counts.none()).add(part)

    # Within --------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Forget what was worked out before the state changed."""
        self._clock = self.week.clock(self.closed)
        self._curves: dict[str, Curve] = {}
        self._tables: dict[str, Floats] = {}
        self._bent: Floats | None = None

    def _curve(self, method: str) -> Curve:
        """Return the distribution of relative durations of a method, "" for all of them."""
        if method not in self.shapes:
            method = ""
        if method not in self._curves:
            if self._bent is None:
                lately = self.bend.lately.items()
                self._bent = factors((now, hazard_of(*self._counts(each))) for each, now in lately)
            self._curves[method] = Curve.of(*self._counts(method), self._bent)
        return self._curves[method]

    def _counts(self, method: str) -> tuple[Floats, Floats]:
        """Return arrivals and time at risk of a method, which start from those of all."""
        arrived, at_risk = self.counts.arrived, self.counts.at_risk
        if method in self.shapes:
            own = self.shapes[method]
            part = min(1.0, SHAPE_WEIGHT / max(float(arrived.sum()), 1e-9))
            arrived = own.arrived + part * arrived
            at_risk = own.at_risk + part * at_risk
        return arrived, at_risk

    def _table(self, method: str) -> Floats:
        """Return the shares that arrive, for each of `DOUBTS`, shape (D, B + 1)."""
        if method not in self._tables:
            self._tables[method] = blurred(self._curve(method))
        return self._tables[method]

    def _offsets(self, lanes: Sequence[Lane]) -> Floats:
        """Logarithms of what is configured for lanes, shape (L,)."""
        return np.array([math.log(lane.usual) if lane.usual else self.base for lane in lanes])

    def _scales(self, lanes: Sequence[Lane], found: Index, loads: Floats) -> Floats:
        known = self._offsets(lanes) + self.nodes.sums(found)
        return np.exp(known + self.load[0] * np.log(loads))

    def _doubts(self, found: Index) -> Floats:
        return self.nodes.variances(found)
