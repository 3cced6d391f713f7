import hmac
import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

from ..collect.pickup_code import make_code, read_code, show_code
from ..transaction import reading_committed
from .oms_return_ask import MOST_WRONG

_logger = logging.getLogger(__name__)

#: Asks of one run of the job.
BATCH = 100


class OmsReturnAsk(models.Model):
    """The codes: made and mailed by a scheduled job, then entered."""

    _inherit = "oms.return.ask"

    # === MAILING === #

    @api.model
    def _cron_send_codes(self):
        """Mail a code to everybody who asked for one and has such an order."""
        asks = self.search([("state", "=", "asked")], order="id", limit=BATCH)
        self.env["ir.cron"]._commit_progress(remaining=len(asks))
        for ask in asks:
            mail = ask._make_code_mail()
            # From here on the code holds; a mail that does not leave is asked for again.
            more = self.env["ir.cron"]._commit_progress(1)
            if mail:
                mail.send()
            if not more:
                break

    def _make_code_mail(self):
        """Find the order and write the mail with a new code.

        :return: ``mail.mail`` to be sent, empty where there is no such order
        """
        self.ensure_one()
        order = self._find_order()
        if not order or self.expires_at <= fields.Datetime.now():
            self.state = "unknown"
            return self.env["mail.mail"]
        code = make_code()
        self.write(
            {"state": "sent", "order_id": order.id, "code_hash": self._hash_code(self.id, code)}
        )
        try:
            with self.env.cr.savepoint():
                return self._write_code_mail(code)
        except OperationalError:
            raise
        except Exception:  # what is wrong with the template must not keep others from their codes
            _logger.exception("The code for a return of %s is not mailed", order.name)
            return self.env["mail.mail"]

    def _write_code_mail(self, code):
        lang = self.lang or self.order_id.partner_id.lang
        template = self.env.ref("oms.mail_return_code")
        # The code stands in the mail and nowhere else.
        values = template.with_context(oms_return_code=show_code(code), lang=lang)
        mail_id = values.send_mail(self.id, email_values={"email_to": self.email})
        return self.env["mail.mail"].browse(mail_id)

    def _find_order(self):
        """Return the order of the number that was bought with the address, the newest of several.

        :rtype: odoo.models.Model
        """
        # As typed, but for capitals; nothing in it stands for any sign.
        number = escape_psql(self.reference)
        domain = Domain("state", "=", "sale")
        domain &= Domain.OR(
            Domain(f"{who}.email_normalized", "=", self.email)
            for who in ("partner_id", "partner_shipping_id", "partner_invoice_id")
        )
        domain &= Domain("name", "=ilike", number) | Domain("oms_external_ref", "=ilike", number)
        return self.env["sale.order"].search(domain, order="id desc", limit=1)

    # === ENTERING === #

    @api.model
    def _hash_code(self, ask_id, code):
        return self._hash("code", str(ask_id), code)

    @api.model
    def _enter(self, ask_id, text):
        """Check the code that a guest entered, in a transaction of its own.

        Each ask takes a few codes, one after the other, whoever enters them and however many at
        once; a code is good once.

        :param int ask_id: of the guest's session
        :param str text: as typed
        :return: the order that is the guest's; empty where the code does not hold
        """
        order = self.env["sale.order"]
        if type(ask_id) is not int:
            return order
        code = read_code(text)
        with reading_committed(self.env) as own:
            own.cr.execute(
                SQL(
                    """
                    UPDATE oms_return_ask SET tries = tries + 1
                     WHERE id = %s AND tries < %s AND expires_at > %s AND state != 'used'
                    RETURNING code_hash, order_id
                    """,
                    ask_id,
                    MOST_WRONG,
                    fields.Datetime.now(),
                )
            )
            kept, order_id = own.cr.fetchone() or (None, None)
            # Compared where there is nothing to compare, too: it takes as long.
            good = hmac.compare_digest(kept or "", self._hash_code(ask_id, code))
            if good:
                own.cr.execute(
                    SQL("UPDATE oms_return_ask SET state = 'used' WHERE id = %s", ask_id)
                )
        self.invalidate_model()
        return order.browse(order_id if good else [])
