"""Demand: from what was wanted to what will be, with its law.

- :mod:`.history`: what was wanted of many series, when it could be, and what is known besides
- :mod:`.cleaning`: stock-outs, promotions and outliers
- :mod:`.season`, :mod:`.pooling`, :mod:`.products`: what series learn from others
- :mod:`.methods`: the methods, a week of many series at a time
- :mod:`.forecasting`: all of it together
- :mod:`.outlook`: the forecasts, and their law over any time ahead
- :mod:`.law`: chances, quantiles and expected misses of a demand of known mean and variance
"""

from .classes import CLASSES
from .forecasting import forecast
from .history import History, Promotion
from .law import cdf, loss, quantile, sample
from .outlook import METHODS, Forecast
