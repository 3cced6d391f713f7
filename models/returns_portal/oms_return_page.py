from odoo import models
from odoo.tools import consteq, format_datetime, formatLang

from ..returns.oms_return import DEAD_STATES, OPEN_STATES
from ..task.oms_task import OPEN_STATES as OPEN_TASKS
from ..tracking.shipment_view import Step
from ..words import write_goods, write_quantity
from .return_view import LabelView, ReturnLineView, ReturnView

_TONES = {
    "closed": "success",
    "refused": "danger",
    "cancelled": "secondary",
    "expired": "secondary",
    "requested": "warning",
}


class OmsReturn(models.Model):
    """What the customer sees of a return."""

    _inherit = "oms.return"

    # === WHO SEES IT === #

    def _get_customer_url(self):
        """Return the address of the customer's page, which needs no login.

        What opens the page stands behind a #, which browsers send to no server: so it is in no
        log, neither here nor at whoever passes it on.

        :rtype: str
        """
        self.ensure_one()
        # sudo: the page is for whoever gets the address
        token = self.sudo()._portal_ensure_token()
        return f"{self.get_base_url()}/oms/returns/open#{self.id}.{token}"

    def _find_by_customer_key(self, key):
        """Return what the part of a customer's address behind the # is of, with the rights to it.

        :param str key: as it came
        :return: at most one return
        """
        # sudo: who has the address may see the page, whoever he is
        returns = self.sudo()
        number, _dot, token = (key or "").partition(".")
        if not (number.isascii() and number.isdigit() and len(number) < 10 and token.isascii()):
            return returns.browse()
        record = returns.browse(int(number)).exists()
        kept = record.access_token
        return record if kept and consteq(kept, token) else returns.browse()

    # === WHAT IS SEEN === #

    def _get_page_view(self):
        """Return what the customer sees, in the language of the context.

        :rtype: ReturnView
        """
        self.ensure_one()
        # sudo: what the customer may see of his own return is chosen here
        record = self.sudo()
        expected = record.state in ("authorized", "in_transit")
        labels = record._get_customer_labels() if expected else self.env["ir.attachment"]
        waits = not labels and record._waits_for_label()
        brought = record.way == "dropoff" and expected
        # Without a label the customer sends it as he likes.
        sent = record.way == "label" and record.state == "authorized" and not labels and not waits
        url = record._get_carrier_url()
        return ReturnView(
            number=record.name,
            order=record.order_id.oms_external_ref or record.order_id.name or "",
            status=record._get_customer_status(),
            tone=_TONES.get(record.state, "info"),
            steps=tuple(record._get_customer_steps()),
            lines=tuple(line._get_customer_view() for line in record.line_ids),
            advice=tuple(record._get_customer_advice(bool(labels), sent)),
            code=record.name if brought else "",
            place=record._get_customer_place() if brought or sent else ("", "", ""),
            labels=tuple(LabelView(label.id, label.name) for label in labels),
            waits_for_label=waits,
            tracking=record.tracking or "",
            tracking_url=url,
            facts=tuple(record._get_customer_facts()),
            can_cancel=record.state in OPEN_STATES and not record.item_ids,
        )

    def _get_customer_labels(self):
        """Return the files that carriers gave for the way back.

        :rtype: odoo.models.Model
        """
        self.ensure_one()
        return self._get_labels().sorted("id")

    def _waits_for_label(self):
        """Tell whether a label is still to come."""
        if self.way != "label" or self.state != "authorized":
            return False
        tasks = self.picking_ids._oms_get_label_tasks("carrier.return")
        return any(task.state in OPEN_TASKS for task in tasks)

    def _get_carrier_url(self):
        urls = [picking.carrier_tracking_url for picking in self.picking_ids]
        url = next(filter(None, urls), "") if self.tracking else ""
        return url if url.startswith(("https://", "http://")) else ""

    def _get_customer_status(self):
        """Return in a word how it stands."""
        if self.way == "keep" and self.state not in ("requested", *DEAD_STATES):
            return self.env._("You keep it")
        words = {
            "requested": self.env._("We are looking at it"),
            "authorized": self.env._("You can send it"),
            "in_transit": self.env._("On its way to us"),
            "received": self.env._("It is with us"),
            "inspected": self.env._("Checked"),
            "closed": self.env._("Done"),
            "refused": self.env._("Refused"),
            "cancelled": self.env._("Cancelled"),
            "expired": self.env._("Nothing came"),
        }
        if self.state == "authorized" and self.way == "dropoff":
            return self.env._("You can bring it")
        if self.state == "authorized" and self.way == "pickup":
            return self.env._("We arrange the pick-up")
        return words[self.state]

    def _get_customer_steps(self):
        """Return the steps of the way, those that lie behind first."""
        if self.state in DEAD_STATES:
            return
        brought = self.way in ("dropoff", "keep")
        steps = [
            (self.env._("Asked for"), self.requested_at, True),
            (self.env._("Agreed"), self.authorized_at, self.state != "requested"),
            (self.env._("On its way"), self.shipped_at, bool(self.shipped_at)),
            (self.env._("With us"), self.received_at, bool(self.received_at)),
            (self._get_end_word(), self.refunded_at or self.closed_at, self.state == "closed"),
        ]
        if brought:
            del steps[2 : 4 if self.way == "keep" else 3]
        reached = max(place for place, (_name, _at, done) in enumerate(steps) if done)
        zone = self._get_customer_zone()
        for place, (name, moment, done) in enumerate(steps):
            at = format_datetime(self.env, moment, tz=zone, dt_format="short") if moment else ""
            # What comes later lies behind what came before, told or not.
            yield Step(name, done or place <= reached, at if done or place <= reached else "")

    def _get_end_word(self):
        words = {
            "refund": self.env._("Money back"),
            "exchange": self.env._("Exchanged"),
            "credit": self.env._("Credited"),
        }
        return words[self.outcome]

    def _get_customer_zone(self):
        return self.order_id.partner_id.tz or self.site_id.tz or "UTC"

    def _get_customer_place(self):
        site = self.site_id
        address = site.partner_id._display_address(without_company=True)
        lines = [line.strip() for line in address.splitlines()]
        note = site.pickup_note if self.way == "dropoff" else ""
        return site.name or "", "\n".join(filter(None, lines)), note or ""

    def _get_customer_advice(self, has_labels, by_himself):
        """Return what the customer is to do, in sentences.

        :param bool has_labels: whether there are labels for the parcel
        :param bool by_himself: whether he sends it without one
        """
        if self.state == "requested":
            yield self.env._("Please wait until we have written to you, and send nothing yet.")
        elif self.state == "refused":
            yield self.refuse_reason or ""
        elif self.state == "expired":
            yield self.env._(
                "We waited for it, and nothing came. If you have sent it, write to us; if you "
                "still want to return something, begin again from your order."
            )
        elif self.state in DEAD_STATES:
            yield self.env._("Nothing is expected from you any more.")
        elif self.way == "keep":
            yield self.env._("Keep it or give it away: you need not send anything.")
        elif self.state == "authorized" and self.way == "dropoff":
            yield self.env._("Show this code in the store.")
            yield from self._get_customer_deadline()
        elif self.state == "authorized" and self.way == "pickup":
            yield self.env._(
                "Pack it well, and keep it at hand. We arrange with the carrier when it comes to "
                "your address, and write to you."
            )
            if has_labels:
                yield self.env._("Stick the label on your parcel.")
        elif self.state == "authorized":
            if has_labels:
                yield self.env._("Stick the label on your parcel and hand it to the carrier.")
            yield self.env._("Put a note with %s into the parcel.", self.name)
            yield from self._get_customer_deadline()
            if by_himself:
                yield self.env._("Send it by a carrier of your choice to:")

    def _get_customer_deadline(self):
        """Say until when the goods are waited for."""
        if self.expires_at:
            day = format_datetime(
                self.env, self.expires_at, tz=self._get_customer_zone(), dt_format="long"
            )
            yield self.env._("We wait for it until %s.", day)

    def _get_customer_facts(self):
        """Return what else is known, as names and texts."""

        def money(amount):
            return formatLang(self.env, amount, currency_obj=self.currency_id)

        if self.state in DEAD_STATES:
            return
        yield self.env._("Value of the goods"), money(self.amount_announced)
        if self.amount_fee:
            yield self.env._("Kept back"), money(self.amount_fee)
        if self.amount_settled:
            names = {
                "refund": self.env._("Paid back"),
                "exchange": self.env._("Exchanged"),
                "credit": self.env._("Credited"),
            }
            if self.amount_set_off:
                yield self.env._("Taken off what was to be paid"), money(self.amount_set_off)
            yield names[self.outcome], money(self.amount_settled - self.amount_set_off)
        else:
            names = {
                "refund": self.env._("You get back"),
                "exchange": self.env._("Exchanged for the same"),
                "credit": self.env._("Your credit"),
            }
            known = self.state in ("inspected", "closed")
            due = self.amount_due if known else max(self.amount_announced - self.amount_fee, 0.0)
            yield names[self.outcome], money(due)


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _get_goods_text(self):
        """Return how much of what comes back, as people read it in the language of the context.

        :rtype: str
        """
        self.ensure_one()
        return write_goods(self.env, self.quantity, self.product_id)

    def _get_customer_view(self):
        """Return what the customer sees of the line.

        :rtype: ReturnLineView
        """
        self.ensure_one()
        arrived = write_quantity(self.env, self.quantity_received, self.uom_id)
        words = {
            "received": (self.env._("Arrived"), "info"),
            "partial": (self.env._("%s arrived", arrived), "info"),
            "accepted": (self.env._("Accepted"), "success"),
            "refused": (self.env._("Not accepted"), "danger"),
            "missing": (self.env._("Did not arrive"), "warning"),
        }
        status, tone = words.get(self.state, ("", "info"))
        unit = self.uom_id
        if self.state == "accepted" and unit.compare(self.quantity_accepted, self.quantity) < 0:
            status = self.env._(
                "%s accepted", write_quantity(self.env, self.quantity_accepted, unit)
            )
            tone = "warning"
        told = self.state in ("accepted", "refused")
        return ReturnLineView(
            goods=self._get_goods_text(),
            reason=self.reason_id.name or "",
            status=status,
            tone=tone,
            due=formatLang(self.env, self.amount_due, currency_obj=self.currency_id)
            if told
            else "",
        )
