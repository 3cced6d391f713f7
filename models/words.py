"""Words for people."""

from math import ceil, log10

from odoo.tools import formatLang


def by_count(count, one, many):
    """Choose the words that go with a number.

    Languages with more forms than two have the form of many numbers in the second sentence.

    :param count: the number; 1 and its negative are one
    :param str one: translated, for one thing
    :param str many: translated, for none or several things
    :rtype: str
    """
    return one if abs(count) == 1 else many


def write_number(env, quantity, unit):
    """Write a quantity with the decimals that it has, as people of the language do.

    :param float quantity: in the unit
    :param unit: ``uom.uom``, which says how exact quantities are
    :rtype: str
    """
    most = max(ceil(-log10(unit.rounding)), 0) if unit.rounding > 0 else 2
    rounded = unit.round(quantity)
    decimals = len(f"{rounded:.{most}f}".rstrip("0").partition(".")[2]) if most else 0
    return formatLang(env, rounded, digits=decimals)


def write_quantity(env, quantity, unit):
    """Write a quantity with its unit; pieces are counted without a word.

    :param float quantity: in the unit
    :param unit: ``uom.uom``
    :rtype: str
    """
    number = write_number(env, quantity, unit)
    pieces = env.ref("uom.product_uom_unit", raise_if_not_found=False)
    return number if unit == pieces else f"{number} {unit.name}"


def write_goods(env, quantity, product):
    """Write how much of what, as in “2 × Chair” or “1.5 kg Flour”.

    :param float quantity: in the product's unit
    :param product: ``product.product``
    :rtype: str
    """
    amount = write_quantity(env, quantity, product.uom_id)
    name = product.with_context(display_default_code=False).display_name
    pieces = env.ref("uom.product_uom_unit", raise_if_not_found=False)
    return f"{amount} × {name}" if product.uom_id == pieces else f"{amount} {name}"
