"""What is asked of lead times, and what they answer."""

from datetime import date, datetime
from typing import NamedTuple

from odoo import models


class LeadAsk(NamedTuple):
    """A way on which goods could go.

    :param site: ``oms.site`` record from which they go
    :param carrier: ``delivery.carrier`` record, or none where it is not known
    :param kilometers: from the site to the destination
    :param country: ``res.country`` of the destination, or none
    :param zip: postcode of the destination, or an empty string
    :param latitude: of the destination, None if it is not known
    :param longitude: of the destination, None if it is not known
    :param ready: when the goods are at the site, UTC without time zone: now, or the date of supply
    :param units: of the order
    :param handed_over: whether the customer fetches them at the site
    :param state: ``res.country.state`` of the destination, or none
    """

    site: models.BaseModel
    carrier: models.BaseModel
    kilometers: float
    country: models.BaseModel
    zip: str
    latitude: float | None
    longitude: float | None
    ready: datetime
    units: float
    handed_over: bool
    state: models.BaseModel


class LeadDates(NamedTuple):
    """When goods arrive on a way.

    :param leaves: when they are expected to leave the site, or to lie ready there, UTC without
        time zone
    :param cutoff: until when an order has to come for these dates, UTC without time zone
    :param earliest: the day before which they hardly arrive, by the calendar of the destination
    :param promised: the day on or before which they arrive with the confidence
    :param confidence: asked for, between 0 and 1
    :param basis: what the dates rest on: "lane" for what was seen on this way, "group" for what
        was seen on ways like it, "configured" for what is configured
    """

    leaves: datetime
    cutoff: datetime | None
    earliest: date
    promised: date
    confidence: float
    basis: str
