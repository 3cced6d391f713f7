"""A warehouse that sends by a carrier whose answers the test chooses."""

from unittest.mock import patch

from odoo import fields

from odoo.addons.oms.connectors.carrier import (
    ADAPTERS,
    Capability,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Manifest,
)
from odoo.addons.oms.connectors.outcome import Ok, Rejected, Unknown

from ..common import OmsCase


class FakeCarrier:
    """An adapter with a memory.

    :param answers: how each purchase ends: ``ok``, ``rejected``, ``before``, ``after``
    """

    name = "Fake"
    base_url = ""
    settings = ()

    def __init__(self, *answers, find=True):
        self.answers = list(answers)
        self.bought = []
        self.cancelled = []
        self.tracks = ()
        self.lose_label = False
        self.prices = ()
        self.manifests = []
        self.capabilities = frozenset(Capability) - ({Capability.FIND} if not find else set())

    def buy(self, account, shipment):
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "rejected":
            return Rejected("zip", "The postcode is wrong.", "receiver.zip")
        if answer == "before":
            return Unknown("nobody answers")
        self.bought.append(shipment)
        return Unknown("nobody answers") if answer == "after" else Ok(self.tell(shipment))

    def find(self, account, shipment):
        known = [each for each in self.bought if each.reference == shipment.reference]
        return Ok(self.tell(known[0]) if known else None)

    def tell(self, shipment):
        lost, self.lose_label = self.lose_label, False
        label = None if lost else Label(b"%PDF-1.4 %%EOF", LabelFormat.PDF)
        return Created(
            f"S-{shipment.reference}",
            tuple(
                LabelledParcel(
                    parcel.reference,
                    f"T-{shipment.reference}-{place}",
                    label,
                    "https://carrier.example.com/T",
                )
                for place, parcel in enumerate(shipment.parcels)
            ),
            7.5,
            "EUR",
        )

    def rates(self, account, shipment):
        return Ok(self.prices)

    def return_label(self, account, shipment):
        return self.buy(account, shipment)

    def manifest(self, account, day):
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "rejected":
            return Rejected("late", "The driver was there already.")
        self.manifests.append(day)
        if answer == "after":
            return Unknown("nobody answers")
        return Ok((Manifest(f"M-{day}", Label(b"%PDF-1.4 list %%EOF", LabelFormat.PDF)),))

    def labels(self, account, shipment, created):
        return Ok(self.tell(shipment))

    def cancel(self, account, created):
        self.cancelled += [parcel.tracking_number for parcel in created.parcels]
        return Ok(None)

    def track(self, account, numbers):
        return Ok(tuple(track for track in self.tracks if track.tracking_number in numbers))


class CarrierCase(OmsCase):
    def setUp(self):
        super().setUp()
        self.account = self.env["oms.carrier.account"].create(
            {"name": "Fake", "adapter": "simulator"}
        )
        self.method = self.env["delivery.carrier"].create(
            {
                "name": "Parcel",
                "delivery_type": "oms",
                "product_id": self.env["product.product"]
                .create({"name": "Delivery", "type": "service"})
                .id,
                "oms_account_ids": self.account.ids,
                "oms_price": 6.0,
            }
        )
        self.env.company.partner_id.write(
            {"street": "Hafenweg 1", "zip": "48155", "city": "Münster"}
        )
        self.env.company.partner_id.country_id = self.env.ref("base.de")
        self.apple.weight = 0.25

    def use(self, carrier):
        """Let this carrier be asked."""
        patcher = patch.dict(ADAPTERS, {"simulator": carrier})
        patcher.start()
        self.addCleanup(patcher.stop)
        return carrier

    def release(self, quantity=2):
        """Return the transfer of an order that goes by the carrier, ready to be packed."""
        self.stock(self.apple, (self.near, 20))
        order = self.make_order((self.apple, quantity), confirm=False)
        order.carrier_id = self.method
        order.partner_shipping_id.write(
            {"street": "Rue de la Paix 12", "city": "Paris", "zip": "75002"}
        )
        order.partner_shipping_id.country_id = self.env.ref("base.fr")
        order.action_confirm()
        picking = order.picking_ids
        picking.carrier_id = self.method
        return picking

    def ship(self, picking):
        picking.move_ids.picked = True
        picking.button_validate()
        return picking

    def run_tasks(self, again=True):
        """Do what is to be done outside, as often as it takes."""
        for _time in range(3 if again else 1):
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE oms_task SET next_try = %s WHERE next_try IS NOT NULL",
                [fields.Datetime.now()],
            )
            self.env.invalidate_all()
            with self.enter_registry_test_mode():
                self.env.ref("oms.cron_run_tasks").method_direct_trigger()
            self.env.invalidate_all()

    def tasks(self, picking, kind="carrier.buy"):
        return self.env["oms.task"].search(
            [("res_model", "=", "stock.picking"), ("res_id", "=", picking.id), ("kind", "=", kind)]
        )
