"""Carriers: one contract, an adapter for each, chosen by its name."""

from . import contract
from .chronopost import Chronopost
from .contract import *  # noqa: F403  # the names that it lists, no others
from .contract import Adapter
from .dhl import Dhl
from .gls import Gls
from .sendcloud import Sendcloud
from .simulator import Simulator

#: Adapters by the name under which accounts choose them.
ADAPTERS: dict[str, Adapter] = {
    "chronopost": Chronopost(),
    "dhl": Dhl(),
    "gls": Gls(),
    "sendcloud": Sendcloud(),
    "simulator": Simulator(),
}

__all__ = ["ADAPTERS"]
__all__ += contract.__all__
