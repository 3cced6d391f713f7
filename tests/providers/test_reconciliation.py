import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.payment import Kind
from odoo.addons.oms.connectors.payment.settlement import read

from .provider_case import AdyenCase

HEADING = "reference,kind,amount,currency,date,operation,merchant_reference\n"


@tagged("post_install", "-at_install")
class TestReconciliation(AdyenCase):
    """What Adyen settled, held against what is known here."""

    def compare(self, content=None, **vals):
        """Return the reconciliation of a file, that of the bank unless told otherwise."""
        content = self.bank.report() if content is None else content
        if isinstance(content, str):
            content = (HEADING + content).encode()
        record = self.env["oms.payment.reconciliation"].create(
            {"provider_id": self.provider.id, "file": base64.b64encode(content), **vals}
        )
        record.action_compare()
        return record

    def captured(self, amount=100.0, **vals):
        """Return a payment of which a part is captured, as everybody knows."""
        payment = self.authorize(**vals)
        payment._capture(amount)
        self.run_bank()
        return payment

    def test_all_agrees(self):
        payment = self.captured()
        payment.child_transaction_ids._refund(30.0)
        self.run_bank()
        record = self.compare()
        self.assertFalse(record.line_ids)
        self.assertEqual((record.state, record.listed_count, record.agreed_count), ("done", 2, 2))

    def test_what_nobody_noticed_is_found_and_written_down(self):
        payment = self.authorize()
        capture = payment._capture(100.0)
        # The process died before it wrote down the answer, and no message came.
        capture.provider_reference = False
        self.bank.work()
        self.bank.take()
        record = self.compare()
        line = record.line_ids
        self.assertEqual((line.difference, line.transaction_id), ("unnoticed", capture))
        self.assertEqual((line.told_amount, line.own_amount), (100.0, 100.0))
        self.assertEqual(record.state, "open")
        line.action_apply()
        self.assertEqual((capture.state, line.state, record.state), ("done", "mended", "done"))
        self.assertEqual(self.of_bank(payment).captured, 10000)
        record.action_compare()
        self.assertEqual((record.agreed_count, len(record.line_ids)), (1, 1))

    def test_what_was_done_twice(self):
        payment = self.captured()
        capture = payment.child_transaction_ids
        refund = capture._refund(30.0)
        # Somebody asked for it again, under another key.
        body = {
            "merchantAccount": self.bank.account,
            "amount": {"value": 3000, "currency": "EUR"},
            "reference": refund.reference,
        }
        path = f"/payments/{payment.provider_reference}/refunds"
        self.bank.ask(path, body, {"x-api-key": self.bank.api_key})
        self.bank.work()
        [mine, _other] = self.bank.take(codes=["REFUND"])
        self.tell([mine])
        self.apply()
        line = self.compare().line_ids
        self.assertEqual((line.difference, line.transaction_id), ("twice", refund))
        line.action_apply()
        # The books say what the bank did.
        self.assertEqual(capture._oms_get_refundable(), 40.0)
        self.assertFalse(self.compare().line_ids)

    def test_what_failed_afterwards(self):
        payment = self.captured()
        capture = payment.child_transaction_ids
        record = self.compare(
            f"{payment.provider_reference},capture_failed,100,EUR,,{capture.provider_reference},\n"
        )
        self.assertEqual(record.line_ids.difference, "failed")
        record.line_ids.action_apply()
        self.assertEqual((capture.state, capture.oms_taken_back), ("error", True))

    def test_what_the_list_does_not_tell(self):
        payment = self.captured()
        today = fields.Date.today()
        record = self.compare("", date_from=today - timedelta(days=1), date_to=today)
        line = record.line_ids
        self.assertEqual((line.difference, line.kind), ("untold", "captured"))
        self.assertEqual(line.transaction_id, payment.child_transaction_ids)
        with self.assertRaises(UserError):
            line.action_apply()
        with self.assertRaises(UserError):
            line.action_accept()
        self.assertEqual(line.state, "open")
        # The next file tells it.
        self.assertFalse(self.compare().line_ids)
        self.assertEqual((line.state, record.state), ("mended", "done"))

    def test_what_is_accepted_stays_accepted(self):
        payment = self.captured()
        told = payment.child_transaction_ids.provider_reference
        content = f"{payment.provider_reference},captured,99.50,EUR,,{told},\n"
        record = self.compare(content)
        line = record.line_ids
        self.assertEqual((line.difference, line.own_amount), ("amount", 100.0))
        line.note = "The scheme kept half a euro."
        line.action_accept()
        self.assertEqual(record.state, "done")
        record.action_compare()
        self.assertEqual(record.line_ids, line)
        line.action_reopen()
        self.assertEqual(record.state, "open")

    def test_payments_of_which_nothing_is_known(self):
        record = self.compare("PSP-X,captured,10,EUR,2026-03-04,C-X,S99999\n")
        line = record.line_ids
        self.assertEqual((line.difference, line.reference), ("unknown", "PSP-X"))
        self.assertFalse(line.transaction_id)
        with self.assertRaises(UserError):
            line.action_apply()

    def test_what_somebody_did_at_the_provider(self):
        payment = self.authorize()
        record = self.compare(f"{payment.provider_reference},captured,40,EUR,,C-77,\n")
        self.assertEqual(record.line_ids.difference, "unasked")
        record.line_ids.action_apply()
        capture = payment.child_transaction_ids
        self.assertEqual((capture.state, capture.amount), ("done", 40.0))
        self.assertEqual(capture.provider_reference, "C-77")

    def test_other_currencies(self):
        dinar = self.env["res.currency"].with_context(active_test=False)
        dinar = dinar.search([("name", "=", "KWD")])
        dinar.active = True
        payment = self.authorize(12.345, currency=dinar)
        payment._capture(1.234)
        self.run_bank()
        self.assertFalse(self.compare().line_ids)
        line = self.compare(f"{payment.provider_reference},captured,0.5,KWD,,C-77,\n").line_ids
        line.action_apply()
        self.assertEqual(payment._oms_get_capturable(), 10.611)

    def test_bad_files_change_nothing(self):
        self.captured()
        for content in (b"", b"no,table\n1,2\n", (HEADING + "P1,paid,1,EUR,,,\n").encode()):
            record = self.env["oms.payment.reconciliation"].create(
                {"provider_id": self.provider.id, "file": base64.b64encode(content) or False}
            )
            with self.assertRaises(UserError):
                record.action_compare()
            self.assertEqual((record.state, len(record.line_ids)), ("draft", 0))

    def test_days(self):
        with self.assertRaises(ValidationError):
            self.env["oms.payment.reconciliation"].create(
                {
                    "provider_id": self.provider.id,
                    "date_from": "2026-03-05",
                    "date_to": "2026-03-04",
                }
            )

    def test_every_night_what_nobody_answered_is_looked_at(self):
        payment = self.authorize()
        self.bank.take()
        capture = payment._capture(100.0)
        reconciliations = self.env["oms.payment.reconciliation"]
        self.assertFalse(reconciliations._reconcile_day(self.provider))
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '2 days' "
            "WHERE id = %s",
            [capture.id],
        )
        capture.invalidate_recordset()
        record = reconciliations._reconcile_day(self.provider)
        self.assertEqual(record.line_ids.difference, "waiting")
        self.assertEqual(record.line_ids.transaction_id, capture)
        # It is shown once.
        self.assertFalse(reconciliations._reconcile_day(self.provider))

    def test_every_night_a_providers_own_list_is_compared(self):
        provider = self.use_provider("stripe", stripe_publishable_key="pk", stripe_secret_key="sk")
        payment = self.pay(provider, provider_reference="pi_1")
        capture = payment._create_child_transaction(100.0, oms_operation="capture")
        capture.write({"state": "done", "provider_reference": "pi_1"})
        yesterday = fields.Datetime.now() - timedelta(days=1)
        moment = int(yesterday.timestamp())
        charge = {
            "id": "ch_1",
            "payment_intent": "pi_1",
            "amount_captured": 10000,
            "currency": "eur",
            "captured": True,
            "status": "succeeded",
            "description": payment.reference,
            "created": moment,
        }
        refund = {
            "id": "re_1",
            "payment_intent": "pi_1",
            "amount": 2500,
            "currency": "eur",
            "status": "succeeded",
            "created": moment,
        }
        pages = {
            "charges": [{"data": [charge], "has_more": False}],
            "refunds": [{"data": [refund], "has_more": False}],
        }
        registry = self.env.registry["payment.provider"]
        with patch.object(
            registry, "_send_api_request", lambda _p, _m, endpoint, **_k: pages[endpoint].pop(0)
        ):
            record = self.env["oms.payment.reconciliation"]._reconcile_day(provider)
        line = record.line_ids
        self.assertEqual((record.agreed_count, line.difference), (1, "unasked"))
        self.assertEqual((line.kind, line.told_amount), (Kind.REFUNDED.value, 25.0))

    @patch("odoo.addons.oms.models.payment.oms_payment_reconciliation.MOST_DIFFERENCES", 0)
    def test_a_list_that_nothing_agrees_with_stops_no_other(self):
        told = read((HEADING + "PSP-X,captured,10,EUR,2026-03-04,C-X,S99999\n").encode())
        registry = self.env.registry["payment.provider"]
        with patch.object(registry, "_oms_list_settled", lambda *_a: told):
            record = self.env["oms.payment.reconciliation"]._reconcile_day(self.provider)
        self.assertEqual(record.state, "draft")
        self.assertIn("do not agree", record.message_ids[:1].body)

    def test_lists_of_several_pages(self):
        provider = self.use_provider("stripe", stripe_publishable_key="pk", stripe_secret_key="sk")
        asked = []

        def answer(_provider, _method, _endpoint, params=None, **_more):
            asked.append(params.get("starting_after"))
            return {"data": [{"id": f"re_{len(asked)}"}], "has_more": len(asked) < 3}

        registry = self.env.registry["payment.provider"]
        with patch.object(registry, "_send_api_request", answer):
            found = provider._oms_read_stripe("refunds", {})
        self.assertEqual([each["id"] for each in found], ["re_1", "re_2", "re_3"])
        self.assertEqual(asked, [None, "re_1", "re_2"])

    def test_what_the_bank_took_back(self):
        payment = self.captured()
        told = f"{payment.provider_reference},chargeback,40,EUR,,D9,\n"
        line = self.compare(told).line_ids
        self.assertEqual(line.difference, "chargeback")
        line.action_apply()
        self.assertEqual((payment.oms_charged_back, line.state), (40.0, "mended"))
        self.assertEqual(payment.child_transaction_ids._oms_get_refundable(), 60.0)
        # Another list tells of it under another number.
        again = self.compare(told.replace("D9", "M9")).line_ids
        again.action_apply()
        self.assertEqual((payment.oms_charged_back, again.state), (40.0, "mended"))

    def test_what_is_stuck_is_tried_again(self):
        order = self.make_chair_order()
        self.authorize(reference="S-stuck", sale_order_ids=[(4, order.id)])
        self.bank.take()
        capture = order._oms_request_capture(100.0)
        with mute_logger("odoo.addons.oms.models.task.oms_task_run"):
            capture.oms_task_id._get_stuck("Nobody knows")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '2 days' "
            "WHERE id = %s",
            [capture.id],
        )
        capture.invalidate_recordset()
        line = self.env["oms.payment.reconciliation"]._reconcile_day(self.provider).line_ids
        self.assertEqual((line.difference, line.transaction_id), ("waiting", capture))
        accountant = self.make_user("accountant", "account.group_account_invoice")
        line.with_user(accountant).action_retry()
        self.assertEqual(capture.oms_task_id.state, "waiting")
        with self.assertRaisesRegex(UserError, "Nothing of it can be tried again"):
            line.with_user(accountant).action_retry()

    def test_nobody_writes_what_the_bank_did(self):
        """Only the note is written; what becomes of a difference is done by its buttons."""
        self.captured()
        record = self.compare("PSP-X,captured,10,EUR,2026-03-04,C-X,S99999\n")
        for user in (
            self.make_user("accountant", "account.group_account_invoice"),
            self.make_user("manager", "oms.group_order_manager"),
        ):
            own, line = record.with_user(user), record.line_ids.with_user(user)
            for vals in ({"state": "accepted"}, {"told_amount": 5.0}, {"transaction_id": False}):
                with self.assertRaisesRegex(AccessError, "Nobody writes this"):
                    line.write({"note": "x", **vals})
            with self.assertRaises(AccessError):
                line.create(
                    {
                        "reconciliation_id": record.id,
                        "difference": "unknown",
                        "currency_id": self.euro.id,
                    }
                )
            with self.assertRaisesRegex(AccessError, "Nobody writes this"):
                own.write({"agreed_count": 7})
            with self.assertRaisesRegex(UserError, "stays with its provider"):
                own.write({"provider_id": self.use_provider("demo").id})
            self.assertEqual((line.state, line.told_amount), ("open", 10.0))

    def test_an_accountant_chooses_the_provider(self):
        accountant = self.make_user("accountant", "account.group_account_invoice")
        providers = self.env["payment.provider"].with_user(accountant)
        found = providers.web_name_search("ady", {"display_name": {}})
        self.assertIn(self.provider.id, [each["id"] for each in found])
        # What else is asked for tells nothing of its secrets.
        right, wrong = (
            providers.name_search("", [("adyen_api_key", "=like", start + "%")])
            for start in (self.bank.api_key[:3], "no such key")
        )
        self.assertEqual(right, wrong)
        with Form(self.env["oms.payment.reconciliation"].with_user(accountant)) as form:
            form.provider_id = self.provider
        shown = form.record.web_read({"provider_id": {"fields": {"display_name": {}}}})
        self.assertEqual(shown[0]["provider_id"]["display_name"], self.provider.display_name)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.make_user(
            "foreign",
            "account.group_account_invoice",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        names = self.env["payment.provider"].with_user(foreign).name_search("")
        self.assertNotIn(self.provider.id, dict(names))
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.env["payment.provider"].with_user(seller).name_search("")

    def test_who_may(self):
        self.captured()
        record = self.compare("PSP-X,captured,10,EUR,2026-03-04,C-X,S99999\n")
        accountant = self.make_user("accountant", "account.group_account_invoice")
        with Form(record.with_user(accountant)) as form:
            form.date_to = "2026-03-05"
        record.with_user(accountant).action_compare()
        line = record.line_ids.with_user(accountant)
        line.note = "Another shop's."
        line.action_accept()
        self.assertEqual(line.state, "accepted")
        for groups in ("base.group_user", "sales_team.group_sale_salesman"):
            other = self.make_user(f"other-{groups}", groups)
            with self.assertRaises(AccessError):
                record.with_user(other).read(["name"])
            with self.assertRaises(AccessError):
                record.line_ids.with_user(other).action_accept()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.make_user(
            "foreign",
            "account.group_account_invoice",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            record.with_user(foreign).read(["name"])
        self.assertFalse(self.env["oms.payment.reconciliation.line"].with_user(foreign).search([]))
