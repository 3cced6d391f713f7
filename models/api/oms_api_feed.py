from typing import Annotated

from pydantic import Field

from odoo import models

from ..feed.oms_channel_event import MOST_EVENTS
from ..feed.oms_channel_stock import MOST_ROWS
from .contract import Code, Text, Whole
from .contract_feed import OrderEvents, StockChanges, StockSnapshot
from .endpoint import endpoint
from .error import ApiError
from .oms_api import MOST_PRODUCTS

Cursor = Annotated[Text, Field(min_length=1, max_length=64)]
Rows = Annotated[int, Field(strict=True, ge=1, le=MOST_ROWS), Whole]
Events = Annotated[int, Field(strict=True, ge=1, le=MOST_EVENTS), Whole]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    @endpoint
    def stock_snapshot(
        self,
        channel,
        after: Cursor | None = None,
        limit: Rows = 500,
        by_site: bool = False,
        products: Annotated[list[Code], Field(min_length=1, max_length=MOST_PRODUCTS)]
        | None = None,
    ) -> StockSnapshot:
        """Tell what the channel can sell of all that it sells, page by page.

        :param after: ``next`` of the page before; left out for the first page
        :param limit: products per page, up to 5,000
        :param by_site: whether to tell the sites one by one
        :param products: internal references or barcodes to tell instead of all, up to 500
        :return: a page, and the ``cursor`` from which ``stock_changes`` goes on without a gap
        :raises ApiError: ``cursor_invalid`` if no page gave ``after``, ``not_found`` if there is no
            such product
        """
        known = self._find_products(products or ())
        for index, code in enumerate(products or ()):
            if code not in known:
                refusal = self._refuse_product(code, known)
                raise ApiError(refusal["code"], refusal["message"], f"products.{index}")
        return channel._get_stock_snapshot(after, limit, by_site, products)

    @endpoint
    def stock_changes(
        self, channel, cursor: Cursor, limit: Rows = 1000, by_site: bool = False
    ) -> StockChanges:
        """Tell what the channel can sell of the products of which something changed.

        :param cursor: of the last answer, or of a snapshot
        :param limit: changes to look at, up to 5,000
        :param by_site: whether to tell the sites one by one
        :return: absolute quantities as of now, each product once, and the next ``cursor``
        :raises ApiError: ``cursor_expired`` if a snapshot is needed, ``cursor_invalid``
        """
        return channel._get_stock_changes(cursor, limit, by_site)

    @endpoint
    def order_events(
        self, channel, cursor: Cursor | None = None, limit: Events = 500
    ) -> OrderEvents:
        """Tell what happened to the channel's orders, in the order in which it was committed.

        :param cursor: of the last answer; the oldest events that are kept when left out
        :param limit: events, up to 1,000
        :return: events, each at least once and under an id that stays the same, and the next
            ``cursor``
        :raises ApiError: ``cursor_expired``, ``cursor_invalid``
        """
        return channel._get_order_events(cursor, limit)
