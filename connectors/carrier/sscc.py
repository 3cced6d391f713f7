"""Serial shipping container codes of the GS1 General Specifications (application identifier 00)."""

DIGITS = 18


def get_check_digit(digits: str) -> int:
    """Return the GS1 check digit of some digits: weights 3 and 1 from the right, modulo 10.

    :raises ValueError: there is something that is no digit
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("Only digits have a check digit.")
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return -total % 10


def build(company_prefix: str, serial: int, extension: int = 0) -> str:
    """Return the SSCC of a package.

    :param company_prefix: given by GS1, of 4 to 12 digits
    :param serial: unique for at least a year, from 0
    :param extension: digit of one's own choice
    :raises ValueError: the prefix is none, or the serial number does not fit beside it
    """
    if not (company_prefix.isascii() and company_prefix.isdigit()):
        raise ValueError("A GS1 company prefix has digits only.")
    if not 4 <= len(company_prefix) <= 12:
        raise ValueError("A GS1 company prefix has 4 to 12 digits.")
    if not 0 <= extension <= 9:
        raise ValueError("The extension is one digit.")
    room = DIGITS - 2 - len(company_prefix)
    if not 0 <= serial < 10**room:
        raise ValueError(f"The serial number must have at most {room} digits.")
    digits = f"{extension}{company_prefix}{serial:0{room}d}"
    return f"{digits}{get_check_digit(digits)}"


def is_valid(code: str) -> bool:
    """Tell whether a text is an SSCC with the right check digit."""
    return (
        len(code) == DIGITS
        and code.isascii()
        and code.isdigit()
        and int(code[-1]) == get_check_digit(code[:-1])
    )
