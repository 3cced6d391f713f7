"""Payment providers: what they tell by themselves, what they settled, and one to try it out on."""

from . import contract
from .contract import *  # noqa: F403  # the names that it lists, no others

__all__: list[str] = []
__all__ += contract.__all__
