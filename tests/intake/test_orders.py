from datetime import datetime

from odoo.exceptions import UserError

from .common import ORDER_HEADERS, IntakeCase, make_csv, make_xlsx

ONE = "A1,2024-03-04,C1,75001,Paris,,48.8566,2.3522,APPLE,2,21"
TWO = "A1,2024-03-04,C1,75001,Paris,,48.8566,2.3522,BERRY,1.5,4.20"
OTHER = "A2,2024-03-03,C2,13001,Marseille,,43.2965,5.3698,APPLE,1,"


class TestImportOrders(IntakeCase):
    def import_orders(self, *rows, headers=ORDER_HEADERS, **options):
        options.setdefault("channel_id", self.channel.id)
        return self.run_job("orders", make_csv(headers, *rows), **options)

    def test_creates_orders(self):
        # The lines of an order need not stand together.
        job = self.import_orders(ONE, OTHER, TWO)
        self.assertEqual((job.state, job.created_count, job.bad_count), ("done", 2, 0))
        first, second = job.order_ids.sorted("oms_external_ref")
        self.assertEqual(first.oms_external_ref, "A1")
        self.assertEqual(first.state, "draft")
        self.assertEqual(first.date_order, datetime(2024, 3, 4, 12))
        self.assertEqual(first.partner_id.ref, "TWEB:C1")
        self.assertEqual(first.partner_shipping_id.city, "Paris")
        self.assertEqual(first.partner_shipping_id.partner_latitude, 48.8566)
        self.assertEqual(first.order_line.mapped("product_uom_qty"), [2.0, 1.5])
        self.assertEqual(first.amount_total, 25.2)
        self.assertEqual(first.currency_id, self.company.currency_id)
        # Without an amount the price is the product's own.
        self.assertEqual(second.order_line.price_unit, 10.0)
        # Imported in order of date.
        self.assertLess(second.id, first.id)

    def test_no_tax_on_top_of_the_amount(self):
        tax = self.env["account.tax"].create({"name": "Ten", "amount": 10.0})
        self.apple.taxes_id = tax
        order = self.import_orders(ONE).order_ids
        self.assertEqual((order.amount_total, order.amount_tax), (21.0, 0.0))

    def test_quantity_finer_than_the_unit_is_refused(self):
        for text, shown in (("0.001", "0.001"), ("1.234567", "1.234567"), ("1e-3", "0.001")):
            job = self.import_orders(ONE, TWO.replace("1.5", text))
            self.assertEqual((job.created_count, job.bad_count), (0, 2), text)
            message = self.get_messages(job)[3]
            self.assertIn(f"quantity {shown} is too fine", message)
            self.assertIn("kept with 2 decimals", message)
        # Created products are kept to the same decimals.
        unknown = ONE.replace("APPLE,2", "PEAR,0.125")
        self.assertIn(
            "0.125", self.get_messages(self.import_orders(unknown, create_products=True))[2]
        )
        self.assertFalse(self.env["product.product"].search_count([("default_code", "=", "PEAR")]))
        # What spreadsheets make of 0.1 + 0.2.
        noisy = self.import_orders(ONE.replace("APPLE,2", "APPLE,0.30000000000000004"))
        self.assertEqual((noisy.created_count, noisy.bad_count), (1, 0))
        self.assertEqual(noisy.order_ids.order_line.product_uom_qty, 0.3)

    def test_same_file_twice_changes_nothing(self):
        self.stock(self.apple, (self.near, 9))
        for options in ({}, {"confirm_orders": True}):
            self.import_orders(ONE, TWO, OTHER, **options)
            before = self.count_everything()
            job = self.import_orders(OTHER, TWO, ONE, **options)
            self.assertEqual((job.created_count, job.unchanged_count, job.bad_count), (0, 2, 0))
            self.assertEqual(self.count_everything(), before)

    def test_other_content_is_a_conflict(self):
        self.import_orders(ONE, TWO)
        order = self.env["sale.order"].search([("oms_external_ref", "=", "A1")])
        job = self.import_orders(ONE, TWO.replace("1.5", "2.5"))
        self.assertEqual((job.unchanged_count, job.bad_count), (0, 2))
        for message in self.get_messages(job).values():
            self.assertIn(f"already, as {order.name}, with another content", message)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [2.0, 1.5])

    def test_same_reference_on_another_channel(self):
        self.make_channel("Market", "TMARKET")
        self.import_orders(ONE)
        job = self.import_orders(ONE + ",TMARKET", ONE + ",", headers=ORDER_HEADERS + ",channel")
        self.assertEqual((job.created_count, job.unchanged_count), (1, 1))
        self.assertEqual(job.order_ids.oms_channel_id.code, "TMARKET")

    def test_customers_and_addresses_are_used_again(self):
        self.import_orders(ONE)
        partners = self.env["res.partner"].search_count([])
        same = ONE.replace("A1", "A3")
        moved = ONE.replace("A1", "A4").replace("75001,Paris", "75002,Paris")
        job = self.import_orders(same, moved, moved.replace("A4", "A5"))
        self.assertEqual(self.env["res.partner"].search_count([]), partners + 1)
        customer = job.order_ids.partner_id
        self.assertEqual(customer.ref, "TWEB:C1")
        addresses = {o.oms_external_ref: o.partner_shipping_id for o in job.order_ids}
        self.assertEqual(addresses["A3"], customer)
        self.assertEqual(addresses["A4"].parent_id, customer)
        self.assertEqual(addresses["A4"], addresses["A5"])

    def test_order_with_a_bad_row_is_refused_whole(self):
        job = self.import_orders(ONE, TWO.replace("BERRY", "NOTHING"), OTHER)
        self.assertEqual((job.created_count, job.bad_count, job.row_count), (1, 2, 3))
        messages = self.get_messages(job)
        self.assertIn("belongs to an order with an error", messages[2])
        self.assertIn("no product “NOTHING”", messages[3])
        self.assertEqual(job.order_ids.oms_external_ref, "A2")

    def test_bad_rows(self):
        rows = {
            "NOPE": ("no channel “NOPE”", {}),
            "": ("date", {"2024-03-04": "2024-02-30"}),
            " ": ("negative", {"APPLE,2": "APPLE,-2"}),
            "  ": ("not between", {"APPLE,2": "APPLE,3e6"}),
            "   ": ("order_id is empty", {"A1": ""}),
            "    ": ("lat 148", {"48.8566": "148"}),
        }
        lines, parts = [], []
        for number, (channel, (part, changes)) in enumerate(rows.items()):
            row = ONE
            for old, new in changes.items():
                row = row.replace(old, new)
            lines.append(row.replace("A1", f"B{number}") + "," + channel)
            parts.append(part)
        job = self.import_orders(*lines, headers=ORDER_HEADERS + ",channel")
        messages = self.get_messages(job)
        for line, part in enumerate(parts, start=2):
            self.assertIn(part, messages[line])
        self.assertEqual((job.bad_count, job.created_count), (6, 0))

    def test_rows_without_reference_spoil_no_order(self):
        job = self.import_orders(ONE, ONE.replace("A1", ""), TWO.replace("A1", ""))
        self.assertEqual((job.created_count, job.bad_count), (1, 2))

    def test_channel_must_be_named(self):
        job = self.import_orders(ONE, channel_id=False)
        self.assertIn("Name a channel", self.get_messages(job)[2])

    def test_rows_of_an_order_must_agree(self):
        job = self.import_orders(ONE, TWO.replace("C1", "C9"))
        self.assertIn("another date, customer or address", self.get_messages(job)[3])
        self.assertFalse(job.order_ids)

    def test_missing_products_are_made_on_demand(self):
        job = self.import_orders(ONE.replace("APPLE", "NEW-1"), create_products=True)
        self.assertEqual(job.order_ids.order_line.product_id.default_code, "NEW-1")
        bad = ONE.replace("APPLE", "NEW-2").replace("A1", "A9")
        self.import_orders(bad, bad.replace("NEW-2,2", "X,-2"), create_products=True)
        self.assertFalse(self.env["product.product"].search([("default_code", "=", "NEW-2")]))

    def test_corrected_rows_come_back(self):
        """The file of bad rows, corrected, imports as it is; the good orders stay."""
        headers = ORDER_HEADERS.replace("order_id", "Reference") + ",note"
        job = self.import_orders(
            ONE.replace("APPLE", "APLE") + ',"hello, you"', TWO + ",", OTHER + ",x", headers=headers
        )
        content, rows = self.read_report(job)
        self.assertEqual([row["product_id"] for row in rows], ["APLE", "BERRY"])
        self.assertEqual(rows[0]["note"], "hello, you")
        self.assertIn("no product “APLE”", rows[0]["error"])
        self.assertEqual(job.report_file_name, "file_bad_rows.csv")
        before = self.env["sale.order"].search_count([])
        again = self.run_job(
            "orders", content.replace(b"APLE", b"APPLE"), channel_id=self.channel.id
        )
        self.assertEqual((again.created_count, again.bad_count), (1, 0))
        self.assertFalse(again.report_file)
        self.assertEqual(self.env["sale.order"].search_count([]), before + 1)
        self.assertEqual(again.order_ids.amount_total, 25.2)

    def test_confirmation_keeps_the_date_and_sources(self):
        self.stock(self.apple, (self.near, 1), (self.far, 9))
        job = self.import_orders(ONE, OTHER, confirm_orders=True)
        self.assertEqual(job.confirmed_count, 2)
        first, second = job.order_ids.sorted("oms_external_ref")
        self.assertEqual(first.state, "sale")
        self.assertEqual(first.date_order, datetime(2024, 3, 4, 12))
        # The order of the day before was sourced first.
        self.assertEqual(second.oms_fulfillment_ids.site_id, self.far)
        self.assertEqual(first.oms_state, "sourced")

    def test_date_of_mixed_confirmations(self):
        imported = self.import_orders(ONE).order_ids
        own = self.make_order((self.apple, 1), confirm=False)
        (imported + own).action_confirm()
        self.assertEqual(imported.date_order, datetime(2024, 3, 4, 12))
        self.assertGreater(own.date_order, datetime(2024, 4, 1))

    def test_order_that_fails_to_confirm_is_reported(self):
        model = self.env.registry["sale.order"]
        confirm = model._action_confirm

        refusal = UserError("No, not this one.")

        def refuse(orders):
            if "A2" in orders.mapped("oms_external_ref"):
                raise refusal
            return confirm(orders)

        self.patch(model, "_action_confirm", refuse)
        job = self.import_orders(ONE, OTHER, confirm_orders=True)
        self.assertEqual((job.created_count, job.confirmed_count, job.bad_count), (2, 1, 0))
        line = job.line_ids
        self.assertEqual((line.severity, line.reference), ("warning", "A2"))
        self.assertIn("No, not this one.", line.message)
        first, second = job.order_ids.sorted("oms_external_ref")
        self.assertEqual((first.state, second.state), ("sale", "draft"))

    def test_refused_order_does_not_stop_the_others(self):
        model = self.env.registry["sale.order"]
        create = model.create

        refusal = UserError("Not this one.")

        def refuse(orders, vals_list):
            if any(vals.get("oms_external_ref") == "A2" for vals in vals_list):
                raise refusal
            return create(orders, vals_list)

        self.patch(model, "create", refuse)
        job = self.import_orders(ONE, OTHER, ONE.replace("A1", "A3"))
        self.assertEqual((job.created_count, job.bad_count), (2, 1))
        self.assertEqual(self.get_messages(job)[3], "Not this one.")

    def test_month_and_limit(self):
        april = ONE.replace("2024-03-04", "2024-04-01")
        rows = (april.replace("A1", "A7"), ONE, OTHER)
        job = self.import_orders(*rows, month="2024-03", order_limit=1)
        self.assertEqual(job.order_ids.oms_external_ref, "A2")

    def test_localized_dates_and_numbers(self):
        headers = ORDER_HEADERS.replace(",", ";")
        row = "A1;04/03/2024;C1;75001;Paris;;48,8566;2,3522;APPLE;1,5;10,50"
        job = self.import_orders(row, headers=headers, date_format="dmy", decimal_mark=",")
        order = job.order_ids
        self.assertEqual(order.date_order, datetime(2024, 3, 4, 12))
        self.assertEqual((order.amount_total, order.order_line.product_uom_qty), (10.5, 1.5))

    def test_workbook(self):
        row = ["A1", datetime(2024, 3, 4), 17, 75001, "Paris", None, 48.8, 2.3, "APPLE", 2, 21.0]
        content = make_xlsx(ORDER_HEADERS, row)
        job = self.run_job("orders", content, name="o.xlsx", channel_id=self.channel.id)
        order = job.order_ids
        self.assertEqual(order.partner_shipping_id.zip, "75001")
        self.assertEqual(order.partner_id.ref, "TWEB:17")
        self.assertEqual(order.date_order, datetime(2024, 3, 4, 12))
