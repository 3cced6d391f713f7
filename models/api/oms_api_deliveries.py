from collections import defaultdict
from typing import Annotated

from pydantic import Field

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..fulfillment.stock_picking import NUMBERS
from .contract import Faulty, Item
from .contract_deliveries import Deliveries, Delivery
from .endpoint import endpoint, get_problem_text
from .error import ApiError

#: Deliveries of one call.
MOST_DELIVERIES = 500

Given = Annotated[list[Annotated[Delivery, Item]], Field(min_length=1, max_length=MOST_DELIVERIES)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    # === ENDPOINTS === #

    @endpoint
    def report_deliveries(self, channel, deliveries: Given) -> Deliveries:
        """Take down what customers have got, each parcel once.

        Promises are scored by it. Of a transfer with several tracking numbers that are told one by
        one the customer has the goods with the last of them. What was told before stays as it is,
        so that a call may be sent again.

        :param deliveries: up to 500 deliveries; what becomes of one has no say in the others
        :return: what became of each, in the order asked
        """
        parcels = self._find_parcels(
            channel, [each for each in deliveries if not isinstance(each, Faulty)]
        )
        arrived, numbers = {}, {}
        answers = [
            self._sort_delivery(parcels, arrived, numbers, index, delivery)
            for index, delivery in enumerate(deliveries)
        ]
        for picking, moments in numbers.items():
            picking._oms_keep_delivered_numbers(moments)
        by_moment = defaultdict(self.env["stock.picking"].browse)
        for parcel, moment in arrived.items():
            by_moment[moment] |= parcel
        for moment, told in by_moment.items():
            told._oms_set_delivered(moment)
        return {"deliveries": answers}

    # === PARCELS === #

    @api.model
    def _find_parcels(self, channel, deliveries):
        """Return the transfers that deliveries name, by kind of name and name.

        :param deliveries: list of ``contract_deliveries.Delivery``
        :return: transfers by ("reference" or "shipment" or "tracking", name)
        :rtype: dict
        """
        asked = {
            kind: {getattr(each, kind) for each in deliveries} - {None}
            for kind in ("reference", "shipment", "tracking")
        }
        of_channel = [("oms_fulfillment_id.channel_id", "=", channel.id)]
        Picking = self.env["stock.picking"]
        by_order = [("oms_fulfillment_id.order_id.oms_external_ref", "in", asked["reference"])]
        by_name = [
            "|",
            ("name", "in", asked["shipment"]),
            ("oms_fulfillment_id.name", "in", asked["shipment"]),
        ]
        found = Picking.search([*of_channel, *by_order]) | Picking.search([*of_channel, *by_name])
        if asked["tracking"]:
            found |= Picking.search(
                Domain(of_channel) & self._get_tracking_domain(asked["tracking"])
            )
        parcels = defaultdict(Picking.browse)
        for picking in found:
            fulfillment = picking.oms_fulfillment_id
            parcels["reference", fulfillment.order_id.oms_external_ref] |= picking
            parcels["shipment", fulfillment.name] |= picking
            parcels["shipment", picking.name] |= picking
            for number in picking._oms_split_numbers(picking.carrier_tracking_ref):
                parcels["tracking", number] |= picking
            parcels["tracking", picking.carrier_tracking_ref] |= picking
        return parcels

    @api.model
    def _get_tracking_domain(self, numbers):
        """Return the domain of transfers that may have one of some numbers, or have several."""
        self.env["stock.picking"].flush_model(["carrier_tracking_ref"])
        domain = Domain("carrier_tracking_ref", "in", sorted(numbers))
        # Odoo writes the numbers of a transfer of several parcels one after the other.
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM stock_picking WHERE %s && %s "
                "AND POSITION(',' IN carrier_tracking_ref) > 0",
                SQL(NUMBERS),
                sorted(numbers),
            )
        )
        return domain | Domain("id", "in", [picking_id for [picking_id] in rows])

    @api.model
    def _sort_delivery(self, parcels, arrived, numbers, index, delivery):
        """Put what a delivery names among what arrived.

        :param dict parcels: as :meth:`_find_parcels` returns it
        :param dict arrived: takes the moment by transfer
        :param dict numbers: takes the moments by tracking number, by transfer, of those that are
            told number by number
        :return: data of ``contract_deliveries.Delivered``
        :rtype: dict
        """
        field = f"deliveries.{index}"
        if isinstance(delivery, Faulty):
            error = self._refuse(
                "invalid",
                get_problem_text(self.env, delivery.problems, "deliveries"),
                ".".join(map(str, (field, *delivery.problems[0]["loc"])))[:200],
            )
            return {"reference": delivery.reference, "status": "refused", "error": error}
        answer = delivery.model_dump(include={"reference", "shipment", "tracking"})
        try:
            moment = self.env["oms.fulfillment"]._check_delivery_moment(delivery.at)
            named = self._get_named_parcels(parcels, delivery, field)
            fresh = named.filtered(
                lambda parcel: not parcel.oms_delivered_at and parcel not in arrived
            )
            for parcel in fresh:
                parcel._oms_check_can_deliver(moment)
        except UserError as error:
            code = getattr(error, "code", "conflict")
            where = getattr(error, "field", field)
            return answer | {"status": "refused", "error": self._refuse(code, str(error), where)}
        news = [
            self._take_parcel(arrived, numbers, picking, delivery.tracking, moment)
            for picking in fresh
        ]
        return answer | {
            "status": "delivered" if any(news) else "unchanged",
            "parcels": named.mapped("name"),
        }

    @api.model
    def _take_parcel(self, arrived, numbers, picking, tracking, moment):
        """Put a transfer among what arrived, or only those of its parcels that a number names.

        :param dict arrived: as :meth:`_sort_delivery` takes it, like ``numbers``
        :param tracking: one of its tracking numbers, all of them, or None where the transfer is
            named as a whole
        :return: whether that is news
        :rtype: bool
        """
        named = picking._oms_split_numbers(tracking)
        every = picking._oms_get_numbers()
        if not named & every or every <= named:
            arrived[picking] = moment
            return True
        if picking not in numbers:
            numbers[picking] = picking._oms_get_delivered_numbers()
        known = numbers[picking]
        news = not named & every <= known.keys()
        for number in named & every:
            known.setdefault(number, moment)
        if every <= known.keys():
            # Clocks of carriers may be wrong by minutes, and some tell the day only.
            left = picking.move_ids._oms_filter_left().mapped("date")
            arrived[picking] = max([*known.values(), *left])
            return True
        return news

    @api.model
    def _get_named_parcels(self, parcels, delivery, field):
        """Return the transfers that left and that a delivery names.

        :raises ApiError: there are none
        """
        named = None
        for kind in ("reference", "shipment", "tracking"):
            name = getattr(delivery, kind)
            if name is None:
                continue
            of_name = parcels.get((kind, name))
            if not of_name:
                raise ApiError(
                    "not_found",
                    self.env._("The channel has no parcel under “%s”.", name),
                    f"{field}.{kind}",
                )
            named = of_name if named is None else named & of_name
        if not named:
            raise ApiError("not_found", self.env._("No parcel goes by all of these names."), field)
        left = named.filtered(lambda parcel: parcel.move_ids._oms_filter_left())
        # What has not left is told by itself; beside what has, it is simply not meant.
        return left or named[:1]
