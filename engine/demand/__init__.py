"""Demand: from what was wanted to what will be, with its law.

- :mod:`.law`: chances, quantiles and expected misses of a demand of known mean and variance
"""

from .law import cdf, loss, quantile, sample
