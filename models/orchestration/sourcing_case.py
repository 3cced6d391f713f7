"""What one order looks like to a strategy: plain data between gathering and pricing."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from odoo import models

from ..network.rooms import Rooms


class Shelf(NamedTuple):
    """How the stock of a product at a site sells.

    :param on_hand: units there
    :param weekly: units sold from there in a week, on average
    """

    on_hand: float
    weekly: float


@dataclass(frozen=True, eq=False)
class Facts:
    """What was gathered for a batch of orders at once; empty where no strategy asks for it.

    :param places: place by id of the delivery address; addresses that cannot be placed are absent
    :param shelves: shelf by (site id, product id), by the number of weeks looked back
    :param earnings: what the last unit would still earn where it is, more than if nobody bought it,
        by (site id, product id), in the currency of the site's company
    :param unvalued: names of companies that do not say what time and storage cost
    :param open_units: units of open fulfillments by site id
    :param unit_kg: kilograms in the unit in which products say their weight
    :param scarcity: what one more unit would save later orders, by (site id, product id), by
        strategy id
    :param on_hand: units on hand by (site id, product id), promised ones included
    :param lines_today: order lines that each site was given today, by site id
    :param rejects: how often sites gave back an order line, by its id
    :param rooms: what the sites have taken on, kept up to date from order to order
    :param lead_days: days until a supplier sends a product, by (site id, product id)
    :param quotes: what carriers answered, by (order, strategy), filled as they are asked
    :param joined: sites that pack a parcel for the order anyway, for an order that is not kept and
        so has no fulfillments; None for real ones
    """

    places: dict = field(default_factory=dict)
    shelves: dict = field(default_factory=dict)
    earnings: dict = field(default_factory=dict)
    unvalued: tuple = ()
    open_units: dict = field(default_factory=dict)
    scarcity: dict = field(default_factory=dict)
    on_hand: dict = field(default_factory=dict)
    lines_today: dict = field(default_factory=dict)
    rejects: dict = field(default_factory=dict)
    unit_kg: float = 1.0
    lead_days: dict = field(default_factory=dict)
    quotes: dict = field(default_factory=dict)
    rooms: Rooms | None = None
    joined: models.BaseModel | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One order before S sites, as its strategy prices it.

    :param sites: ``oms.site`` recordset of S candidates
    :param products: product of each of the L lines to source
    :param kilometers: great-circle distance from each site to the customer, shape (S,)
    :param quantities: what is to be sourced of each line, in the unit of its product, shape (L,)
    :param open_sites: sites that pack a parcel for the order anyway; a further unit in it costs
        no further parcel
    :param partner: the delivery address
    :param promised_days: days from now until the order is promised to arrive; None without promise
    :param facts: what was gathered for all orders of the batch
    :param order: ``sale.order``; only limits and methods look at it and its lines
    :param lines: ``sale.order.line`` of each of the L lines to source
    :param stock: what the sites have of the product of each line, whatever is kept back, shape
        (L, S)
    :param lenient: what keeps some of the sites out, by site, where it is not taken as hard
    :param late_room: the most units that each can take on where full days do not matter, shape
        (S,), or None
    :param cooling: ids of sites and of products that they are not asked for, having given them
        back a short time ago
    """

    sites: models.BaseModel
    products: tuple
    kilometers: np.ndarray
    quantities: np.ndarray
    open_sites: models.BaseModel
    partner: models.BaseModel
    promised_days: float | None = None
    facts: Facts = field(default_factory=Facts)
    order: models.BaseModel | None = None
    lines: tuple = ()
    stock: np.ndarray | None = None
    lenient: dict = field(default_factory=dict)
    late_room: np.ndarray | None = None
    cooling: frozenset = frozenset()

    @property
    def shape(self):
        """(L, S)"""
        return len(self.products), len(self.sites)
