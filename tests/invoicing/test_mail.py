from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.base.models.ir_actions_report import IrActionsReport

from .invoicing_case import InvoicingCase


@tagged("post_install", "-at_install")
class TestMails(InvoicingCase):
    def setUp(self):
        super().setUp()

        def refuse(_self, *_args, **_kwargs):
            raise UserError(self.env._("Unable to find Wkhtmltopdf on this system."))

        self.enterContext(patch.object(IrActionsReport, "_render_qweb_pdf", refuse))
        self.customer.email = "customer@example.com"
        self.template = self.env.ref("sale.mail_template_sale_confirmation")

    def test_a_paid_order_is_confirmed_and_mailed_without_a_pdf(self):
        self.assertTrue(self.template.report_template_ids, "the mail has a PDF as a rule")
        self.stock(self.apple, (self.near, 1))
        order = self.make_order((self.apple, 1), confirm=False, require_payment=True)
        payment = self.pay(order)
        with self.assertLogs("odoo.addons.oms.models.invoicing.mail_template", "WARNING"):
            payment._post_process()
        self.assertEqual(order.state, "sale")
        mails = order.message_ids.filtered(lambda message: self.customer in message.partner_ids)
        self.assertTrue(mails, "the customer was told")
        self.assertFalse(mails.attachment_ids)

    def test_other_mails_still_fail(self):
        order = self.make_mixed()
        self.ship_from(order, self.near)
        invoice = order._oms_invoice()
        report = self.env.ref("account.account_invoices")
        template = self.env["mail.template"].create(
            {
                "name": "Invoice",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "report_template_ids": [(6, 0, report.ids)],
            }
        )
        with self.assertRaises(UserError):
            template._generate_template(invoice.ids, ["report_template_ids"])
