from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...connectors.carrier.contract import Status
from ..tracking.oms_webhook_handler import Applied
from .oms_return import OPEN_STATES

#: Ways for which a carrier takes the goods.
BY_CARRIER = ("label", "pickup")
#: What carriers tell of parcels that they do not have yet, or say nothing by.
NOT_BEGUN = (Status.CREATED, Status.CANCELLED, Status.OTHER)


class OmsReturn(models.Model):
    """How goods come back: labels, tracking numbers, and when they are expected."""

    _inherit = "oms.return"

    def write(self, vals):
        res = super().write(vals)
        if vals.get("expected_at"):
            # What is expected counts as supply of the site from then on.
            moves = self.sudo().picking_ids.move_ids
            moves.filtered(lambda move: move.state not in ("done", "cancel")).write(
                {"date": vals["expected_at"]}
            )
        return res

    def _get_expected_at(self):
        """Return when goods that are authorized now should be at their site.

        :return: moment in UTC
        :rtype: datetime
        """
        self.ensure_one()
        return fields.Datetime.now() + timedelta(days=self.policy_id.way_days)

    def _request_labels(self):
        """Have labels bought for what comes by a carrier, where there is one that gives them.

        Without one the customer sends the goods as he likes, and the return says so.

        :return: the tasks that buy them
        :rtype: oms.task
        """
        tasks = self.env["oms.task"]
        self._ask_for_pickups()
        for record in self.filtered(lambda each: each.way in BY_CARRIER):
            carrier = record.carrier_id or record._find_carrier()
            pickings = record.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            if not carrier or not pickings:
                continue
            record.carrier_id = carrier
            try:
                with self.env.cr.savepoint():
                    pickings.carrier_id = carrier
                    tasks |= pickings._oms_request_return_labels()
            except UserError as error:
                record.message_post(body=self.env._("There is no return label: %s", error.args[0]))
        return tasks

    def _ask_for_pickups(self):
        """Have somebody order the carrier to customers at whose homes goods are picked up.

        No carrier's interface that is connected takes such an order.
        """
        for record in self.filtered(lambda each: each.way == "pickup" and each.order_id):
            address = record.order_id.partner_shipping_id
            record.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Order the pick-up"),
                note=self.env._(
                    "Order the carrier to %(customer)s, %(address)s, %(phone)s, and write to the "
                    "customer when it comes.",
                    customer=address.name or record.partner_id.name or "",
                    address=address.contact_address_inline or "",
                    phone=address.phone or record.partner_id.phone or self.env._("no telephone"),
                ),
                user_id=record._get_person_in_charge().id,
            )

    def _get_person_in_charge(self):
        """Return who does what is to be done by hand: the seller, else a manager of the company.

        :rtype: res.users
        """
        self.ensure_one()
        seller = self.order_id.user_id
        if seller._is_internal():
            return seller
        managers = self.env.ref("oms.group_order_manager").all_user_ids
        managers = managers.filtered(lambda user: self.company_id in user.company_ids)
        return managers.sorted("id")[:1] or self.env.ref("base.user_root")

    def _find_carrier(self):
        """Return the delivery method by which the goods came, if its carrier gives labels.

        :rtype: delivery.carrier
        """
        self.ensure_one()
        carriers = self.line_ids.origin_move_id.picking_id.carrier_id | self.order_id.carrier_id
        return carriers.filtered(lambda carrier: carrier.delivery_type == "oms")[:1]

    # === TRACKING === #

    def _get_numbers(self):
        """Return the tracking numbers of the parcels in which goods come back.

        :rtype: set[str]
        """
        self.ensure_one()
        return set((self.tracking or "").split(", ")) - {""}

    @api.model
    def _find_by_numbers(self, company, numbers):
        """Return the open returns of a company that come in some parcels.

        :param company: ``res.company``
        :param numbers: tracking numbers
        :rtype: oms.return
        """
        domain = Domain.OR(Domain("tracking", "like", number) for number in numbers)
        found = self.search(
            domain & Domain("company_id", "=", company.id) & Domain("state", "in", OPEN_STATES)
        )
        return found.filtered(lambda record: record._get_numbers() & set(numbers))

    def _take_tracks(self, tracks):
        """Write down what a carrier tells of the way of a return.

        :param list tracks: ``connectors.carrier.Track`` of its parcels
        """
        self.ensure_one()
        events = sorted(
            (event for track in tracks for event in track.events), key=lambda event: event.moment
        )
        begun = [event for event in events if event.status not in NOT_BEGUN]
        if begun:
            self._set_in_transit(begun[0].moment.astimezone(UTC).replace(tzinfo=None))
        if events:
            last = events[-1]
            status = self.env["oms.tracking.event"]._fields["status"]
            words = dict(status._description_selection(self.env))
            self.message_post(
                body=self.env._("The carrier: %s", words.get(last.status.value, last.status.value))
            )

    def _get_labels(self):
        """Return the labels that came, newest first.

        :rtype: ir.attachment
        """
        # sudo: whoever sees the return may print its labels
        return self.sudo().picking_ids.return_label_ids


class OmsCarrierReturn(models.AbstractModel):
    _inherit = "oms.carrier.return"

    def _apply(self, task, result):
        res = super()._apply(task, result)
        record = self._get_picking(task).oms_return_id
        if record:
            numbers = [parcel.tracking_number for parcel in self._read_created(result).parcels]
            known = record.tracking.split(", ") if record.tracking else []
            record.tracking = ", ".join(dict.fromkeys([*known, *numbers]))
        return res


class OmsCarrierWebhook(models.AbstractModel):
    _inherit = "oms.carrier.webhook"

    def _take(self, account, tracks):
        """Carriers tell of returns on their way, too."""
        numbers = {track.tracking_number for track in tracks}
        known = self.env["oms.return"]._find_by_numbers(account.company_id, numbers)
        for record in known:
            own = record._get_numbers()
            record._take_tracks([track for track in tracks if track.tracking_number in own])
        of_returns = {number for record in known for number in record._get_numbers()}
        left = [track for track in tracks if track.tracking_number not in of_returns]
        if known and not left:
            return Applied(self.env._("Returns: %s.", ", ".join(known.mapped("name"))), "")
        return super()._take(account, left)
