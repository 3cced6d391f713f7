from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .claim_case import ClaimCase


@tagged("post_install", "-at_install")
class TestScreen(ClaimCase):
    """Order managers release and extend; others look on, each at what is theirs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("claim_manager", "oms.group_order_manager")

    def extend(self, claims, minutes, user=None):
        action = claims.with_user(user or self.manager).action_extend()
        wizard = (
            self.env[action["res_model"]]
            .with_user(user or self.manager)
            .with_context(**action["context"])
            .create({"minutes": minutes})
        )
        with self.enter_registry_test_mode():
            wizard.action_extend()

    def test_release(self):
        claims = self.hold((self.apple, self.near, 2), (self.berry, self.far, 1))
        released = self.hold((self.apple, self.near, 1))
        released._release()
        result = (claims + released).with_user(self.manager).action_release()
        self.assertIn("claims: 2", result["params"]["message"])
        self.assertEqual(set(claims.mapped("state")), {"released"})
        self.assertEqual(self.available(self.apple, self.near), 5)
        with self.assertRaisesRegex(UserError, "nothing to release"):
            claims.with_user(self.manager).action_release()

    def test_order_whose_claim_is_released_waits(self):
        order = self.make_order((self.apple, 2), confirm=False)
        claim = self.hold((self.apple, self.far, 2))._confirm(order.order_line)
        line = claim.fulfillment_line_id
        self.assertEqual((claim.state, line.quantity), ("active", 2))
        claim.with_user(self.manager).action_release()
        self.assertEqual((claim.state, line.quantity), ("released", 0))
        order.action_confirm()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertBalanced(order)

    def test_extend(self):
        claims = self.hold((self.apple, self.near, 2), (self.berry, self.far, 1), minutes=5)
        before = claims.mapped("expires_at")
        self.extend(claims, 60)
        for earlier, later in zip(before, claims.mapped("expires_at"), strict=True):
            self.assertGreater(later, earlier)
        self.assertEqual(claims.write_uid, self.manager)
        with self.assertRaisesRegex(ValidationError, "more than 0"):
            self.extend(claims, 0)
        claims._release()
        with self.assertRaisesRegex(UserError, "can be extended"):
            self.extend(claims, 60)

    def test_others_may_not(self):
        claim = self.hold((self.apple, self.near, 2))
        for login, groups in (
            ("claim_operator", "oms.group_order_operator"),
            ("claim_seller", "sales_team.group_sale_salesman_all_leads"),
        ):
            user = self.make_user(login, groups)
            self.assertEqual(claim.with_user(user).quantity, 2)
            for action in ("action_release", "action_extend"):
                with self.assertRaisesRegex(AccessError, "Only order managers"):
                    getattr(claim.with_user(user), action)()
            with self.assertRaises(AccessError):
                claim.with_user(user).write({"state": "released"})
        with self.assertRaises(AccessError):
            claim.with_user(self.manager).write({"quantity": 1})
        self.assertEqual((claim.state, claim.quantity), ("active", 2))

    def test_other_companies(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.make_site("Theirs", "THEIR", company=other)
        self.stock(self.apple, (site, 5))
        theirs = self.hold((self.apple, site, 1))
        for action in ("action_release", "action_extend"):
            with self.assertRaises(AccessError):
                getattr(theirs.with_user(self.manager), action)()
        self.assertEqual(theirs.state, "active")

    def test_filters(self):
        soon, later, over = (
            self.hold((self.apple, self.near, 1), minutes=minutes) for minutes in (30, 90, 30)
        )
        over.expires_at = "2020-01-01 00:00:00"
        view = self.env["oms.claim"].get_view(view_type="search")
        filters = {
            node.get("name"): safe_eval(node.get("domain"))
            for node in etree.fromstring(view["arch"]).iter("filter")
            if node.get("domain")
        }
        ours = [("product_id", "=", self.apple.id)]

        def found(name):
            return self.env["oms.claim"].search([*ours, *filters[name]], order="id")

        self.assertEqual(found("active"), soon + later)
        self.assertEqual(found("expiring"), soon)
        self.assertEqual(found("expired"), over)
        self.assertEqual(found("cart"), soon + later + over)
        self.assertFalse(found("reservation") + found("order") + found("released"))

    def test_history(self):
        first = self.hold((self.apple, self.near, 2), reference="CART-1")
        other = self.hold((self.apple, self.near, 1), reference="CART-2")
        with self.enter_registry_test_mode():
            [second] = first._transfer([(self.apple.id, self.far.id, 2)])
        second = self.env["oms.claim"].browse(second)
        self.assertEqual(second.history_ids, first)
        self.assertFalse(other.history_ids)
        order = self.make_order((self.apple, 2), confirm=False)
        order._oms_confirm_held(second)
        order.order_line.product_uom_qty = 3
        raised = self.claims_of(order) - second
        self.assertEqual(raised.history_ids, second)
        self.assertEqual(second.history_ids, raised + first)
