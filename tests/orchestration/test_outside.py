from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestOutside(OmsCase):
    """Decisions list the sites that never were candidates, and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Other people's sites are counted, too.
        own = [("company_id", "=", cls.company.id), ("id", "not in", cls.sites.ids)]
        cls.env["oms.site"].search(own).active = False

    def decide(self):
        self.stock(self.apple, (self.near, 9))
        return self.make_order((self.apple, 1)).oms_decision_ids[:1]

    def get_barred(self, decision):
        return {key: (name, why) for key, name, why, _detail in decision.problem["barred"]}

    def test_sites_of_no_network_and_sites_that_ship_nothing(self):
        self.middle.ships = False
        self.network.site_ids -= self.far
        decision = self.decide()
        self.assertEqual(
            self.get_barred(decision),
            {self.middle.id: ("Middle", "service"), self.far.id: ("Far", "network")},
        )
        rows = {row["site"]: row for row in decision.considered["rows"]}
        self.assertEqual(rows["Far (FAR)"]["reason"], "is in no network of the channel")
        self.assertEqual(rows["Middle (MID)"]["reason"], "ships no parcels")

    def test_who_keeps_goods_for_others(self):
        keeper = self.env["oms.site"].create(
            {"name": "Keeper", "code": "KEEP", "kind": "third_party"}
        )
        self.assertEqual(self.get_barred(self.decide())[keeper.id], ("Keeper", "drop_ship"))

    def test_of_many_the_nearest_are_named_and_the_others_counted(self):
        keepers = self.env["oms.site"].create(
            [
                {
                    "name": f"Keeper {number}",
                    "code": f"KEEP{number}",
                    "kind": "third_party",
                    "latitude": 48.0 - number,
                    "longitude": 2.0,
                }
                for number in range(9)
            ]
        )
        decision = self.decide()
        barred = self.get_barred(decision)
        self.assertEqual(
            [key for key in barred if key in keepers.ids], keepers[:5].ids, "from near to far"
        )
        self.assertEqual(barred["further:drop_ship"], ("4 further sites", "drop_ship"))
        rows = [row["site"] for row in decision.considered["rows"]]
        self.assertIn("4 further sites", rows)
        self.assertFalse(decision.note)

    def test_reading_them_takes_the_same_queries_however_many_there_are(self):
        self.stock(self.apple, (self.near, 99))
        orders = [self.make_order((self.apple, 1), confirm=False) for _order in range(2)]
        orders[0].action_confirm()
        with self.queries() as before:
            self.make_order((self.apple, 1), confirm=False).action_confirm()
        self.env["oms.site"].create(
            [
                {"name": f"Keeper {number}", "code": f"KEEP{number}", "kind": "third_party"}
                for number in range(40)
            ]
        )
        # New sites make all that is kept in memory be read again, once: as soon as they are made,
        # and once more when what is computed of them is written.
        self.env.flush_all()
        self.make_order((self.apple, 1), confirm=False).action_confirm()
        self.env.flush_all()
        with self.queries() as after:
            self.make_order((self.apple, 1), confirm=False).action_confirm()
        self.assertLessEqual(len(after), len(before) + 1)
