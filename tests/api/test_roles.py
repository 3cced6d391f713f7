import contextlib
import json

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.api.endpoint import ENDPOINTS

from .common import ApiHttpCase


@tagged("post_install", "-at_install")
class TestRoles(ApiHttpCase):
    def test_a_channels_system_reads_no_model(self):
        """Whatever it asks of whatever model: no record, but what every visitor may read."""
        portal = self.make_user("visitor", "base.group_portal")
        readable = {
            name
            for name, model in self.env.items()
            if not model._abstract
            and model.with_user(self.system).has_access("read")
            and not model.with_user(portal).has_access("read")
        }
        self.assertEqual(readable, set())
        for name, model in self.env.items():
            for operation in ("write", "create", "unlink"):
                if model._abstract or model._transient or not name.startswith("oms."):
                    continue
                self.assertFalse(model.with_user(self.system).has_access(operation), name)

    def test_nor_over_http(self):
        order = self.make_order((self.apple, 1))
        with mute_logger("odoo.http", "odoo.models"):
            for model, records in (
                ("sale.order", order),
                ("oms.channel", self.channel),
                ("oms.fulfillment", order.oms_fulfillment_ids),
                ("oms.incoming.order", order.browse()),
                ("oms.channel.code", order.browse()),
                ("oms.claim", order.browse()),
                ("res.partner", order.partner_id),
                ("product.product", self.apple),
                ("oms.position", order.browse()),
            ):
                response = self.post(f"/json/2/{model}/search_read", {"domain": []})
                told = response.json() if response.status_code == 200 else []
                names = {row.get("display_name") for row in told}
                self.assertFalse(names & set(records.mapped("display_name")), model)

    def test_no_internal_user_by_accident(self):
        """Who is named in no channel gets nothing, whatever else he may do."""
        manager = self.make_user("manager", "oms.group_order_manager")
        with mute_logger("odoo.http"):
            for name in ENDPOINTS:
                response = self.post(
                    f"/json/2/oms.api/{name}", self.prepare(name), key=self.make_key(manager)
                )
                self.assertEqual(response.status_code, 403, name)

    def prepare(self, name):
        """Return arguments that are good."""
        return {
            "availability": {"products": ["Apple"]},
            "hold": {"lines": [{"product": "Apple", "site": "NEAR", "quantity": 1}]},
            "extend": {"holds": [1], "minutes": 1},
            "release": {"holds": [1]},
            "place_orders": {"orders": [{}]},
            "order_status": {"references": ["a"]},
            "cancel": {"references": ["a"]},
            "change_order": {"changes": [{}]},
            "report_deliveries": {"deliveries": [{"tracking": "a"}]},
            "stock_changes": {"cursor": "a"},
            "request_return": {"returns": [{}]},
            "return_status": {"returns": ["a"]},
            "cancel_return": {"returns": ["a"]},
        }.get(name, {})

    def test_who_mends_parked_orders(self):
        order = self.env["oms.incoming.order"].create(
            {"channel_id": self.channel.id, "reference": "W-1", "payload": json.loads("{}")}
        )
        operator = self.make_user("operator", "oms.group_order_operator")
        order.with_user(operator).action_drop()
        self.assertEqual(order.state, "dropped")
        clerk = self.make_user("clerk", "oms.group_site_operator")
        with self.assertRaises(AccessError):
            order.with_user(clerk).read(["payload"])
        other = self.env["res.company"].create({"name": "Other company"})
        theirs = self.make_channel("Theirs", "THEIRS", company_id=other.id, network_ids=False)
        foreign = order.create({"channel_id": theirs.id, "reference": "X"})
        self.assertFalse(order.with_user(operator).search([("id", "=", foreign.id)]))

    def test_who_sees_changes(self):
        vals = {"reference": "W-1", "change": "1", "content_hash": "x", "payload": {"note": "x"}}
        change = self.env["oms.order.change"].create({"channel_id": self.channel.id, **vals})
        operator = self.make_user("operator", "oms.group_order_operator")
        self.assertEqual(change.with_user(operator).summary, "Note")
        for refused in (lambda own: own.write({"change": "2"}), lambda own: own.unlink()):
            with self.assertRaises(AccessError):
                refused(change.with_user(operator))
        clerk = self.make_user("clerk", "oms.group_site_operator")
        with self.assertRaises(AccessError):
            change.with_user(clerk).read(["payload"])
        other = self.env["res.company"].create({"name": "Other company"})
        theirs = self.make_channel("Theirs", "THEIRS", company_id=other.id, network_ids=False)
        foreign = change.create({"channel_id": theirs.id, **vals})
        self.assertFalse(change.with_user(operator).search([("id", "=", foreign.id)]))

    def test_keys_are_made_by_administrators(self):
        wizard = self.env["oms.channel.key"].create(
            {"channel_id": self.channel.id, "name": "Shop Server"}
        )
        action = wizard.action_make()
        key = action["context"]["oms_new_key"]
        shown = wizard.with_context(**action["context"]).read(["key"])[0]["key"]
        self.assertEqual(shown, key)
        self.assertNotIn("key", wizard._fields["key"].column_type or ())
        self.assertEqual(self.post("/json/2/oms.api/ping", {}, key=key).status_code, 200)
        user = self.channel.user_ids - self.system
        self.assertTrue(user.share)
        self.assertEqual(user.company_ids, self.company)
        with contextlib.suppress(AccessError):
            wizard.with_user(self.make_user("boss", "oms.group_order_manager")).action_make()
            self.fail("a manager made a key")
