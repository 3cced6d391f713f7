"""When things arrive: learned from what really happened, promised with a confidence."""

from .calibration import Score, calibration, pinball, scores, wilson
from .budget import Budget
from .chain import CASES, CHANCES, after, choose_days, shares_by_day
from .clock import Clock
from .dates import kept_chances, promised_dates
from .lanes import LEVELS, Lane, Observation, Records, records_of
from .learner import Estimate, Learner
from .seasons import Season, season_of
from .state import from_dict, to_dict
from .steps import Step, fixed, learned, milestones, miss_chance, together

__all__ = [
    "CASES",
    "CHANCES",
    "LEVELS",
    "Budget",
    "Clock",
    "Estimate",
    "Lane",
    "Learner",
    "Observation",
    "Records",
    "Score",
    "Season",
    "Step",
    "after",
    "calibration",
    "choose_days",
    "fixed",
    "from_dict",
    "kept_chances",
    "learned",
    "milestones",
    "miss_chance",
    "pinball",
    "promised_dates",
    "records_of",
    "scores",
    "season_of",
    "shares_by_day",
    "to_dict",
    "together",
    "wilson",
]
