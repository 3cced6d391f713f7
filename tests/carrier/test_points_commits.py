"""Relay points that are asked for while somebody waits, really committed."""

import contextlib
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import ADAPTERS, Address
from odoo.addons.oms.connectors.outcome import Ok

from .carrier_case import FakeCarrier
from .test_points import SHOP

PARIS = Address("", "", "75002", "Paris", "FR")


class BusyCarrier(FakeCarrier):
    """A carrier during whose answer other things happen."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile
        self.asked = 0

    def pickup_points(self, account, near):
        self.asked += 1
        self.meanwhile()
        return Ok((SHOP,))


@tagged("post_install", "-at_install")
class TestPointsCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.open() as env:
            account = env["oms.carrier.account"].create(
                {"name": "Busy", "adapter": "gls", "base_url": "https://gls.example.com"}
            )
            self.account_id = account.id
        self.addCleanup(self.clean)

    @contextlib.contextmanager
    def open(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.open() as env:
            areas = env["oms.carrier.area"].search([("account_id", "=", self.account_id)])
            env["oms.task"].search(
                [("res_model", "=", areas._name), ("res_id", "in", areas.ids)]
            ).unlink()
            areas.unlink()
            env["oms.carrier.account"].browse(self.account_id).unlink()

    def find(self, env, **how):
        account = env["oms.carrier.account"].browse(self.account_id)
        return env["oms.carrier.area"]._find_points(account, PARIS, **how)

    def use(self, meanwhile=lambda: None):
        carrier = BusyCarrier(meanwhile)
        self.enterContext(patch.dict(ADAPTERS, {"gls": carrier}))
        return carrier

    def place_an_order(self):
        with self.open() as env:
            env.cr.execute("SET LOCAL lock_timeout = '1s'")
            self.assertIsNone(self.find(env))

    def test_nobody_waits_for_whoever_waits(self):
        self.use(self.place_an_order)
        with self.open() as env:
            self.assertEqual(self.find(env, patient=True), (SHOP,))
        with self.open() as env:
            self.assertEqual(self.find(env), (SHOP,))

    def test_a_request_that_is_run_again_does_not_ask_again(self):
        carrier = self.use()
        with self.open() as env:
            self.assertEqual(self.find(env, patient=True), (SHOP,))
            env.cr.rollback()
            self.assertEqual(self.find(env, patient=True), (SHOP,))
        self.assertEqual(carrier.asked, 1)

    @mute_logger("odoo.sql_db", "odoo.addons.oms.models.carrier.oms_carrier_area")
    def test_whoever_waits_does_not_wait_for_itself(self):
        self.use()
        with self.open() as env:
            self.assertIsNone(self.find(env), "the area is made, and not committed yet")
            self.assertEqual(self.find(env, patient=True), (SHOP,))
