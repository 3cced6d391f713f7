"""Lanes whose distributions are known, and textbook estimators, to hold the learner against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.promise import Lane, Observation

SPREAD = 0.4


def normal_cdf(values):
    return np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)))(values)


@dataclass
class World:
    """Log-normal durations by site, method and region, whose medians are the product of three."""

    sites: dict
    methods: dict
    regions: dict
    typical: float = 5.0

    def median(self, lane):
        logs = (
            self.sites.get(lane.site, 0.0)
            + self.methods.get(lane.method, 0.0)
            + self.regions.get(lane.region, 0.0)
        )
        return self.typical * math.exp(logs)

    def kept(self, lanes, days):
        """Chance that lanes are done within some days, shape of the days (L, C)."""
        medians = np.array([self.median(lane) for lane in lanes])
        return normal_cdf(np.log(np.asarray(days) / medians[:, None]) / SPREAD)

    @property
    def lanes(self):
        return [
            Lane(site, method, region)
            for site in self.sites
            for method in self.methods
            for region in self.regions
        ]


def world_of(rng, sites=8, regions=6):
    return World(
        {f"site{n}": rng.normal(0.0, 0.25) for n in range(sites)},
        {"slow": 0.5, "usual": 0.0, "fast": -0.5},
        {f"region{n}": rng.normal(0.0, 0.3) for n in range(regions)},
    )


def shipments(rng, world, number, days, pace=lambda day: 1.0):
    """Observations over some days; all of them end, some after the last day."""
    lanes = world.lanes
    found = []
    for started in np.sort(rng.uniform(0.0, days, number)).tolist():
        lane = lanes[rng.integers(len(lanes))]
        lasted = world.median(lane) * math.exp(rng.normal(0.0, SPREAD)) * pace(started)
        found.append(Observation(lane, started, started + lasted))
    return found


def kaplan_meier(lasted, ended, at):
    """The product-limit estimate as the textbook has it: the share left after `at`."""
    left = 1.0
    for moment in sorted({time for time, done in zip(lasted, ended, strict=True) if done}):
        if moment > at:
            break
        at_risk = sum(time >= moment for time in lasted)
        done = sum(time == moment and d for time, d in zip(lasted, ended, strict=True))
        left *= 1.0 - done / at_risk
    return left
