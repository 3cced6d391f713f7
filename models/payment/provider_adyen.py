from odoo import models
from odoo.exceptions import ValidationError

#: What is asked of a payment that was authorized before.
MODIFICATIONS = ("/payments/{}/captures", "/payments/{}/cancels", "/payments/{}/refunds")
#: What a payment with a saved card needs by Adyen's contract, though nobody is sent there.
NOWHERE = "/payment/status"


class PaymentTransaction(models.Model):
    """Adyen is asked about the payment that was authorized, whatever is done with it.

    Odoo asks about captures and voids that Adyen does not know yet, and, for a refund of what was
    captured, about the capture in place of the payment. Only methods that ``payment_adyen`` does
    not define are extended: which of the two modules is loaded first does not matter.
    """

    _inherit = "payment.transaction"

    def _send_api_request(self, method, endpoint, *, json=None, **kwargs):
        if self.provider_code == "adyen" and method == "POST":
            if endpoint in MODIFICATIONS:
                root = self._oms_get_root()
                if not root.provider_reference:
                    raise ValidationError(
                        self.env._(
                            "Adyen has not told its reference of %s yet: try again when the "
                            "payment is authorized.",
                            root.reference,
                        )
                    )
                kwargs["endpoint_param"] = root.provider_reference
                json = self._oms_complete_adyen(endpoint, json, root)
            elif endpoint == "/payments" and self.token_id:
                json = self._oms_complete_adyen_payment(json)
        return super()._send_api_request(method, endpoint, json=json, **kwargs)

    def _oms_complete_adyen(self, endpoint, json, root):
        """Return what is asked of a payment, with what Adyen wants to know.

        :param root: the payment
        :raises ValidationError: Adyen cannot do it
        """
        if endpoint.endswith("/cancels"):
            # Adyen knows no part here: all that is not captured is let go.
            left = root._oms_get_capturable()
            if self.state in ("draft", "pending"):
                left += self.amount
            if self.currency_id.compare_amounts(self.amount, left):
                raise ValidationError(
                    self.env._(
                        "Adyen lets go of all that is not captured, and not of a part of it: void "
                        "%(amount)s, or nothing.",
                        amount=self.currency_id.format(left),
                    )
                )
        if endpoint.endswith("/refunds") and self.source_transaction_id != root:
            capture = self.source_transaction_id.provider_reference
            return {**json, "capturePspReference": capture} if capture else json
        return json

    def _oms_complete_adyen_payment(self, json):
        """Return a payment with a saved card as Adyen's contract has it.

        Adyen takes no ``false`` for what nobody knows, wants to know what was saved, and counts in
        numbers.
        """
        json = {name: value for name, value in json.items() if value is not False}
        json.setdefault("returnUrl", self.get_base_url() + NOWHERE)
        method = self.payment_method_id.primary_payment_method_id or self.payment_method_id
        if method.code == "card":
            json["paymentMethod"] = {"type": "scheme", **json["paymentMethod"]}
        lines = json.get("lineItems") or []
        json["lineItems"] = [{**line, "quantity": int(line["quantity"])} for line in lines]
        return json
