import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

#: Days after which somebody looks what a carrier answered.
ANSWER_DAYS = 2
#: Days for which parcels are on their way back, where nobody knows better.
BACK_DAYS = 5


class OmsParcel(models.Model):
    """What people decide about parcels that somebody has to look after."""

    _inherit = "oms.parcel"

    return_picking_id = fields.Many2one(
        "stock.picking",
        string="Comes Back By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    def _ask_carrier(self, note=None):
        """Have somebody ask the carrier, and ask where the parcels are at once.

        :param str note: what else there is to say
        """
        self.action_track()
        for order, parcels in self.grouped("order_id").items():
            what = " ".join(parcel._get_problem_reason() for parcel in parcels)
            # sudo: whoever decides on the order plans what is to be done about it
            order.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=fields.Date.context_today(order) + timedelta(days=ANSWER_DAYS),
                summary=self.env._("Ask the carrier"),
                note=f"{what} {note or ''}".strip(),
                user_id=self.env.user.id,
            )
        self._set_problem_settled()

    def _expect_back(self, note=None):
        """Open transfers by which what is in the parcels comes back to its site.

        They are Odoo's own returns: what is on its way back is dated supply of the site, and is
        delivered no more once it is received.

        :param str note: what else there is to say
        :return: the transfers
        :raises UserError: nobody knows what is in a parcel
        """
        for parcel in self - self._filter_expected():
            contents = parcel._get_contents()
            if not contents:
                raise UserError(
                    self.env._(
                        "What is in parcel %s is not known, or is back already: make the return of "
                        "the transfer by hand.",
                        parcel.display_name,
                    )
                )
            parcel.return_picking_id = parcel._make_return(contents)
        for parcel in self:
            parcel._note_back(note)
        self._set_problem_settled()
        return self.return_picking_id

    def _filter_expected(self):
        """Keep the parcels for which a transfer waits, or by which they came back."""
        return self.filtered(lambda parcel: parcel.return_picking_id.state not in (False, "cancel"))

    def _note_back(self, note=None):
        self.order_id._oms_note(
            self.env._(
                "Parcel %(number)s comes back by %(transfer)s. %(note)s",
                number=self.display_name,
                transfer=self.return_picking_id.name,
                note=note or "",
            ).strip()
        )

    def _propose_back(self):
        """Have the transfer ready by which what the carrier sends back is received at its site.

        It is dated supply there at once. What becomes of the order is still for somebody to
        decide; whoever sends the parcel on cancels the transfer. Of parcels of which nobody knows
        what is in them, none is made.
        """
        for parcel in self - self._filter_expected():
            contents = parcel._get_contents()
            if not contents:
                continue
            try:
                with self.env.cr.savepoint():
                    parcel.return_picking_id = parcel._make_return(contents)
            except UserError as error:
                # What the carrier told is kept all the same; somebody looks after it anyway.
                _logger.info("No transfer is made for parcel %s: %s", parcel.display_name, error)
                continue
            parcel._note_back()

    def _make_return(self, contents):
        """Return the transfer by which goods of the parcel come back.

        :param dict contents: quantity in the product's unit by ``oms.fulfillment.line``
        """
        picking = self.picking_id
        context = {
            "active_model": picking._name,
            "active_id": picking.id,
            "active_ids": picking.ids,
        }
        # sudo: whoever decides on the order need not have rights on all stock moves
        wizard = (
            self.env["stock.return.picking"]
            .sudo()
            .with_context(**context)
            .create({"picking_id": picking.id})
        )
        left = dict(contents)
        for line in wizard.product_return_moves:
            part = line.move_id.oms_fulfillment_line_id
            quantity = min(left.get(part, 0.0), line.move_id.product_qty)
            left[part] = left.get(part, 0.0) - quantity
            line.quantity = line.move_id.product_id.uom_id._compute_quantity(quantity, line.uom_id)
        back = wizard._create_return()
        due = fields.Datetime.now() + timedelta(days=BACK_DAYS)
        back.move_ids.write({"date": due, "date_deadline": False})
        return back
