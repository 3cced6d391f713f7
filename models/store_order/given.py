"""What the screen of a seller sends."""

from typing import Annotated

from pydantic import Field

from ..api.contract import Given, GivenOrder, Id, Money, Quantity, Text


class SellerOrder(GivenOrder):
    """An order that a seller took.

    Who took it, and where, is no content of the order: it is said by whoever is logged in.
    """

    seller_id: Annotated[Id, Field(exclude=True)]
    seller_site_id: Annotated[Id, Field(exclude=True)]


class SoldLine(Given):
    """Goods in the basket; the price of Odoo counts where none is given."""

    product: Annotated[Text, Field(min_length=1, max_length=128)]
    quantity: Quantity
    unit_price: Money | None = None
