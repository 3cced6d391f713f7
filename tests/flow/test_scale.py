import importlib
import sys
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .flow_case import FlowCase

ROOT = Path(__file__).parents[2]
SITES = 4


def load(name):
    """Import a benchmark, which is a program of its own and no part of the addon."""
    with patch.object(sys, "path", [str(ROOT), *sys.path]):
        return importlib.import_module(f"benchmarks.{name}")


@tagged("post_install", "-at_install")
class TestFlowRunBenchmark(TransactionCase):
    """The benchmark of runs makes the company asked for, and runs cost no statement per product."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.benchmark, cls.data = load("flow_run"), load("flow_run_data")
        cls.data.build(cls.env, SITES)

    def grow(self, before, after):
        self.data.clear(self.env)
        self.data.grow(self.env, before, after, 1.0, lambda _text: None)

    def measure(self, most=0):
        return self.benchmark.measure(self.env, most, lambda _text: None, lambda: None)

    def test_data(self):
        self.grow(0, 30)
        products = self.env["product.product"].search([("name", "like", "Flow %")])
        self.assertEqual(len(products), 31, "and the one they are copies of")
        sold = products - products.filtered(lambda product: product.default_code == "FLOW-0")
        self.assertTrue(all(sold.mapped("standard_price")))
        self.assertTrue(all(product.seller_ids for product in sold))
        lines = self.env["sale.order.line"].search([("product_id", "in", sold.ids)])
        moves = self.env["stock.move"].search([("product_id", "in", sold.ids)])
        self.assertGreater(len(lines), 60)
        self.assertEqual(sum(lines.mapped("product_uom_qty")), sum(moves.mapped("product_uom_qty")))
        positions = self.env["oms.position"].search([("product_id", "in", sold.ids)])
        quants = self.env["stock.quant"].search([("product_id", "in", sold.ids)])
        self.assertEqual(sum(positions.mapped("on_hand")), sum(quants.mapped("quantity")))

    def test_a_run_takes_as_many_statements_whatever_there_is(self):
        self.grow(0, 30)
        few = self.measure()
        self.grow(30, 120)
        many = self.measure(most=5)
        self.assertFalse(few["failed"] + many["failed"])
        self.assertEqual(many["sites"], SITES)
        self.assertTrue(110 < many["goods"] <= 120, "some are neither there nor wanted")
        self.assertGreater(many["proposals"], 2 * few["proposals"])
        for name, step in few["steps"].items():
            self.assertLessEqual(many["steps"][name]["statements"], step["statements"] + 15, name)
        accepted = [
            step["accepted"] for name, step in many["steps"].items() if name.startswith("accept ")
        ]
        self.assertEqual(accepted, [5, 5, 5])
        self.assertFalse(
            self.env["oms.proposal"].search_count([("state", "!=", "proposed")]), "taken back"
        )

    def test_nonsense_is_refused(self):
        for options in (
            ["--products", "many"], ["--sites", "2"], ["--density", "0"], ["--accept", "-1"],
        ):  # fmt: skip
            with self.assertRaises(SystemExit), patch("sys.stderr"):
                self.benchmark.main(options)


@tagged("post_install", "-at_install")
class TestAcceptMany(FlowCase):
    """Proposals that are accepted together are carried out together."""

    def test_ways_share_their_statements(self):
        goods = self.apple + self.berry
        for product in goods:
            self.stock(product, (self.near, 90), (self.middle, 90), (self.far, 90))
        ways = [(origin, site) for origin in self.sites for site in self.sites if origin != site]

        def accept(chosen):
            proposals = self.env["oms.proposal"]
            for origin, site in chosen:
                for product in goods:
                    proposals |= self.propose(product, origin, site, 1)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            proposals.action_accept()
            self.env.flush_all()
            return proposals, self.cr.sql_log_count - before

        # Routes are made once.
        accept(ways)
        _proposals, one = accept(ways[:1])
        proposals, all_ways = accept(ways)
        self.assertEqual(set(proposals.mapped("state")), {"accepted"})
        self.assertEqual(len(proposals.picking_ids), 2 * len(ways))
        # What is left are statements of Odoo for each transfer and each reservation.
        self.assertLess(all_ways, 0.8 * len(ways) * one)


@tagged("post_install", "-at_install")
class TestTooMany(FlowCase):
    """A run that is too large goes on with what matters most, and says what it left out."""

    def setUp(self):
        super().setUp()
        self.plan_record.does_preparation = False
        self.stock(self.apple, (self.near, 5), (self.middle, 4), (self.far, 3))
        self.stock(self.berry, (self.near, 90), (self.middle, 90))
        self.apple.list_price = self.berry.list_price = 10.0

    def gather(self, **limits):
        module = "odoo.addons.oms.models.flow.oms_flow_run_gather"
        with patch.multiple(module, **limits):
            run = self.work()
            return run, run._gather()

    def test_the_goods_that_are_worth_least_are_left_out(self):
        everything = self.run_record._gather()
        for limits in ({"MOST_ROWS": 4}, {"MOST_CELLS": 5}):
            run, facts = self.gather(**limits)
            self.assertEqual(facts.product_ids.tolist(), self.berry.ids)
            self.assertEqual(facts.names, (self.berry.display_name,))
            self.assertEqual(facts.price.tolist(), [10.0])
            rows = everything.get_rows(
                self.berry.ids * len(facts.site),
                [self.sites.sorted("id").ids[x] for x in facts.site],
            )
            self.assertEqual(facts.on_hand.tolist(), everything.on_hand[rows].tolist())
            self.assertEqual(set(facts.product), {0})
            left = len(everything.product_ids) - 1
            [note] = run.note_ids.filtered(lambda note: "too many to be planned" in note.message)
            self.assertEqual((note.count, note.severity), (left, "2_warning"))
            self.assertEqual(run.product_count, 1)
            self.assertEqual(run.state, "done")

    def test_what_fits_is_planned_whole(self):
        everything = self.run_record._gather()
        run, facts = self.gather(MOST_ROWS=len(everything.product))
        self.assertEqual(facts.product_ids.tolist(), everything.product_ids.tolist())
        self.assertFalse(run.note_ids.filtered(lambda note: "too many" in note.message))

    def test_proposals_beyond_those_allowed_are_counted(self):
        self.plan_record.most_proposals = 2
        rows = [
            {
                "kind": "transfer",
                "product_id": self.berry.id,
                "origin_id": self.near.id,
                "site_id": site.id,
                "quantity_proposed": 1.0,
                "gain": gain,
                "subject": str(gain),
            }
            for site in (self.middle, self.far)
            for gain in (9, 8)
        ]
        self.run_record.stage = "balance"
        self.assertEqual(len(self.run_record._propose(rows)), 2)
        [note] = self.run_record.note_ids
        self.assertEqual((note.count, note.stage), (2, "balance"))

    def test_some_stages_look_at_fewer_goods(self):
        self.plan_record.does_level = True
        module = "odoo.addons.oms.models.flow.oms_flow_run_gather"
        for stage, words in (("level", "No levels"), ("replenish", "Nothing is bought")):
            with self.subTest(stage=stage), patch.dict(f"{module}.STAGE_CELLS", {stage: 5}):
                run = self.work()
                facts = run._gather()
                self.assertGreater(len(facts.product_ids), 1)
                self.assertEqual((run.state, run.product_count), ("done", len(facts.product_ids)))
                [note] = run.note_ids.filtered(lambda note, words=words: words in note.message)
                self.assertEqual(note.count, run.product_count - 1)
                run.stage = stage
                self.assertEqual(run._gather().product_ids.tolist(), self.berry.ids)
