"""Sourcing many orders at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..prices import StockPrices
from . import highs
from .clock import Clock
from .columns import Columns, Prices
from .complete import complete
from .incumbent import Incumbent, fitting, place
from .lagrange import Dual, ascend, evaluate
from .master import Master, choices_near, spare
from .neighbourhood import Search
from .plan import BatchPlan, OrderPlan, Phase, internal_prices, order_plans, stock_prices
from .pricing import Tables
from .problem import BatchProblem
from .reduction import Core, Ints, reduce
from .rework import Rework
from .single import columns_of

DEFAULT_STEPS = 300
"""How many steps of improvement there are where neither their number nor time is limited."""
