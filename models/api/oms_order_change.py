import hashlib
import json
import logging
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..transaction import one_at_a_time, retrying
from .error import get_code, get_correlation_id
from .oms_order_changing import ChangeRefused, Problem
from .oms_order_placing import AGAIN

_logger = logging.getLogger(__name__)


class ChangeOutcome(NamedTuple):
    """What became of a change.

    :param str status: as in ``contract_change.ChangedOrder``
    :param tuple problems: ``Problem`` of each reason why not
    :param str name: number of the order
    :param float total: of the order, in its currency
    :param str revision: of the order
    """

    status: str
    problems: tuple = ()
    name: str | None = None
    total: float | None = None
    revision: str | None = None


class OmsOrderChange(models.Model):
    """A change of an order that a channel sent and that was done."""

    _name = "oms.order.change"
    _description = "Change by a Channel"
    _order = "id desc"
    _rec_name = "change"

    channel_id = fields.Many2one(
        "oms.channel", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="channel_id.company_id", store=True, precompute=True, index=True
    )
    reference = fields.Char(string="External Reference", required=True, readonly=True)
    change = fields.Char(required=True, readonly=True, help="The channel's number of the change.")
    content_hash = fields.Char(required=True, readonly=True)
    payload = fields.Json(readonly=True, help="The change as the channel sent it.")
    payload_text = fields.Text(string="As It Came", compute="_compute_payload_text")
    summary = fields.Char(string="What Changed", compute="_compute_summary")
    order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="cascade"
    )

    _change_uniq = models.UniqueIndex(
        "(channel_id, reference, change)", "The change of the order was made already."
    )

    @api.depends("payload")
    def _compute_payload_text(self):
        for change in self:
            change.payload_text = json.dumps(change.payload, indent=2, ensure_ascii=False)

    @api.depends("payload")
    def _compute_summary(self):
        names = {
            "lines": self.env._("Lines"),
            "ship_to": self.env._("Delivery Address"),
            "customer": self.env._("Contact"),
            "wanted_at": self.env._("Wanted Date"),
            "shipping": self.env._("Shipping"),
            "note": self.env._("Note"),
            "total": self.env._("Total"),
        }
        for change in self:
            told = [name for key, name in names.items() if key in (change.payload or {})]
            change.summary = ", ".join(told)

    @api.model
    def _change(self, channel, given):
        """Change orders, each whole or not at all, and each change once.

        Each is a transaction of its own, committed when the method returns.

        :param channel: ``oms.channel``
        :param list given: ``GivenChange`` of each
        :return: ``ChangeOutcome`` of each, in the order given
        :rtype: list
        """
        return [self._change_alone(channel, each) for each in given]

    @api.model
    def _change_alone(self, channel, given):
        # Who places an order waits for who changes it, and the other way round.
        with one_at_a_time(self.env, [f"oms.order:{channel.id}:{given.reference}"]):
            outcome = retrying(
                self.env,
                lambda env: self.with_env(env)._change_once(channel.with_env(env), given),
            )
        if outcome.status != "parked":
            return outcome
        # What was missing may be what was changed.
        self.env["oms.incoming.order"]._place_changed(channel, given.reference)
        return retrying(
            self.env,
            lambda env: self.with_env(env)._tell(channel.with_env(env), given.reference, outcome),
        )

    @api.model
    def _change_once(self, channel, given):
        digest = self._get_fingerprint(given)
        made = self.search(
            [
                ("channel_id", "=", channel.id),
                ("reference", "=", given.reference),
                ("change", "=", given.change),
            ]
        )
        if made:
            return self._tell(channel, given.reference, self._compare(made, digest))
        order, parked = self._find(channel, given.reference)
        try:
            with self.env.cr.savepoint():
                outcome = self._apply(channel, given, order, parked)
                self.create(
                    {
                        "channel_id": channel.id,
                        "reference": given.reference,
                        "change": given.change,
                        "content_hash": digest,
                        "payload": given.model_dump(mode="json", exclude_defaults=True),
                        "order_id": order.id,
                    }
                )
                self.env.flush_all()
        except (*AGAIN, psycopg2.OperationalError):
            raise
        except Exception as error:
            outcome = self._explain(error)
        return self._tell(channel, given.reference, outcome)

    @api.model
    def _apply(self, channel, given, order, parked):
        if order:
            self.env["oms.order.changing"]._change(channel, order, given)
            return ChangeOutcome("changed")
        if parked:
            parked._change_payload(given)
            return ChangeOutcome("parked")
        message = self.env._("The channel has no order “%s”.", given.reference)
        raise ChangeRefused([Problem("not_found", message, "reference")])

    @api.model
    def _compare(self, made, digest):
        if made.content_hash == digest:
            return ChangeOutcome("unchanged")
        message = self.env._(
            "Change %s of the order was made already, with another content. Send this one under "
            "a number of its own.",
            made.change,
        )
        return ChangeOutcome("conflict", (Problem("conflict", message, "change"),))

    @api.model
    def _explain(self, error):
        """Return the outcome of a change that failed, whatever failed in it."""
        if isinstance(error, ChangeRefused):
            return ChangeOutcome(error.status, tuple(error.problems))
        if isinstance(error, UserError):
            field = getattr(error, "field", None)
            return ChangeOutcome("refused", (Problem(get_code(error), str(error), field),))
        correlation_id = get_correlation_id()
        _logger.error("An order could not be changed [%s]", correlation_id, exc_info=error)
        message = self.env._(
            "The server could not do this. Whoever runs it finds the cause in its log under %s.",
            correlation_id,
        )
        return ChangeOutcome("refused", (Problem("internal", message, None),))

    @api.model
    def _find(self, channel, reference):
        """Return the order of a reference, and the parked one."""
        order = self.env["sale.order"].search(
            [("oms_channel_id", "=", channel.id), ("oms_external_ref", "=", reference)], limit=1
        )
        parked = self.env["oms.incoming.order"].search(
            [
                ("channel_id", "=", channel.id),
                ("reference", "=", reference),
                ("state", "!=", "placed"),
            ]
        )
        return order, parked

    @api.model
    def _tell(self, channel, reference, outcome):
        """Return an outcome with how the order stands now."""
        order, parked = self._find(channel, reference)
        if order:
            status = "changed" if outcome.status == "parked" else outcome.status
            return outcome._replace(
                status=status,
                name=order.name,
                total=order.amount_total,
                revision=order._oms_get_revision(),
            )
        return outcome._replace(revision=parked._get_revision() if parked else None)

    @api.model
    def _get_fingerprint(self, given):
        """Digest a change as a channel sent it; see ``oms_incoming_order.fingerprint``."""
        content = given.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
