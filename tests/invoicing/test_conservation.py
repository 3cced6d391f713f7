from typing import NamedTuple
from unittest import skipUnless

from odoo.exceptions import UserError
from odoo.tests import tagged

from .invoicing_case import InvoicingCase

try:
    import hypothesis
    from hypothesis import strategies as st
except ImportError:  # a development tool, which a server need not have
    hypothesis = None

STEPS = (
    "ship",
    "ship",
    "ship",
    "capture",
    "capture",
    "capture_some",
    "invoice",
    "invoice",
    "bank",
    "bank",
    "void_some",
    "void_rest",
    "credit",
    "credit",
    "take_back",
    "come_back",
    "come_back",
    "come_back",
    "come_back",
    "refund_credit",
    "refund_some",
    "cancel_rest",
)
PRICES = {"EUR": (9.99, 7.77), "JPY": (1013.0, 777.0), "KWD": (3.337, 2.229)}


class Step(NamedTuple):
    """Something that happens: what, to which of two sites or goods, and how much."""

    name: str
    choice: int
    quantity: int


class Purse:
    """An order that is shipped, paid, cancelled, returned and refunded in any order.

    What was asked of the bank is counted here, from the amounts that were asked for.
    """

    def __init__(self, case, code, rounding, prices, invoicing="delivery"):
        self.case = case
        (case.apple | case.berry).invoice_policy = invoicing
        case.company.tax_calculation_rounding_method = rounding
        self.order = case.make_mixed(
            apples=3,
            berries=2,
            pricelist_id=case.in_currency(code).id,
            shipping=0.0,
            discount=0.0,
        )
        apple, berry = self.order.order_line
        apple.price_unit, berry.price_unit = prices
        step = self.order.currency_id.rounding
        for product, price in ((case.post, 497 * step), (case.discount, -331 * step)):
            case.env["sale.order.line"].create(
                {
                    "order_id": self.order.id,
                    "product_id": product.id,
                    "price_unit": price,
                    "is_delivery": product == case.post,
                }
            )
        case.pay(self.order)
        self.total = self.order.amount_total
        self.currency = self.order.currency_id
        self.credited = {apple: 0, berry: 0}
        self.notes = case.env["account.move"]
        self.returns = case.env["oms.return"]

    @property
    def plan(self):
        return self.order.oms_payment_plan_id

    def get_shares(self):
        """Return what is still to be captured for each shipment."""
        return self.order.oms_fulfillment_ids._oms_get_capture_amounts()

    def live(self, steps):
        for place, step in enumerate(steps):
            hypothesis.note(f"{place}: {step}")
            before = self.look()
            try:
                with self.case.env.cr.savepoint():
                    getattr(self, step.name)(step)
            except UserError as refusal:
                hypothesis.note(f"refused: {refusal}")
                self.case.env.invalidate_all()
                self.case.assertEqual(self.look(), before, "what is refused changes nothing")
            self.agree()

    # === STEPS === #

    def site(self, step):
        return (self.case.near, self.case.far)[step.choice]

    def line(self, step):
        return self.order.order_line[step.choice]

    def ship(self, step):
        site = self.site(step)
        fulfillment = self.case.get_shipment(self.order, site)
        moves = fulfillment.line_ids.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        if moves:
            whole = sum(moves.mapped("product_uom_qty"))
            self.case.ship_from(self.order, site, step.quantity if step.quantity < whole else None)

    def capture(self, _step):
        for (
            fulfillment,
            amount,
        ) in self.order.oms_fulfillment_ids._oms_get_capture_amounts().items():
            if amount:
                self.order._oms_request_capture(amount, fulfillment)

    def capture_some(self, step):
        self.order._oms_request_capture(self.some(step), None)

    def void_some(self, step):
        self.order._oms_request_void(self.some(step))

    def void_rest(self, _step):
        open_amount = self.order._oms_get_open_amount() + self.order._oms_get_due_amount()
        rest = self.currency.round(self.plan.available - open_amount)
        if self.currency.compare_amounts(rest, 0.0) > 0:
            self.order._oms_request_void(rest)

    def refund_some(self, step):
        self.order._oms_request_refund(self.some(step))

    def some(self, step):
        return self.currency.round(self.total * step.quantity / 7)

    def bank(self, _step):
        self.case.settle(self.order)

    def invoice(self, _step):
        self.order._oms_invoice()

    def credit(self, step):
        line = self.line(step)
        notes = self.order._oms_credit({line: step.quantity})
        if notes:  # What was never invoiced cannot be credited.
            self.credited[line] += step.quantity
        self.notes |= notes

    def take_back(self, step):
        line = self.line(step)
        picking = line.move_ids.picking_id.filtered(
            lambda p: p.state == "done" and p.picking_type_code == "outgoing"
        )[:1]
        if picking and line.qty_delivered >= 1:
            self.case.take_back(picking, 1)

    def come_back(self, step):
        """A return from the request to the money."""
        line = self.line(step)
        owed = self.order._oms_get_due_amount()
        record = self.case.env["oms.return"]._request(
            {
                "order_id": self.order.id,
                "site_id": self.case.near.id,
                "lines": [{"sale_line_id": line.id, "quantity": 1}],
            }
        )
        items = record._receive([{"product_id": line.product_id.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        if record.settle_error:
            raise UserError(record.settle_error)
        self.returns |= record
        self.notes |= record.credit_move_ids
        if record.credit_move_ids:
            self.credited[line] += 1
        given = -sum(record.transaction_ids.mapped("amount"))
        check, below = self.case, self.currency.rounding / 2
        check.assertLessEqual(record.amount_set_off, owed + below, "no more than was owed")
        check.assertLessEqual(given + record.amount_set_off, record.amount_settled + below)
        # Nothing goes back as long as something is owed.
        check.assertTrue(
            given < below or self.order._oms_get_due_amount() < below,
            f"{given} went back of {record.amount_settled}, {owed} were owed",
        )

    def refund_credit(self, _step):
        owed = sum(self.notes.mapped("amount_total")) - self.plan.set_off
        given = self.plan.refunded + self.plan.refunding
        amount = self.currency.round(min(owed - given, self.plan.refundable))
        if self.currency.compare_amounts(amount, 0.0) > 0:
            self.order._oms_request_refund(amount)

    def cancel_rest(self, step):
        """The customer wants no more of one of the goods than has left."""
        line = self.line(step)
        if line.product_uom_qty > line.qty_delivered > 0 and not line._oms_get_qty_returned():
            line.product_uom_qty = line.qty_delivered

    # === WHAT HAS TO BE TRUE === #

    def look(self):
        """Return what money there is, to be compared."""
        plan = self.plan
        return (
            plan.authorized,
            plan.captured,
            plan.capturing,
            plan.voided,
            plan.voiding,
            plan.refunded,
            plan.refunding,
            sum(self.order.invoice_ids.mapped("amount_total_signed")),
        )

    def get_asked(self, operation):
        """Return what the bank did, by its own books."""
        return self.case.bank.get_total(operation)

    def agree(self):
        self.agree_on_payments()
        self.agree_on_invoices()
        self.agree_on_books()

    def agree_on_payments(self):
        plan, below = self.plan, self.currency.rounding / 2
        check = self.case
        taken = plan.captured + plan.capturing
        let_go = plan.voided + plan.voiding
        given = plan.refunded + plan.refunding
        check.assertLessEqual(taken + let_go, plan.authorized + below)
        check.assertLessEqual(given, plan.captured + below)
        for operation, amount in (
            ("capture", plan.captured),
            ("void", plan.voided),
            ("refund", plan.refunded),
        ):
            check.assertAlmostEqual(self.get_asked(operation), amount, 3)
        references = [reference for _op, reference, _amount, _end in check.bank.asked]
        check.assertEqual(len(references), len(set(references)), "asked twice")
        for (
            fulfillment,
            amount,
        ) in self.order.oms_fulfillment_ids._oms_get_capture_amounts().items():
            check.assertGreaterEqual(amount, 0.0, fulfillment.name)
            check.assertEqual(self.currency.round(amount), amount)
        check.assertAlmostEqual(plan.set_off, sum(self.returns.mapped("amount_set_off")), 3)
        amounts = self.order._oms_get_amounts()[self.order]
        due, still_open = amounts.due(), amounts.still_open()
        # Of what has left never more is taken and set off than is due, but what was taken ahead.
        left = amounts.step.amount(due) - plan.set_off
        check.assertGreaterEqual(left, -below)
        check.assertEqual(due + still_open, amounts.total())
        check.assertEqual(amounts.step.amount(amounts.total()), self.order.amount_total)

    def agree_on_invoices(self):
        check, order = self.case, self.order
        bills = order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        notes = order.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        check.assertEqual(notes, self.notes)
        check.assertTrue(all(note.reversed_entry_id in bills for note in notes))
        billed, credited = (sum(moves.mapped("amount_total")) for moves in (bills, notes))
        check.assertLessEqual(credited, billed + self.currency.rounding / 2)
        for line, quantity in self.credited.items():
            check.assertAlmostEqual(line.oms_qty_credited, quantity)
        amounts = order._oms_get_amounts()[order]
        due = amounts.step.amount(amounts.due())
        if order.amount_total == self.total:
            # Nothing was taken off the order: so nothing is invoiced beyond what has left.
            check.assertLessEqual(billed, due + self.currency.rounding / 2)
        whole = all(line.oms_qty_credited == line._oms_get_qty_invoiced() for line in self.credited)
        # What is taken off an order leaves more of its discount to the rest, whenever that left.
        if whole and billed and order.amount_total == self.total:
            post = order.order_line.filtered("is_delivery").invoice_lines
            shipping = sum(post.mapped("price_total"))
            check.assertAlmostEqual(credited, billed - shipping, 3)

    def agree_on_books(self):
        """What the customer owes by the books is what was invoiced less what was paid."""
        items = self.order.invoice_ids.line_ids | self.order._oms_get_payments().move_id.line_ids
        owed = sum(
            items.filtered(lambda item: item.account_id.account_type == "asset_receivable").mapped(
                "amount_currency"
            )
        )
        bills = sum(
            (1 if move.move_type == "out_invoice" else -1) * move.amount_total
            for move in self.order.invoice_ids
        )
        booked = sum(
            (1 if payment.payment_type == "inbound" else -1) * payment.amount
            for payment in self.order._oms_get_payments()
        )
        self.case.assertAlmostEqual(owed, bills - booked, 3)
        left = sum(
            items.filtered(lambda item: item.account_id.account_type == "asset_receivable").mapped(
                "amount_residual_currency"
            )
        )
        self.case.assertAlmostEqual(left, owed, 3)

    def end(self):
        """Ship and settle all that is left: then nothing is left."""
        for choice in (0, 1):
            self.ship(Step("ship", choice, 99))
        self.invoice(None)
        bills = self.order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        if self.order.amount_total == self.total:
            self.case.assertAlmostEqual(sum(bills.mapped("amount_total")), self.total, 3)
            for line in self.order.order_line:
                invoiced = line.invoice_lines.filtered(
                    lambda each: each.move_id.move_type == "out_invoice"
                )
                self.case.assertAlmostEqual(
                    sum(invoiced.mapped("quantity")), line.product_uom_qty, 2
                )
        self.case.settle(self.order)
        self.agree()


@tagged("post_install", "-at_install")
@skipUnless(hypothesis, "hypothesis is not installed")
class TestConservation(InvoicingCase):
    """Money is kept, whatever is shipped, captured, cancelled, returned and refunded when."""

    def check_currency(self, code):
        steps = st.builds(
            Step, name=st.sampled_from(STEPS), choice=st.integers(0, 1), quantity=st.integers(1, 3)
        )

        # Something has left, for else hardly anything ever comes back.
        begun = [
            st.builds(Step, name=st.just("ship"), choice=st.just(site), quantity=st.integers(1, 3))
            for site in (0, 1)
        ]

        @hypothesis.settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            # A sale takes seconds, and to find the shortest way to fail would take hours.
            phases=[hypothesis.Phase.generate],
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(
            st.tuples(*begun, st.lists(steps, min_size=5, max_size=10)).map(
                lambda drawn: [*drawn[:2], *drawn[2]]
            ),
            st.sampled_from(("round_per_line", "round_globally")),
            st.sampled_from(("delivery", "order")),
        )
        def check(days, rounding, invoicing):
            point = self.env.cr.savepoint(flush=True)
            try:
                self.bank.done.clear()
                self.bank.asked.clear()
                purse = Purse(self, code, rounding, PRICES[code], invoicing)
                purse.live(days)
                purse.end()
                came_back.append(len(purse.returns))
            finally:
                self.env.invalidate_all(flush=False)
                point.close(rollback=True)
                self.env.invalidate_all()

        came_back = []
        check()
        self.assertTrue(any(came_back), "no return was ever settled: this proves nothing of them")

    def test_euros(self):
        self.check_currency("EUR")

    def test_yen(self):
        self.check_currency("JPY")

    def test_dinars(self):
        self.check_currency("KWD")
