"""Codes of countries in other lengths."""

from functools import cache

from babel.core import get_global

#: Codes of three letters of countries that are no more, or never were.
_NONE = frozenset({"BUR", "DDR", "FXX", "QUU", "TMP", "XXX", "YMD", "ZAR", "ZZZ"})


@cache
def _get_codes() -> dict[str, str]:
    return {
        names[0]: code
        for code, names in get_global("territory_aliases").items()
        if len(code) == 3 and code.isalpha() and len(names) == 1 and code not in _NONE
    }


def get_three_letters(code: str) -> str:
    """Return the ISO code of three letters of a country by that of two, '' if there is none."""
    return _get_codes().get(code.upper(), "")
