from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.tools import format_datetime

from ..carrier.oms_parcel import ENDED
from ..words import write_goods
from .shipment_view import EventView, ParcelView, ShipmentView, Step

#: Events of a parcel that are shown, the last ones.
MOST_EVENTS = 50
#: States of fulfillments that bring something, in the order in which they are shown.
SHOWN = ("released", "planned", "shipped", "delivered", "lost")
_TONES = {
    "delivered": "success",
    "available_for_pickup": "success",
    "failed_attempt": "warning",
    "returned": "danger",
    "lost": "danger",
}
#: How far a parcel has come, in steps of the way.
_PROGRESS = {"out_for_delivery": 3, "available_for_pickup": 3, "failed_attempt": 3, "delivered": 4}


class SaleOrder(models.Model):
    """Where the goods of an order are, for its customer."""

    _inherit = "sale.order"

    def _oms_get_shipment_views(self):
        """Return what the customer sees of the order's shipments, in the language of the context.

        :return: what is on its way first
        :rtype: list[ShipmentView]
        """
        self.ensure_one()
        # sudo: what the customer may see of his own order is chosen here
        order = self.sudo()
        parts = order.oms_fulfillment_ids.filtered(lambda part: part.state in SHOWN)
        parts = parts.sorted(lambda part: (part.state in ("delivered", "lost"), part.id))
        return [part._get_shipment_view(place + 1, len(parts)) for place, part in enumerate(parts)]

    def _oms_has_shipments(self):
        """Tell whether there is anything to follow.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: that something is on its way is known to whoever sees the order
        return any(part.state in SHOWN for part in self.sudo().oms_fulfillment_ids)

    @api.model
    def _oms_search_under_way(self, partner):
        """Return the domain of the orders of a customer of which goods are under way.

        :param partner: ``res.partner``
        """
        return [
            ("partner_id", "child_of", partner.commercial_partner_id.ids),
            ("state", "=", "sale"),
            ("oms_fulfillment_ids.state", "in", ("planned", "released", "shipped")),
        ]


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _get_shipment_view(self, place, count):
        """Return what the customer sees of the fulfillment.

        :param int place: of it among those of the order, from 1
        :param int count: how many there are
        :rtype: ShipmentView
        """
        self.ensure_one()
        zone = self._get_zone()
        parcels = self.parcel_ids._filter_wanted().sorted("id")
        title = self.env._("Shipment")
        if count > 1:
            title = self.env._("Shipment %(place)s of %(count)s", place=place, count=count)
        status, tone = self._get_tracking_status(parcels)
        taken = self._is_handed_over()
        return ShipmentView(
            title=title,
            status=status,
            tone=tone,
            steps=self._get_tracking_steps(parcels, zone),
            lines=self._get_shown_lines(),
            parcels=tuple(parcel._get_parcel_view(zone) for parcel in parcels),
            expected=self._get_tracking_day(),
            zone=zone,
            place=(self.order_id.oms_collect_site_id.name or "") if taken else "",
            code_url=(self.pickup_url or "") if self.pickup_state == "ready" else "",
        )

    def _get_tracking_day(self):
        if self.state not in ("planned", "released", "shipped"):
            return None
        promise = self.promise_ids.filtered(
            lambda each: each.current and each.state in ("open", "late")
        )[:1]
        today = fields.Datetime.context_timestamp(
            self.with_context(tz=promise.tz or "UTC"), fields.Datetime.now()
        ).date()
        # A day that is over tells nothing of when it comes.
        return promise.promised_date if promise and promise.promised_date >= today else None

    def _get_tracking_status(self, parcels):
        """Return in a word how it stands, and the tone of it."""
        if self.state in ("delivered", "lost"):
            taken = self.env._("Collected") if self._is_handed_over() else self.env._("Delivered")
            lost = self.env._("Lost on the way")
            return (taken, "success") if self.state == "delivered" else (lost, "danger")
        if self.state != "shipped":
            return self.env._("In preparation"), "info"
        states = set(parcels.mapped("state"))
        for state in ("lost", "returned", "failed_attempt", "available_for_pickup"):
            if state in states:
                return parcels._get_words()[state], _TONES[state]
        to_come = states - {"delivered"}
        if to_come == {"out_for_delivery"}:
            return parcels._get_words()["out_for_delivery"], "info"
        return self.env._("On its way"), "info"

    def _get_tracking_steps(self, parcels, zone):
        """Return the steps of the way, those that lie behind first."""

        def write(moment):
            return format_datetime(self.env, moment, tz=zone, dt_format="short") if moment else ""

        left = self.state in ("shipped", "delivered", "lost")
        if self._is_handed_over():
            names = [self.env._("Ordered"), self.env._("In preparation"), self.env._("Collected")]
            moments = [self.order_id.date_order, self.released_at, self.delivered_at]
            reached = 3 if self.state == "delivered" else 1 + bool(self.released_at)
        else:
            names = [
                self.env._("In preparation"),
                self.env._("Shipped"),
                self.env._("Out for delivery"),
                self.env._("Delivered"),
            ]
            if "available_for_pickup" in parcels.mapped("state"):
                names[2] = self.env._("Can be collected")
            out = parcels.event_ids.filtered(
                lambda event: event.status in ("out_for_delivery", "available_for_pickup")
            )
            moments = [
                self.released_at,
                self.shipped_at,
                max(out.mapped("moment"), default=False),
                self.delivered_at,
            ]
            # The way is as far as the last of its parcels.
            reached = min((_PROGRESS.get(parcel.state, 2) for parcel in parcels), default=2)
            reached = 4 if self.state == "delivered" else min(reached, 3) if left else 1
        return tuple(
            Step(name, place < reached, write(moments[place]) if place < reached else "")
            for place, name in enumerate(names)
        )

    def _get_shown_lines(self):
        shown = []
        for line in self.line_ids:
            quantity = line.quantity_done or line.quantity
            if line.uom_id.compare(quantity, 0.0) > 0:
                shown.append(write_goods(self.env, quantity, line.product_id))
        return tuple(shown)


class OmsParcel(models.Model):
    _inherit = "oms.parcel"

    def _get_words(self):
        """Return what customers read of each state."""
        return {
            "created": self.env._("Announced to the carrier"),
            "picked_up": self.env._("Handed to the carrier"),
            "in_transit": self.env._("On its way"),
            "out_for_delivery": self.env._("Out for delivery"),
            "available_for_pickup": self.env._("Can be collected"),
            "delivered": self.env._("Delivered"),
            "failed_attempt": self.env._("Could not be delivered"),
            "returned": self.env._("On its way back"),
            "lost": self.env._("Lost on the way"),
            "cancelled": self.env._("Cancelled"),
            "other": self.env._("News"),
        }

    def _get_parcel_view(self, zone):
        """Return what the customer sees of the parcel.

        :param str zone: of the moments
        :rtype: ParcelView
        """
        self.ensure_one()
        words = self._get_words()
        late = self.problem == "late" and self.state not in ENDED
        status = words[self.state]
        return ParcelView(
            number=self.tracking_number or "",
            status=self.env._("%s, delayed", status) if late else status,
            tone="warning" if late else _TONES.get(self.state, "info"),
            carrier=self.carrier_id.name or "",
            url=self._get_safe_url(),
            events=tuple(self._get_event_views(words, zone)),
        )

    def _get_event_views(self, words, zone):
        """Return what the carrier told, the last first, each once."""
        seen = set()
        for event in self.event_ids.sorted(lambda each: (each.moment, each.id), reverse=True):
            if event.status == "other" and not event.text:
                continue
            at = format_datetime(self.env, event.moment, tz=zone, dt_format="short")
            status = event.text if event.status == "other" else words[event.status]
            text = "" if event.status == "other" else event.text or ""
            # Told by message and by poll, it is the same all the same.
            key = (at, event.status, event.place)
            if key in seen or len(seen) == MOST_EVENTS:
                continue
            seen.add(key)
            yield EventView(at, status, text, event.place or "")

    def _get_safe_url(self):
        """Return the carrier's page; what is no page of the web is none.

        :rtype: str
        """
        url = self.tracking_url or self.picking_id.carrier_tracking_url or ""
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        return url if parts.scheme in ("http", "https") and parts.netloc else ""
