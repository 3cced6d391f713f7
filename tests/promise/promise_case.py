"""Builders of the tests of promises."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from ...models.promise.lead_dates import LeadAsk
from ..network.network_case import NetworkCase


def local(zone, *parts):
    """Return a moment on the clocks of a zone as Odoo keeps it: UTC without time zone."""
    moment = datetime(*parts, tzinfo=ZoneInfo(zone))
    return moment.astimezone(timezone.utc).replace(tzinfo=None)


def paris(*parts):
    """Return a moment on the clocks of Paris as Odoo keeps it."""
    return local("Europe/Paris", *parts)


class PromiseCase(NetworkCase):
    """Sites in Paris, a carrier, and transit times of the company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.france, cls.usa = cls.env.ref("base.fr"), cls.env.ref("base.us")
        cls.post = cls.make_carrier("Post")
        cls.env["oms.transit.band"].search([]).unlink()
        cls.env["oms.transit.band"].create(
            [
                {"kilometers": 100, "days": 1, "company_id": cls.company.id},
                {"kilometers": 9000, "days": 3, "company_id": cls.company.id},
            ]
        )
        cls.Lead = cls.env["oms.lead.time"]

    @classmethod
    def make_carrier(cls, name, **vals):
        product = cls.env["product.product"].create({"name": name, "type": "service"})
        return cls.env["delivery.carrier"].create(
            {"name": name, "product_id": product.id, "company_id": cls.company.id, **vals}
        )

    @classmethod
    def ask(cls, ready, site=None, carrier=None, **vals):
        """Ask for the way from a site to Paris."""
        return LeadAsk(
            cls.near if site is None else site,
            cls.post if carrier is None else carrier,
            vals.pop("kilometers", 50.0),
            vals.pop("country", cls.france),
            vals.pop("zip", "75001"),
            vals.pop("latitude", 48.86),
            vals.pop("longitude", 2.35),
            ready,
            **vals,
        )

    def dates(self, moment, confidence=None, **vals):
        """Return the dates of one way for an order of a moment."""
        ready = vals.pop("ready", moment)
        [found] = self.Lead._get_dates([self.ask(ready, **vals)], self.channel, moment, confidence)
        return found
