import dataclasses

from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability, LabelFormat


class OmsCarrierReturn(models.AbstractModel):
    """Buying a label by which the customer sends goods back, once."""

    _name = "oms.carrier.return"
    _description = "Buy a Return Label"
    _inherit = "oms.carrier.buy"
    _buy_method = "return_label"

    def _get_title(self):
        return self.env._("Buy a return label")

    def _find_others(self, task, picking):
        # Further ones may be bought, but not by a task that is older than the one that came.
        came = picking._oms_get_label_tasks(task.kind).filtered(
            lambda other: (
                other.state == "done" and not other.unwanted and other.done_at > task.create_date
            )
        )
        return super()._find_others(task, picking) | came

    def _prepare_shipment(self, task, account):
        return self._get_picking(task)._oms_prepare_return(account, task.arguments["reference"])

    # === WHAT COMES OF IT === #

    def _apply(self, task, result):
        picking = self._get_picking(task)
        created = self._read_created(result)
        labels = self.env["ir.attachment"]
        for parcel in created.parcels:
            if not parcel.label:
                raise UserError(
                    self.env._("%s was bought, and its label did not come.", parcel.tracking_number)
                )
            labels |= self._make_attachment(
                picking,
                f"{picking.carrier_id.get_return_label_prefix()}-{parcel.tracking_number}",
                parcel.label,
            )
        if picking.carrier_id.get_return_label_from_portal:
            labels.generate_access_token()
        numbers = ", ".join(parcel.tracking_number for parcel in created.parcels)
        picking.message_post(
            body=self.env._("Return label: %s", numbers), attachment_ids=labels.ids
        )

    def _on_unwanted(self, task, result):
        created = self._read_created(result)
        self.env["oms.task"]._enqueue(
            [
                {
                    "kind": "carrier.cancel",
                    "key": f"return-{task.id}",
                    "name": self.env._("Take back %s", task.name),
                    "company_id": task.company_id.id,
                    "res_model": task.res_model,
                    "res_id": task.res_id,
                    "arguments": {
                        "account_id": task.arguments["account_id"],
                        "carrier_id": created.carrier_id,
                        "numbers": [parcel.tracking_number for parcel in created.parcels],
                        "parcel_ids": [],
                    },
                }
            ]
        )


class StockPicking(models.Model):
    """Labels for the way back."""

    _inherit = "stock.picking"

    oms_has_return_label = fields.Boolean(
        compute="_compute_oms_has_return_label", groups="base.group_user"
    )

    def _compute_oms_has_return_label(self):
        for picking in self:
            picking.oms_has_return_label = bool(picking.return_label_ids)

    def _oms_prepare_return(self, account, reference):
        """Put the way back of a transfer into the words of carriers, as one parcel.

        :param account: ``oms.carrier.account``
        :param str reference: by which the carrier knows it
        :rtype: connectors.carrier.Shipment
        :raises UserError: something is missing that every carrier needs
        """
        shipment = self._oms_prepare_shipment(account, reference, {})
        parcels = shipment.parcels
        parcel = dataclasses.replace(
            parcels[0],
            reference=self.name,
            weight=sum(each.weight for each in parcels),
            dimensions=parcels[0].dimensions if len(parcels) == 1 else None,
            commodities=tuple(goods for each in parcels for goods in each.commodities),
        )
        return dataclasses.replace(
            shipment,
            sender=shipment.receiver,
            receiver=shipment.sender,
            parcels=(parcel,),
            service=self.carrier_id.oms_return_service_code or shipment.service,
            label_format=LabelFormat.PDF,
            pickup_point="",
            pickup_address=None,
        )

    def _oms_request_return_labels(self):
        """Put tasks into the queue that buy labels for the way back of the transfers.

        :return: the tasks
        :raises UserError: a site has no account whose carrier gives return labels
        """
        by_picking = self._oms_get_label_tasks("carrier.return").grouped("res_id")
        known = self._oms_filter_wanted_tasks(by_picking)
        new = self.filtered(lambda picking: picking not in known)
        made = self.env["oms.task"]._enqueue(
            [
                picking._oms_prepare_return_task(len(by_picking.get(picking.id, ())) + 1)
                for picking in new
            ]
        )
        known |= dict(zip(new, made, strict=True))
        return self.env["oms.task"].sudo().union(*(known[picking] for picking in self))

    def _oms_prepare_return_task(self, attempt):
        """Return values of the task that buys a label for the way back of the transfer.

        :param int attempt: how often one was asked for, with this time
        :rtype: dict
        :raises UserError: its site has no account whose carrier gives return labels
        """
        self.ensure_one()
        account = self.carrier_id._oms_find_account(
            self.oms_site_id, self.company_id, needs=Capability.RETURN_LABEL
        )
        return {
            "kind": "carrier.return",
            "key": f"{self.id}-{attempt}",
            "name": self.env._("Return label of %s", self.name),
            "company_id": self.company_id.id,
            "res_model": self._name,
            "res_id": self.id,
            "arguments": {
                "account_id": account.id,
                "reference": f"R{self._oms_get_label_reference(attempt)}",
            },
        }

    # === ACTION METHODS === #

    def action_oms_return_label(self):
        """Have labels bought by which the customers send the goods back.

        :raises AccessError: the user may not change the transfers
        """
        self.check_access("write")
        self._oms_request_return_labels()

    def action_oms_mail_return_label(self):
        """Write a mail to the customer with the return label.

        :return: a window action
        :rtype: dict
        :raises UserError: there is no label yet
        """
        self.ensure_one()
        if not self.return_label_ids:
            raise UserError(self.env._("There is no return label yet."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send the Return Label"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_partner_ids": self._oms_get_receiver().ids,
                "default_subject": self.env._(
                    "Return label for %s", self.sale_id.name or self.origin or self.name
                ),
                "default_body": self.env._(
                    "Print the attached label, stick it on your parcel, and hand it to the carrier."
                ),
                "default_attachment_ids": self.return_label_ids[:1].ids,
            },
        }
