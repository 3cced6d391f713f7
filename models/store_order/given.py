"""What the screen of a seller sends."""

from typing import Annotated

from pydantic import Field

from ..api.contract import GivenOrder, Id


class SellerOrder(GivenOrder):
    """An order that a seller took.

    Who took it, and where, is no content of the order: it is said by whoever is logged in.
    ``customer_id`` is the customer whom the seller chose, as ``find_customers`` tells it.
    """

    customer_id: Id | None = None
    seller_id: Annotated[Id, Field(exclude=True)]
    seller_site_id: Annotated[Id, Field(exclude=True)]
