import base64

from odoo.tests import HttpCase, tagged

from .provider_case import AdyenCase

SCRIPT = """
(async () => {
    const find = async (select) => {
        for (let tries = 0; tries < 400; tries++) {
            const found = select();
            if (found) {
                return found;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`not there: ${select}`);
    };
    const shown = (text) => find(() => document.body.innerText.includes(text));
    (await find(() => document.querySelector("button[name=action_compare]"))).click();
    await shown("Done There, Not Here");
    await shown("Not Known Here");
    const apply = () => document.querySelector(".o_form_view button[name=action_apply]");
    (await find(apply)).click();
    await shown("Mended");
    await find(() => !apply());
    console.log("test successful");
})();
"""


class ScreenCase(AdyenCase, HttpCase):
    def prepare(self):
        """Return a reconciliation in which one thing is not noticed, and one is not known."""
        payment = self.authorize()
        self.capture = payment._capture(100.0)
        self.capture.provider_reference = False
        self.bank.work()
        self.bank.take()
        unknown = (
            self.bank.report()
            .splitlines()[-1]
            .replace(payment.provider_reference.encode(), b"PSP-X")
        )
        unknown = unknown.replace(payment.reference.encode(), b"S99999")
        settled = self.bank.payments[payment.provider_reference].deeds[0].reference
        unknown = unknown.replace(settled.encode(), b"C-X")
        return self.env["oms.payment.reconciliation"].create(
            {
                "provider_id": self.provider.id,
                "file": base64.b64encode(self.bank.report() + unknown),
                "file_name": "settlement.csv",
            }
        )

    def click_through(self):
        record = self.prepare()
        path = f"/odoo/action-oms.action_payment_reconciliation/{record.id}"
        self.browser_js(path, SCRIPT, login="admin")
        self.env.invalidate_all()
        self.assertEqual(self.capture.state, "done")
        self.assertEqual(record.line_ids.mapped("state"), ["open", "mended"])


@tagged("post_install", "-at_install")
class TestReconciliationPhone(ScreenCase):
    browser_size = "360x740"
    touch_enabled = True

    def test_on_a_phone(self):
        self.click_through()


@tagged("post_install", "-at_install")
class TestReconciliationScreen(ScreenCase):
    def test_a_file_is_compared_and_a_difference_mended(self):
        self.click_through()
