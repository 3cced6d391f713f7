from odoo import fields, models
from odoo.exceptions import UserError


class OmsExceptionDecide(models.TransientModel):
    """What is to become of parcels that are lost, late, or on their way back."""

    _inherit = "oms.exception.decide"

    action = fields.Selection(
        selection_add=[
            ("parcel_resend", "Send lost parcels again"),
            ("parcel_back", "Wait for parcels that come back"),
            ("parcel_ask", "Ask the carrier"),
            ("parcel_settled", "The parcels are looked after"),
        ],
        ondelete={
            "parcel_resend": "set default",
            "parcel_back": "set default",
            "parcel_ask": "set default",
            "parcel_settled": "set default",
        },
    )

    def _get_allowed(self):
        allowed = super()._get_allowed()
        troubled = self.order_ids._origin._oms_get_troubled_parcels()
        states = set(troubled.mapped("state"))
        possible = {
            "parcel_resend": "lost" in states,
            "parcel_back": states & {"returned", "failed_attempt"},
            "parcel_ask": troubled,
            "parcel_settled": troubled,
        }
        mine = [key for key, it in possible.items() if it]
        # What is the matter is decided first.
        return mine + [key for key in allowed if key not in possible]

    def _get_troubled(self):
        self.order_ids.check_access("write")
        troubled = self.order_ids._oms_get_troubled_parcels()
        if not troubled:
            raise UserError(self.env._("No parcel of these orders needs anybody."))
        return troubled

    def _decide_parcel_resend(self):
        self._get_troubled()
        self.order_ids._oms_lose_parcels(self.note)

    def _decide_parcel_back(self):
        parcels = self._get_troubled().filtered(
            lambda parcel: parcel.state in ("returned", "failed_attempt")
        )
        parcels._expect_back(self.note)

    def _decide_parcel_ask(self):
        self._get_troubled()._ask_carrier(self.note)

    def _decide_parcel_settled(self):
        parcels = self._get_troubled()
        for order, own in parcels.grouped("order_id").items():
            what = " ".join(parcel._get_problem_reason() for parcel in own)
            order._oms_note(f"{self.env._('Looked after: %s', what)} {self.note or ''}".strip())
        parcels._set_problem_settled()
