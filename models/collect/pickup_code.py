"""Codes by which customers prove that goods are theirs: short to type, hard to guess."""

import secrets
import unicodedata

#: Digits and letters that nobody takes for one another, and that spell no words.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
#: Signs of a code: about 2.8e11 codes, so that ten guesses an hour find none in a lifetime.
LENGTH = 8


def make_code():
    """Return a new code, from the randomness of the operating system.

    :rtype: str
    """
    return "".join(secrets.choice(ALPHABET) for _sign in range(LENGTH))


def make_token():
    """Return what stands in the address of a customer's page: 192 bits nobody guesses.

    :rtype: str
    """
    return secrets.token_urlsafe(24)


def read_code(text):
    """Return the code that somebody scanned or typed, with or without dashes and blanks.

    :param text: str or None
    :return: the code; "" if that is none
    :rtype: str
    """
    signs = unicodedata.normalize("NFKC", text or "").upper()
    code = "".join(sign for sign in signs if sign not in "- \t\r\n")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def show_code(code):
    """Return a code as people read it aloud: in two groups.

    :rtype: str
    """
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:]}" if code else ""
