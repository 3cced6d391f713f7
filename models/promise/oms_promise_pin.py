from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsPromise(models.Model):
    """Writes down what was promised; another date supersedes the one before."""

    _inherit = "oms.promise"

    @api.model
    def _pin(self, vals_list):
        """Write down what was promised.

        The same promise again changes nothing. Another date supersedes the one before; the date of
        the order follows.

        :param vals_list: dicts with ``order_id`` and ``promised_date``, and, as far as known,
            ``fulfillment_id``, ``site_id``, ``carrier_id``, ``service``, ``earliest_date``,
            ``confidence``, ``made_at`` (UTC), ``basis`` and ``tz``. Without a fulfillment it
            holds for that of the order at the site, or, without a site, for all that carry goods
            of the order and have no promise yet; before the order is sourced for those to come.
        :return: the promises that hold, in no particular order
        :raise ValidationError: a date or confidence that cannot be
        """
        # sudo: promises are written by what happens, whoever does it
        own = self.sudo()
        rows = own._complete(vals_list)
        orders = own.env["sale.order"].browse({row["order_id"] for row in rows})
        known = {}
        for promise in own.search([("order_id", "in", orders.ids), ("current", "=", True)]):
            key = promise._get_key()
            known[key] = known.get(key, own) | promise
        kept, fresh, old = own, {}, own
        for row in rows:
            key = own._get_row_key(row)
            same = known.get(key, own).filtered(lambda each, row=row: each._is_same(row))
            if same:
                kept |= same
            else:
                old |= known.get(key, own)
                fresh[key] = row
        old.current = False
        old.flush_recordset(["current"])
        made = own.create(list(fresh.values()))
        by_key = dict(zip(fresh, made, strict=True))
        for promise in old:
            promise.superseded_by_id = by_key[promise._get_key()]
        orders._oms_follow_promises()
        return (kept | made).with_env(self.env)

    def _get_key(self):
        """Return what a promise is about: another one for the same supersedes it."""
        self.ensure_one()
        place = not self.fulfillment_id and self.site_id.id
        return self.order_id.id, self.fulfillment_id.id or False, place or False

    @api.model
    def _get_row_key(self, row):
        fulfillment_id = row.get("fulfillment_id") or False
        place = not fulfillment_id and row.get("site_id")
        return row["order_id"], fulfillment_id, place or False

    def _is_same(self, row):
        self.ensure_one()
        return self.promised_date == row["promised_date"] and (
            row.get("earliest_date", self.earliest_date) == self.earliest_date
        )

    @api.model
    def _complete(self, vals_list):
        """Return the values of promises, one for each fulfillment, with all that follows from it.

        :rtype: list[dict]
        """
        orders = self.env["sale.order"].browse({vals["order_id"] for vals in vals_list})
        carrying = orders._oms_get_carrying()
        promised = self.search(
            [("order_id", "in", orders.ids), ("current", "=", True)]
        ).fulfillment_id
        rows = []
        for vals in vals_list:
            vals = {name: value for name, value in vals.items() if value not in (None, False)}
            order = orders.browse(vals["order_id"]).with_prefetch(orders._prefetch_ids)
            parts = self.env["oms.fulfillment"].browse(vals.get("fulfillment_id"))
            if not parts:
                of_order = carrying.filtered(lambda part, order=order: part.order_id == order)
                site_id = vals.get("site_id")
                parts = of_order.filtered(
                    lambda part, site_id=site_id: (
                        part.site_id.id == site_id if site_id else part not in promised
                    )
                )
            rows += [self._complete_one(vals, order, part) for part in parts or [parts]]
        return rows

    @api.model
    def _complete_one(self, vals, order, part):
        defaults = {
            "site_id": part.site_id.id,
            "carrier_id": order.carrier_id.id,
            "service": order._oms_get_service(),
            "made_at": fields.Datetime.now(),
            "basis": "configured",
            "tz": order._oms_get_zone(part.site_id),
            "confidence": 0.0,
        }
        row = {**defaults, **vals, "fulfillment_id": part.id or False}
        for name in ("promised_date", "earliest_date"):
            if row.get(name):
                row[name] = fields.Date.to_date(row[name])
        if not row.get("promised_date"):
            raise ValidationError(self.env._("A promise needs a date."))
        if row.get("earliest_date") and row["earliest_date"] > row["promised_date"]:
            row["earliest_date"] = row["promised_date"]
        if not 0 <= row["confidence"] <= 1:
            raise ValidationError(self.env._("A confidence lies between 0 and 1."))
        return row
