"""Amounts as providers count them: whole numbers of the smallest unit of a currency."""

from decimal import Decimal, InvalidOperation

from .contract import Bad, Money

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
#: Digits after the point of currencies that do not have two, after ISO 4217.
DIGITS = {**dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_THREE.split(), 3)}
#: Where Adyen counts otherwise, see https://docs.adyen.com/development-resources/currency-codes.
ADYEN_DIGITS = {**DIGITS, "CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}

#: Digits of an amount before its point, and after it; what has more is a mistake.
MOST_DIGITS = 18


def get_digits(currency: str, digits: dict[str, int] = ADYEN_DIGITS) -> int:
    """Return how many digits a currency has after the point."""
    return digits.get(currency, 2)


def to_decimal(money: Money, digits: dict[str, int] = ADYEN_DIGITS) -> Decimal:
    """Return an amount in its currency."""
    return Decimal(money.value).scaleb(-get_digits(money.currency, digits))


def to_money(amount: Decimal, currency: str, digits: dict[str, int] = ADYEN_DIGITS) -> Money:
    """Return an amount as the provider counts it.

    :raises Bad: it has more digits than the provider can count
    """
    value = amount.scaleb(get_digits(currency, digits))
    if value != value.to_integral_value():
        raise Bad(f"{amount} {currency} has more digits than the provider counts.")
    return Money(int(value), currency)


def read_decimal(text: str) -> Decimal:
    """Read an amount of a file; '' is 0.

    A point or a comma may stand before the digits after it. Where there are both, the last is
    that one, and the others stand between thousands.

    :raises Bad: it is no amount
    """
    plain = text.strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    if "," in plain:
        thousands = "." if plain.rfind(",") > plain.rfind(".") else ","
        plain = plain.replace(thousands, "").replace(",", ".")
    try:
        amount = Decimal(plain or "0")
    except InvalidOperation:
        raise Bad(f"“{text[:40]}” is no amount.") from None
    if not amount.is_finite() or abs(amount.adjusted()) > MOST_DIGITS:
        raise Bad(f"“{text[:40]}” is no amount.")
    return amount
