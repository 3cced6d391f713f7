"""What calls cost in statements, and that what makes them cheap never makes them wrong."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.api import oms_api_usage

from .common import ApiCase, ApiHttpCase

#: Statements of one call of ``availability`` besides those that Odoo needs to know the caller:
#: the channel; its company; products with their units; sites; positions.
AVAILABILITY = 5


@tagged("post_install", "-at_install")
class TestStatements(ApiCase):
    def count(self, products, **arguments):
        """Return how many statements a call takes, with nothing known beforehand."""
        self.env.flush_all()
        self.api.env.user.lang  # noqa: B018 (who calls is known before the call)
        self.env["oms.channel"].invalidate_model()
        for model in ("product.product", "product.template", "uom.uom", "oms.site", "oms.network",
                      "res.company"):  # fmt: skip
            self.env[model].invalidate_model()
        with self.queries() as statements:
            self.api.availability(products=products, **arguments)
        return len(statements)

    def test_availability(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        self.count(["Apple"])
        self.assertLessEqual(self.count(["Apple"]), AVAILABILITY)

    def test_as_many_for_many(self):
        """The statements do not grow with products and sites."""
        names = [f"Speed {n}" for n in range(20)]
        for number, name in enumerate(names):
            self.stock(self.make_product(name), (self.near, number + 1), (self.middle, 1))
        sites = self.env["oms.site"].union(
            *(self.make_site(f"Speed {n}", f"SP{n}") for n in range(4))
        )
        self.network.site_ids += sites
        self.count(names)
        self.assertLessEqual(self.count(names), AVAILABILITY)


@tagged("post_install", "-at_install")
class TestSitesOfChannel(ApiCase):
    def check(self):
        self.env.flush_all()
        self.env.invalidate_all()
        ids = self.channel._get_site_ids()
        self.assertEqual(ids, self.channel.site_ids.sorted().ids)
        return ids

    def test_the_same_as_the_field(self):
        other = self.env["oms.network"].create({"name": "Other network"})
        self.env["res.company"].create({"name": "Speed company"})
        self.assertEqual(self.check(), self.sites.sorted().ids)
        self.channel.network_ids = other
        self.assertEqual(self.check(), [])
        other.site_ids = self.far
        self.assertEqual(self.check(), self.far.ids)
        self.channel.network_ids += self.network
        self.far.sequence = 1
        self.assertEqual(self.check()[0], self.far.id)
        self.near.warehouse_id.active = False
        self.assertEqual(self.check(), [self.far.id, self.middle.id])
        self.network.active = False
        self.assertEqual(self.check(), self.far.ids)
        other.active = False
        self.assertEqual(self.check(), [], "an archived network lets in no other sites")
        self.channel.with_context(active_test=False).network_ids = False
        self.assertIn(self.middle.id, self.check())

    def test_unwritten_changes_count(self):
        self.far.sequence = 1
        self.assertEqual(self.channel._get_site_ids()[0], self.far.id)
        self.network.site_ids -= self.middle
        self.assertNotIn(self.middle.id, self.channel._get_site_ids())

    def test_shares_count_in_sums(self):
        """Sums made in the database and sums over sites agree, with shares and without."""
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        self.stock(self.berry, (self.near, 4))

        def ask(**arguments):
            answers = self.api.availability(products=["Apple", "Berry"], **arguments)["products"]
            return [answer["available"] for answer in answers]

        self.assertEqual(ask(), [5, 4])
        self.assertEqual(ask(by_site=True), [5, 4])
        self.env["oms.allocation"].create(
            {
                "product_id": self.apple.id,
                "channel_id": self.make_channel("Rival", "TRIVAL").id,
                "kind": "fixed",
                "amount": 4,
            }
        )
        self.assertEqual(ask(), [1, 4])
        self.assertEqual(ask(by_site=True), [1, 4])


@tagged("post_install", "-at_install")
class TestAtOnce(ApiHttpCase):
    """Whatever decides on a call takes effect with the next one."""

    def ask(self):
        with mute_logger("odoo.http"):
            answer, status = self.over_json_2("availability", products=["Apple"])
        return answer["products"][0]["available"] if status == 200 else answer["code"]

    def test_changes_take_effect_with_the_next_call(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        self.assertEqual(self.ask(), 5)
        self.network.site_ids -= self.far
        self.assertEqual(self.ask(), 3)
        self.stock(self.apple, (self.near, 1))
        self.assertEqual(self.ask(), 4)
        self.apple.default_code = "Pear"
        with mute_logger("odoo.http"):
            answer, _status = self.over_json_2("availability", products=["Apple"])
        self.assertEqual(answer["products"][0]["error"]["code"], "not_found")

    def test_what_is_taken_back_is_taken_back(self):
        self.assertEqual(self.ask(), 0)
        self.channel.active = False
        self.assertEqual(self.ask(), "forbidden")
        self.channel.write({"active": True, "user_ids": [Command.clear()]})
        self.assertEqual(self.ask(), "forbidden")
        self.channel.user_ids = self.system
        self.assertEqual(self.ask(), 0)
        self.env["res.users.apikeys"].search([("user_id", "=", self.system.id)]).sudo().unlink()
        self.assertEqual(self.ask(), "unauthorized")

    def test_user_is_archived(self):
        self.assertEqual(self.ask(), 0)
        self.system.active = False
        self.assertEqual(self.ask(), "unauthorized")


@tagged("post_install", "-at_install")
class TestLimit(ApiCase):
    """Calls are counted over all processes; few of them write."""

    def setUp(self):
        super().setUp()
        self.usage = self.env["oms.api.usage"]
        self.processes = [{}, {}]
        self.patch_clock()

    def patch_clock(self):
        """Have a minute never end while the test runs: its end is for other tests."""
        statement = type(self.usage)._get_count_sql
        text = "60 - extract(second FROM clock_timestamp())"

        def in_one_minute(model, channel_id, calls):
            made = statement(model, channel_id, calls)
            code = made.code.replace(text, "30").replace(
                "date_trunc('minute', clock_timestamp() AT TIME ZONE 'UTC')",
                "timestamp '2024-03-04 10:00:00'",
            )
            return type(made)(code, *made.params)

        self.patch(type(self.usage), "_get_count_sql", in_one_minute)

    def call(self, process, limit):
        """Call in one of the processes; return whether it is answered."""
        with (
            self.enter_registry_test_mode(),
            patch.object(oms_api_usage, "_grants", self.processes[process]),
        ):
            return not self.usage._take_call(self.channel.id, limit)

    def test_small_limits_are_exact(self):
        answered = [self.call(number % 2, 5) for number in range(8)]
        self.assertEqual(answered, [True] * 5 + [False] * 3)

    def test_large_limits_are_kept_with_few_statements(self):
        with self.queries() as statements:
            answered = [self.call(number % 2, 500) for number in range(600)]
        self.assertLessEqual(sum(answered), 500)
        self.assertGreaterEqual(sum(answered), 490, "but for what another process had left")
        written = [each for each in statements if "oms_api_usage" in each]
        self.assertLessEqual(len(written), 52)

    def test_refusals_cost_nothing_until_the_limit_changes(self):
        self.assertEqual([self.call(0, 2) for _number in range(3)], [True, True, False])
        with self.queries() as statements:
            self.assertFalse(self.call(0, 2))
        self.assertFalse([each for each in statements if "oms_api_usage" in each])
        self.assertTrue(self.call(0, 10))
