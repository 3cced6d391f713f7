from odoo import api, fields, models
from odoo.tools import format_date

from .lead_places import find_zone
from .outcome import to_local_date
from .promise_case import PICKED_UP

#: States of fulfillments that bring goods of an order, or brought them.
CARRYING = ("planned", "released", "shipped", "delivered")


class SaleOrder(models.Model):
    """What the customer was promised of an order."""

    _inherit = "sale.order"

    oms_promise_ids = fields.One2many(
        "oms.promise", "order_id", string="Promises", groups="base.group_user"
    )
    oms_promise_count = fields.Integer(
        compute="_compute_oms_promise", compute_sudo=True, groups="base.group_user"
    )
    oms_promised_date = fields.Date(
        string="Promised For",
        compute="_compute_oms_promise",
        compute_sudo=True,
        help="The day by whose end the customer is to have all of the goods.",
        groups="base.group_user",
    )

    @api.depends("oms_promise_ids.current", "oms_promise_ids.state")
    def _compute_oms_promise(self):
        for order in self:
            order.oms_promise_count = len(order.oms_promise_ids)
            order.oms_promised_date = order._oms_get_last_promise().promised_date

    def _oms_get_last_promise(self):
        """Return the promise by which the last of the goods are to come, of those that hold."""
        self.ensure_one()
        # sudo: what was promised is known to whoever sees the order
        hold = self.sudo().oms_promise_ids.filtered(
            lambda promise: promise.current and promise.state != "dropped"
        )
        return hold.sorted("promised_date")[-1:]

    oms_promised_parts = fields.Json(
        copy=False,
        help="What was promised before the order was placed: (site id, earliest date, promised "
        "date, confidence, basis) rows.",
        groups="base.group_user",
    )

    # === FACTS === #

    def _oms_get_carrying(self):
        """Return the fulfillments that bring goods of the orders, or brought them."""
        return self.env["oms.fulfillment"].search(
            [("order_id", "in", self.ids), ("state", "in", CARRYING)], order="id"
        )

    def _oms_get_service(self):
        """Return how the customer gets the goods.

        :return: a key of the service of promises
        :rtype: str
        """
        self.ensure_one()
        return self.oms_service or "home"

    def _oms_get_zone(self, site):
        """Return the name of the time zone in which the dates of an order are.

        :param site: ``oms.site`` from which the goods come, or none
        :rtype: str
        """
        self.ensure_one()
        at_site = site.tz or self.company_id.partner_id.tz or "UTC"
        if self._oms_get_service() in PICKED_UP:
            return at_site
        partner = self.partner_shipping_id
        return find_zone(
            partner.country_id.code or "",
            partner.partner_latitude,
            partner.partner_longitude,
            at_site,
        )

    # === MAKING === #

    def _oms_promise(self):
        """Promise a date for what the orders get and no date was promised for yet.

        A date that somebody gave the order is what was promised; otherwise it is what working
        times, pickups and transit times say, with the confidence of the channel, or the day for
        which the customer wants the goods if that is later.

        :return: the promises made
        """
        # sudo: promises are made with everything in sight, whoever causes it
        orders = self.sudo().filtered(lambda order: order.state == "sale" and order.oms_channel_id)
        orders._oms_carry_promises()
        promised = orders.oms_promise_ids.filtered("current").fulfillment_id
        parts = orders._oms_get_carrying() - promised
        rows = []
        undated = parts.browse()
        for part in parts:
            order = part.order_id
            known = order._oms_prepare_known(part)
            if known:
                row = {"order_id": order.id, "fulfillment_id": part.id, **known}
                rows.append(order._oms_fit_wish(part.site_id, row))
            else:
                undated |= part
        for part, dates in undated._get_lead_dates().items():
            row = {
                "order_id": part.order_id.id,
                "fulfillment_id": part.id,
                "promised_date": dates.promised,
                "earliest_date": dates.earliest,
                "confidence": dates.confidence,
                "basis": dates.basis,
            }
            rows.append(part.order_id._oms_fit_wish(part.site_id, row))
        return self.env["oms.promise"]._pin(rows) if rows else self.env["oms.promise"]

    def _oms_prepare_known(self, part):
        """Return the values of what the customer was told before the order was sourced.

        That is what was promised of the site before or, where another one gives the goods now, of
        the last of the order; else the date that came along with the order.

        :param part: ``oms.fulfillment`` of the order
        :rtype: dict
        """
        self.ensure_one()
        told = self.oms_promised_parts or ()
        if told:
            of_site = [row for row in told if row[0] == part.site_id.id]
            _site, earliest, promised, confidence, basis = max(
                of_site or told, key=lambda row: row[2]
            )
            return {
                "earliest_date": fields.Date.to_date(earliest),
                "promised_date": fields.Date.to_date(promised),
                "confidence": confidence,
                "basis": basis,
                "made_at": self.create_date,
            }
        if not self.commitment_date or self.commitment_date == self.oms_wanted_at:
            return {}
        zone = self._oms_get_zone(part.site_id)
        return {
            "promised_date": to_local_date(self.commitment_date, zone),
            "basis": "given",
            "made_at": self.create_date,
            "tz": zone,
        }

    def _oms_describe_promise(self):
        """Say in one sentence for when the order is promised.

        :rtype: str
        """
        self.ensure_one()
        promise = self._oms_get_last_promise()
        if not promise:
            return self.env._("No date yet: no site serves the order.")
        day = format_date(self.env, promise.promised_date)
        if not promise.confidence:
            return self.env._("Promised for %s.", day)
        return self.env._(
            "Promised for %(day)s, to be kept with %(percent)s %%.",
            day=day,
            percent=f"{promise.confidence * 100:g}",
        )

    # === LIFE === #

    def _oms_carry_promises(self):
        """Have what was promised go over to the fulfillments that took goods over.

        What the customer was promised stays, whichever site serves the order in the end.
        """
        # sudo: promises are written by what happens, whoever does it
        promises = (
            self.env["oms.promise"]
            .sudo()
            .search([("order_id", "in", self.ids), ("current", "=", True)])
        )
        if not promises:
            return
        parts = promises.order_id._oms_get_carrying() - promises.fulfillment_id
        rows, bases = [], []
        for order, missing in parts.grouped("order_id").items():
            group = promises.filtered(lambda promise, order=order: promise.order_id == order)
            for part in missing:
                own = group.filtered(
                    lambda each, part=part: not each.fulfillment_id and each.site_id == part.site_id
                )[:1]
                if own:
                    own.fulfillment_id = part
                    continue
                ended = group.filtered(lambda each: each._is_passed_on())
                base = (ended or group).sorted("promised_date")[-1]
                rows.append(base._prepare_carried(part))
                bases.append(ended)
        if not rows:
            return
        ended = promises.union(*bases).filtered(lambda each: each._is_passed_on())
        ended.current = False
        ended.flush_recordset(["current"])
        made = promises.create(rows)
        for promise, each_ended in zip(made, bases, strict=True):
            (each_ended & ended).filtered(
                lambda e: not e.superseded_by_id
            ).superseded_by_id = promise
        made.order_id._oms_follow_promises()

    def _oms_follow_promises(self):
        """Have the date of the orders be that by which the last of their goods are promised."""
        by_moment = {}
        for order in self:
            promise = order._oms_get_last_promise()
            if not promise:
                continue
            known = order.commitment_date
            if known and to_local_date(known, promise.tz) == promise.promised_date:
                continue
            moment = promise._get_moment()
            by_moment[moment] = by_moment.get(moment, self.browse()) | order
        for moment, orders in by_moment.items():
            # What one order is asked for is read of all of them.
            orders = orders.with_prefetch(self._prefetch_ids)
            # The plan is what the date rests on: it need not be made anew for it.
            orders.with_context(oms_follows_promise=True).commitment_date = moment

    def write(self, vals):
        res = super().write(vals)
        if "commitment_date" in vals:
            self._oms_follow_deadline()
        if vals.get("commitment_date") and not self.env.context.get("oms_follows_promise"):
            self._oms_pin_agreed()
        return res

    def _oms_follow_deadline(self):
        """Give the first steps of fulfillments the deadline that Odoo gives the last one only.

        The next step takes it over from them. What is lowered later could not be set off against
        moves with another deadline, and would come back as a return of the customer's.
        """
        for order in self:
            # sudo: who promises a date need not have rights on transfers
            steps = order.sudo().order_line.move_ids.filtered(
                lambda move: (
                    move.oms_fulfillment_line_id
                    and move.state not in ("done", "cancel")
                    and move.location_id.usage != "customer"
                    and move.location_dest_id.usage != "customer"
                )
            )
            if steps:
                steps.date_deadline = order.commitment_date or order.expected_date

    def _oms_pin_agreed(self):
        """Write down that the date of orders, which had been promised for another, was changed."""
        rows = []
        # sudo: promises are written by what happens, whoever does it
        for promise in self.sudo().oms_promise_ids.filtered(
            lambda each: each.current and each.state in ("open", "late") and not each.arrived_at
        ):
            order = promise.order_id
            day = to_local_date(order.commitment_date, promise.tz)
            is_wanted = order.commitment_date == order.oms_wanted_at
            rows.append(
                {
                    "order_id": order.id,
                    "fulfillment_id": promise.fulfillment_id.id,
                    "site_id": promise.site_id.id,
                    "carrier_id": promise.carrier_id.id,
                    "service": promise.service,
                    "tz": promise.tz,
                    "promised_date": day,
                    "earliest_date": day if is_wanted else None,
                    "basis": "agreed",
                }
            )
        if rows:
            self.env["oms.promise"]._pin(rows)

    # === ACTION METHODS === #

    def action_view_oms_promises(self):
        """Open what was promised of the orders.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_promise")
        action["domain"] = [("order_id", "in", self.ids)]
        action["context"] = {}
        return action


class OmsSourcing(models.AbstractModel):
    _inherit = "oms.sourcing"

    def _plan_parts(self, parts):
        found = super()._plan_parts(parts)
        orders = self.env["sale.order"].union(*(part.line.order_id for part in parts))
        orders._oms_carry_promises()
        return found
