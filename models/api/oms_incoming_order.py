import hashlib
import json

from pydantic import ValidationError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..transaction import one_at_a_time, retrying
from .contract import GivenOrder
from .endpoint import get_problem_text
from .outcome import Outcome

STATE_SELECTION = [("parked", "Parked"), ("placed", "Placed"), ("dropped", "Dropped")]
#: Orders that are placed in one transaction.
CHUNK = 50


def fingerprint(given):
    """Digest an order as a channel sent it, so that a change of it is noticed.

    The holds of the cart and the promise are left out: an order that is sent again may come
    without them, or with newer ones. So is what has its default: what later versions of the API
    add changes no order that came before.

    :param GivenOrder given: the order
    :return: 64 hexadecimal digits
    """
    content = given.model_dump(mode="json", exclude={"holds", "promise"}, exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class OmsIncomingOrder(models.Model):
    """An order that a channel sent and that waits for somebody to mend something.

    It is kept as it came. As soon as what was missing is there, it is placed as if it came now;
    the channel may also send it again, mended.
    """

    _name = "oms.incoming.order"
    _description = "Incoming Order"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "reference"

    channel_id = fields.Many2one(
        "oms.channel", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="channel_id.company_id", store=True, precompute=True, index=True
    )
    reference = fields.Char(
        string="External Reference", required=True, readonly=True, index="trigram"
    )
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="parked", index=True, tracking=True
    )
    payload = fields.Json(readonly=True, help="The order as the channel sent it.")
    payload_text = fields.Text(string="As It Came", compute="_compute_payload_text")
    content_hash = fields.Char(readonly=True)
    is_changed = fields.Boolean(
        string="Changed by the Channel",
        readonly=True,
        help="The channel changed the order after it had sent it.",
    )
    error_code = fields.Char(readonly=True, index=True)
    error = fields.Text(string="What Is Missing", readonly=True)
    attempts = fields.Integer(readonly=True, default=1)
    accept_total = fields.Boolean(
        string="Accept the Total",
        tracking=True,
        help="Place the order although Odoo comes to another total than the channel.",
    )
    code_ids = fields.Many2many(
        "oms.channel.code",
        "oms_incoming_order_code_rel",
        "order_id",
        "code_id",
        string="Unknown Codes",
    )
    order_id = fields.Many2one("sale.order", readonly=True, index="btree_not_null")

    _reference_uniq = models.UniqueIndex(
        "(channel_id, reference)", "The channel's order is parked already."
    )

    @api.depends("payload")
    def _compute_payload_text(self):
        for order in self:
            order.payload_text = json.dumps(order.payload, indent=2, ensure_ascii=False)

    # === PLACING === #

    @api.model
    def _place(self, channel, given):
        """Place orders, each once, whatever is sent at the same moment.

        Each chunk is a transaction of its own, committed when the method returns.

        :param channel: ``oms.channel``
        :param list given: ``GivenOrder`` of each, no reference twice
        :return: ``Outcome`` by reference
        :rtype: dict
        """
        outcomes = {}
        for start in range(0, len(given), CHUNK):
            chunk = given[start : start + CHUNK]
            with one_at_a_time(self.env, self._get_keys(channel, chunk)):
                outcomes |= retrying(
                    self.env,
                    lambda env, chunk=chunk: self.with_env(env)._place_chunk(
                        channel.with_env(env), chunk
                    ),
                )
        return outcomes

    @api.model
    def _get_keys(self, channel, given):
        """Return names of what one process at a time makes or uses up."""
        placing, customers = self.env["oms.order.placing"], self.env["oms.import.customers"]
        references = {
            customers._get_reference(channel, placing._prepare_buyer(channel, each))
            for each in given
        }
        return [
            *(f"oms.order:{channel.id}:{each.reference}" for each in given),
            *(f"oms.promise:{each.promise}" for each in given if each.promise),
            *(
                f"oms.customer:{channel.company_id.id}:{reference}"
                for reference in customers._get_unknown(channel.company_id, references)
            ),
        ]

    @api.model
    def _place_chunk(self, channel, given):
        hashes = {each.reference: fingerprint(each) for each in given}
        parked = self.search(
            [("channel_id", "=", channel.id), ("reference", "in", list(hashes))]
        ).grouped("reference")
        given = self._take_changed(given, hashes, parked)
        outcomes = self._get_known(channel, hashes)
        for reference, order in parked.items():
            if order.state == "dropped" and order.content_hash == hashes[reference]:
                message = self.env._("Somebody decided not to place order %s.", reference)
                outcomes.setdefault(reference, Outcome("refused", code="dropped", message=message))
        self._note_placed(parked, outcomes)
        new = [each for each in given if each.reference not in outcomes]
        accepted = {
            reference
            for reference, order in parked.items()
            if order.accept_total and order.content_hash == hashes[reference]
        }
        placing = self.env["oms.order.placing"]
        outcomes |= placing._place(channel, new, hashes, accepted)
        self._park(channel, new, hashes, parked, outcomes)
        return {reference: outcome.tell() for reference, outcome in outcomes.items()}

    @api.model
    def _get_known(self, channel, hashes):
        """Return the outcome of orders that are there already."""
        found = self.env["sale.order"].search(
            [
                ("oms_channel_id", "=", channel.id),
                ("oms_external_ref", "in", list(hashes)),
            ]
        )
        outcomes = {}
        for order in found:
            reference = order.oms_external_ref
            if order.oms_content_hash == hashes[reference]:
                outcomes[reference] = Outcome("unchanged", order)
            else:
                message = self.env._(
                    "The channel has an order %s already, with another content. Change that one, "
                    "or send this one under a reference of its own.",
                    reference,
                )
                outcomes[reference] = Outcome("conflict", order, "conflict", message)
        return outcomes

    @api.model
    def _park(self, channel, given, hashes, parked, outcomes):
        """Keep what could not be placed, and note what could be at last."""
        codes = self.env["oms.channel.code"]._ask(
            channel, [pair for outcome in outcomes.values() for pair in outcome.unknown]
        )
        new = []
        for each in given:
            outcome = outcomes[each.reference]
            order = parked.get(each.reference)
            if outcome.status == "refused":
                # What waits goes on waiting, and tells why it cannot be placed as it is.
                if order and order.content_hash == hashes[each.reference]:
                    vals = {"error_code": outcome.code, "error": outcome.message}
                    order.write(vals | {"attempts": order.attempts + 1})
                continue
            if outcome.status != "parked":
                if order:
                    order.write({"state": "placed", "order_id": outcome.order.id})
                continue
            vals = {
                "state": "parked",
                "payload": each.model_dump(mode="json"),
                "content_hash": hashes[each.reference],
                "error_code": outcome.code,
                "error": outcome.message,
                "code_ids": [fields.Command.set([codes[pair].id for pair in outcome.unknown])],
                **self._prepare_parked_vals(each),
            }
            if order:
                changed = order.is_changed and order.content_hash == hashes[each.reference]
                order.write(vals | {"attempts": order.attempts + 1, "is_changed": changed})
            else:
                new.append(vals | {"channel_id": channel.id, "reference": each.reference})
        self.create(new)

    @api.model
    def _prepare_parked_vals(self, given):
        """Return what is kept of an order that waits beside its payload; other modules say more.

        :rtype: dict
        """
        return {}

    @api.model
    def _note_placed(self, parked, outcomes):
        """Take what waits, but became an order in another way, off the list of what waits."""
        for reference, order in parked.items():
            outcome = outcomes.get(reference)
            if order.state == "parked" and outcome and outcome.order:
                order.write({"state": "placed", "order_id": outcome.order.id})

    # === ACTIONS === #

    def action_retry(self):
        """Place the parked orders, now that what was missing is there.

        :return: a notification that tells what became of them
        :rtype: dict
        :raises UserError: none of them is parked
        """
        self.check_access("write")
        parked = self.filtered(lambda order: order.state == "parked")
        if not parked:
            raise UserError(self.env._("Nothing to place: no selected order is parked."))
        placed = 0
        for channel, orders in parked.grouped("channel_id").items():
            given = orders._read_payloads()
            # sudo: who mends what a channel sent need not have the rights to make its orders.
            # Taxes, prices and products are those of the company of the channel.
            company_ids = channel.sudo().company_id.ids
            mended = orders.sudo().with_context(allowed_company_ids=company_ids)
            outcomes = mended._place_chunk(channel.with_env(mended.env), given) if given else {}
            placed += sum(bool(outcome.order) for outcome in outcomes.values())
        parked.invalidate_recordset()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if placed == len(parked) else "warning",
                "message": self.env._(
                    "%(placed)s of %(all)s orders are placed.", placed=placed, all=len(parked)
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _read_payload(self):
        """Return what was sent.

        :rtype: GivenOrder
        :raises pydantic.ValidationError: it is not understood any more
        """
        self.ensure_one()
        return GivenOrder.model_validate(self.payload, strict=False)

    def _read_payloads(self):
        """Return what can be placed of what was sent, and say why the rest cannot.

        What came under an older version of the API may be understood no more.

        :return: ``GivenOrder`` of each that is understood
        :rtype: list
        """
        given = []
        for order in self:
            try:
                given.append(order._read_payload())
            except ValidationError as error:
                problems = error.errors(
                    include_url=False, include_context=False, include_input=False
                )
                message = self.env._(
                    "The order is not understood any more: %s. Have the channel send it again, "
                    "or give it up and enter it by hand.",
                    get_problem_text(self.env, problems, self.env._("the order")),
                )
                # sudo: written by who tries again, who may write nothing else of it
                order.sudo().write(
                    {
                        "error_code": "invalid",
                        "error": message,
                        "attempts": order.attempts + 1,
                        "code_ids": [fields.Command.clear()],
                    }
                )
        return given

    def action_reopen(self):
        """Take given-up orders up again: they wait as before, and the channel may send them.

        :raises UserError: one was not given up
        """
        self.check_access("write")
        if any(order.state != "dropped" for order in self):
            raise UserError(self.env._("Only orders that were given up can be taken up again."))
        # sudo: the state is written by the addon, whoever decides on it
        self.sudo().write({"state": "parked"})

    def action_drop(self):
        """Give up parked orders: they are not placed, and the channel is told so.

        :raises UserError: one is placed already
        """
        if placed := self.filtered(lambda order: order.state == "placed"):
            raise UserError(
                self.env._(
                    "Cancel the orders themselves: %s.", ", ".join(placed.mapped("reference"))
                )
            )
        self.write({"state": "dropped"})

    def action_view_order(self):
        """Open the order that it became.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }
