"""Builders of the tests of promises."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from odoo.tools import SQL

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
            **{
                "units": 1.0,
                "handed_over": False,
                "state": cls.env["res.country.state"],
                **vals,
            },
        )

    def dates(self, moment, confidence=None, **vals):
        """Return the dates of one way for an order of a moment."""
        ready = vals.pop("ready", moment)
        [found] = self.Lead._get_dates([self.ask(ready, **vals)], self.channel, moment, confidence)
        return found


class HistoryCase(PromiseCase):
    """Fulfillments of the past, with moments as they are told to the builders."""

    @classmethod
    def make_history(cls, rows, company=None):
        """Make fulfillments at once.

        :param rows: (order, site, released, shipped or None, delivered or None) tuples; moments as
            Odoo keeps them
        :return: ``oms.fulfillment`` recordset, in the order of the rows
        """
        company = company or cls.company
        cls.env.flush_all()
        ids = []
        for first in range(0, len(rows), 1000):
            values = [
                (
                    f"T/{first + number}",
                    order.id,
                    site.id,
                    company.id,
                    order.partner_shipping_id.id,
                    "delivered" if delivered else "shipped" if shipped else "released",
                    released,
                    shipped,
                    delivered,
                    50.0,
                )
                for number, (order, site, released, shipped, delivered) in enumerate(
                    rows[first : first + 1000]
                )
            ]
            ids += [
                row[0]
                for row in cls.env.execute_query(
                    SQL(
                        "INSERT INTO oms_fulfillment (name, order_id, site_id, company_id, "
                        "partner_id, state, released_at, shipped_at, delivered_at, kilometers) "
                        "VALUES %s RETURNING id",
                        SQL(", ").join(SQL("%s", each) for each in values),
                    )
                )
            ]
        cls.env.cr.execute("ANALYZE oms_fulfillment")
        cls.env.invalidate_all()
        return cls.env["oms.fulfillment"].browse(ids)

    @classmethod
    def make_way(cls, carrier, zip_code, company=None):
        """Make an order that goes to a postcode with a carrier; fulfillments need one."""
        partner = cls.make_partner(zip_code, (48.86, 2.35), zip=zip_code, country_id=cls.france.id)
        return cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "carrier_id": carrier.id,
                "company_id": (company or cls.company).id,
            }
        )

    def learn(self, moment, company=None):
        """Learn what was known at a moment; return the models by step."""
        models = self.env["oms.lead.model"]._learn(company or self.company, moment)
        return {model.step: model for model in models}
