import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import UserError

from .outcome import Outcome

_logger = logging.getLogger(__name__)

#: Why orders wait for a carrier to tell its relay points.
WAITING = "unknown_point"


class OmsOrderPlacing(models.AbstractModel):
    """Relay points of orders: known ones only, so that every parcel finds its shop."""

    _inherit = "oms.order.placing"

    @api.model
    def _read_wish(self, channel, given):
        wish = super()._read_wish(channel, given)
        if isinstance(wish, Outcome):
            return wish
        point = self._read_point(channel, given, wish)
        return point if isinstance(point, Outcome) else wish._replace(point=point)

    @api.model
    def _read_point(self, channel, given, wish):
        """Return the relay point of an order in Odoo's shape, or why it cannot go there.

        :rtype: dict | Outcome | None
        """
        carrier = wish.carrier
        if wish.service != "relay":
            if given.point:
                message = self.env._("Only orders with the service “relay” go to a relay point.")
                return Outcome("refused", None, "invalid", message)
            return None
        ours = carrier.delivery_type == "oms"
        if not given.point:
            if ours:
                message = self.env._(
                    "Say with “point” to which relay point of “%s” it goes.", carrier.name
                )
                return Outcome("refused", None, "invalid", message)
            return None
        country = self.env["oms.api"]._find_country(channel, given.ship_to.country)
        if not (ours and carrier._oms_get_points_account()):
            return self._take_told_point(channel, given.point, carrier, country)
        near = carrier._oms_prepare_near(country.code, given.ship_to.zip, given.ship_to.city)
        found = carrier._oms_find_point(near, given.point.id)
        if found:
            return carrier._oms_prepare_location(*found)
        if found is False:
            message = self.env._(
                "“%(method)s” is being asked whether it has a relay point “%(point)s”: the order "
                "is placed as soon as that is known.",
                method=carrier.name,
                point=given.point.id,
            )
            return Outcome("parked", None, WAITING, message)
        message = self.env._(
            "“%(method)s” has no relay point “%(point)s”: ask for a promise, and choose one of its "
            "points.",
            method=carrier.name,
            point=given.point.id,
        )
        return Outcome("refused", None, WAITING, message)

    @api.model
    def _take_told_point(self, channel, point, carrier, country):
        """Return a relay point as the channel tells it, of a carrier that cannot be asked."""
        lacking = [name for name in ("name", "street", "zip", "city") if not getattr(point, name)]
        if lacking:
            message = self.env._(
                "“%(method)s” cannot be asked for its relay points: say where it is (%(lacking)s).",
                method=carrier.name,
                lacking=", ".join(f"point.{name}" for name in lacking),
            )
            return Outcome("refused", None, "invalid", message)
        if point.country:
            country = self.env["oms.api"]._find_country(channel, point.country)
            if not country:
                message = self.env._("There is no country “%s” (point.country).", point.country)
                return Outcome("refused", None, "invalid", message)
        # sudo: whose points they are is no secret of the account
        adapter = carrier.sudo().oms_account_ids[:1].adapter or ""
        return {
            "id": point.id,
            "name": point.name,
            "street": point.street,
            "city": point.city,
            "zip_code": point.zip,
            "state": "",
            "country_code": country.code or "",
            "latitude": 0.0,
            "longitude": 0.0,
            "distance": None,
            "opening_hours": {},
            "network": adapter or carrier.delivery_type,
            "adapter": adapter,
        }

    @api.model
    def _prepare_service_vals(self, channel, given, lookup):
        vals = super()._prepare_service_vals(channel, given, lookup)
        point = lookup.wishes[given.reference].point
        return vals | {"pickup_location_data": point} if point else vals


class OmsCarrierArea(models.Model):
    _inherit = "oms.carrier.area"

    def _keep_answer(self, answer, error=None):
        """Place the orders that waited for it."""
        super()._keep_answer(answer, error)
        if answer is None:
            return
        waiting = self.env["oms.incoming.order"].search(
            [
                ("state", "=", "parked"),
                ("error_code", "=", WAITING),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        for order in waiting:
            try:
                with self.env.cr.savepoint():
                    order.action_retry()
            except UserError as problem:
                _logger.info("Order %s goes on waiting: %s", order.reference, problem)
            except OperationalError:
                raise
            except Exception:  # one order must not keep the others, and the answer, waiting
                _logger.exception("Order %s goes on waiting", order.reference)
