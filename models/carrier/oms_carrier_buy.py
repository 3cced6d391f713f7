from datetime import timedelta

from markupsafe import Markup
from pydantic import TypeAdapter

from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability, Shipment
from ...connectors.outcome import Ok

#: How shipments are kept in tasks.
SHIPMENT = TypeAdapter(Shipment)


class OmsCarrierBuy(models.AbstractModel):
    """Buying the labels of a transfer, once."""

    _name = "oms.carrier.buy"
    _description = "Buy Labels"
    _inherit = "oms.carrier.task"

    #: Method of adapters that buys.
    _buy_method = "buy"

    def _get_title(self):
        return self.env._("Buy labels")

    def _prepare_call(self, task):
        picking = self._get_picking(task)
        if picking.state == "cancel":
            raise UserError(self.env._("%s is cancelled.", picking.name))
        if self._find_others(task, picking):
            raise UserError(self.env._("%s: asked for anew meanwhile.", task.name))
        return self._prepare(task, self._buy_method)

    def _find_others(self, task, picking):
        """Return the tasks that buy the same, or have bought it, so that this one must not.

        :param picking: ``stock.picking`` of the task
        """
        return picking._oms_find_label_tasks(task.kind) - task

    def _prepare_look(self, task):
        if Capability.FIND not in self._get_account(task)._get_adapter().capabilities:
            return None
        return self._prepare(task, "find")

    def _prepare(self, task, method):
        """Return a function that asks a carrier, with all that it needs to know.

        What is asked first is kept, so that every attempt asks for the same.
        """
        account = self._get_account(task)
        adapter = account._get_adapter()
        asked = account._prepare_account()
        if "shipment" not in task.arguments:
            shipment = self._prepare_shipment(task, account)
            kept = SHIPMENT.dump_python(shipment, mode="json")
            task.arguments = {**task.arguments, "shipment": kept}
        shipment = SHIPMENT.validate_python(task.arguments["shipment"])

        def call():
            outcome = getattr(adapter, method)(asked, shipment)
            if isinstance(outcome, Ok) and outcome.value is not None:
                return Ok(self._write_created(outcome.value), outcome.warnings)
            return outcome

        return call

    def _prepare_shipment(self, task, account):
        return self._get_picking(task)._oms_prepare_shipment(
            account, task.arguments["reference"], task.arguments["ssccs"]
        )

    def _get_picking(self, task):
        picking = self.env["stock.picking"].browse(task.res_id).exists()
        if not picking:
            raise UserError(self.env._("The transfer is not there any more."))
        return picking.with_company(picking.company_id)

    # === WHAT COMES OF IT === #

    def _apply(self, task, result):
        picking = self._get_picking(task)
        parcels = self._make_parcels(task, picking, self._read_created(result))
        numbers = parcels.mapped("tracking_number")
        if picking.state == "cancel":
            picking._oms_cancel_parcels(parcels)
            return
        picking.carrier_tracking_ref = ",".join(
            dict.fromkeys([*filter(None, [picking.carrier_tracking_ref]), *numbers])
        )
        self._take_price(picking, result)
        picking.message_post(
            body=Markup("<p>%s</p>")
            % self.env._(
                "Labels of %(carrier)s: %(numbers)s",
                carrier=picking.carrier_id.name,
                numbers=", ".join(numbers),
            ),
            attachment_ids=parcels.label_id.ids,
        )
        if picking.carrier_id.return_label_on_delivery:
            picking._oms_request_return_labels()

    def _on_unwanted(self, task, result):
        picking = self._get_picking(task)
        parcels = self._make_parcels(task, picking, self._read_created(result))
        picking._oms_cancel_parcels(parcels)

    def _on_rejected(self, task):
        # Whoever mends it changes what is asked for.
        task.arguments = {
            name: value for name, value in task.arguments.items() if name != "shipment"
        }
        picking = self._get_picking(task)
        picking.message_post(
            body=self.env._("The carrier refused the labels: %s", task.error or ""),
            message_type="comment",
        )

    def _make_parcels(self, task, picking, created):
        account = self._get_account(task)
        by_name = {package.name: package for package in picking.move_line_ids.result_package_id}
        currency = self.env["res.currency"].search([("name", "=", created.currency)], limit=1)
        now = fields.Datetime.now()
        vals_list = []
        for parcel in created.parcels:
            package = by_name.get(parcel.reference)
            vals_list.append(
                {
                    "picking_id": picking.id,
                    "package_id": package.id if package else False,
                    "account_id": account.id,
                    "carrier_id": picking.carrier_id.id,
                    "shipment_ref": created.carrier_id,
                    "reference": parcel.reference,
                    "sscc": task.arguments["ssccs"].get(parcel.reference) or False,
                    "tracking_number": parcel.tracking_number,
                    "tracking_url": parcel.tracking_url or False,
                    "weight": package.shipping_weight if package else picking.shipping_weight,
                    "price": (created.price or 0.0) / len(created.parcels),
                    "currency_id": currency.id,
                    "state_at": now,
                    "next_poll": now + timedelta(hours=1),
                }
            )
        parcels = self.env["oms.parcel"].create(vals_list)
        for parcel, made in zip(parcels, created.parcels, strict=True):
            parcel.label_id = self._make_label(picking, parcel, made.label)
        parcels.filtered(lambda parcel: not parcel.label_id)._fetch_labels(task)
        return parcels

    def _take_price(self, picking, result):
        """Have the customer charged what the carrier charges, where the method says so."""
        if not result["price"]:
            return
        currency = self.env["res.currency"].search([("name", "=", result["currency"])], limit=1)
        order_currency = picking.sale_id.currency_id or picking.company_id.currency_id
        price = result["price"]
        if currency and currency != order_currency:
            price = currency._convert(
                price, order_currency, picking.company_id, fields.Date.context_today(picking)
            )
        picking.carrier_price = picking.carrier_id._apply_margins(price, picking.sale_id)
        picking._add_delivery_cost_to_so()
