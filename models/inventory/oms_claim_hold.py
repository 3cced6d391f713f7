import json
import logging
import math
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, float_round

from ..transaction import committing_statement, reading_committed, retrying
from .external_limits import MAX_QUANTITY
from .refusal import Busy, HoldEnded, Shortage

_logger = logging.getLogger(__name__)

#: Origins of claims that wait for an order, and so end by themselves.
HOLD_ORIGINS = ("cart", "reservation")
#: For how many minutes goods are held at most, unless `oms.hold_most_minutes` says otherwise.
MOST_MINUTES = 14 * 24 * 60
#: For how many days holds are remembered that ended.
HISTORY_DAYS = 90
#: Holds that are forgotten between two commits.
FORGET_BATCH = 10_000
#: Claims that the scheduled job ends between two commits.
EXPIRE_BATCH = 1000

_HOLD = (
    "SELECT oms_hold(%s, %s, %s::numeric[], %s, %s, %s, %s, %s, %s, %s::integer[], "
    "%s::integer[], %s::integer[])"
)

SHORTAGE, FAULT, ENDED, BUSY = "OM001", "OM002", "OM003", "55P03"


def is_measurable(quantity, digits):
    """Tell whether Odoo can keep a quantity of goods as it is.

    :param float quantity: in the product's unit
    :param int digits: how many after the point Odoo keeps
    :rtype: bool
    """
    # Written so that "not a number" fails too; beyond the limit nothing can be rounded.
    whole = 0 < quantity <= MAX_QUANTITY and float_round(quantity, precision_digits=digits)
    return bool(whole) and abs(whole - quantity) <= max(1e-9, 1e-12 * quantity)


class Refused(Exception):
    """The gate said no; the reason is the error of the database."""

    def __init__(self, error):
        super().__init__(error.pgcode)
        self.code = error.pgcode
        self.details = json.loads(error.diag.message_detail or "{}") if error.diag else {}


class OmsClaim(models.Model):
    """Holds: claims of carts and reservations, which wait for an order for a limited time.

    Each step is a short transaction of its own, committed when the method returns and kept when
    the caller's fails. It reads committed data statement by statement, so that waiting for
    somebody else's guard ends in the truth instead of in a failure. Nothing that the caller has
    not committed is seen in it; and the caller's own transaction, if it began before, does not
    see what became of the holds.
    """

    _inherit = "oms.claim"

    # === LIFE OF A HOLD === #

    @api.model
    def _hold(self, requests, origin, minutes, reference=None, channel=None):
        """Hold goods for a limited time, all of the requests or none.

        A kit is held by its parts: all that so many kits need of them, at the site that is to put
        them together. When its order is confirmed, what was held becomes free for the transfers
        that Odoo makes of the parts in the same transaction.

        :param requests: (product id, site id, quantity in the product's unit)
        :param str origin: ``cart`` or ``reservation``
        :param float minutes: for how long from now, above zero
        :param str reference: whose cart or reservation it is
        :param channel: ``oms.channel`` on which it is held
        :return: ids of the claims, in the order of the requests; of a kit one for each part
        :rtype: list[int]
        :raises ValidationError: a quantity, a time, an origin, a product, a site or a channel
            that cannot be
        :raises UserError: not enough is available
        """
        self._check_requests(requests)
        requests = self._replace_kits(requests)
        self._check_minutes(minutes)
        self._check_origin(origin)
        asked = self._prepare_hold(requests, origin, reference, channel, minutes)
        # Most goods are governed by no share, and taken in one message to PostgreSQL.
        ids = self._at_the_gate(lambda claims: claims._call_hold(asked), committing_statement)
        if ids is None:
            ids = self._at_the_gate(lambda claims: claims._take_governed(asked))
        return ids

    @contextmanager
    def _holding(self, requests, origin, minutes, reference=None, channel=None):
        """Hold goods for a block that makes an order of them.

        Business is done in a transaction that begins in the block, as
        :func:`~..transaction.retrying` opens one, and confirms the holds. What is not confirmed at
        the end of the block is given back, at once if that raises; if the process dies, when the
        time of the hold is over.

        Arguments and errors are those of :meth:`_hold`.

        :return: ids of the claims, in the order of the requests
        """
        ids = self._hold(requests, origin, minutes, reference, channel)
        try:
            yield ids
        except BaseException:
            try:
                self.browse(ids)._give_back()
            except psycopg2.Error as error:
                _logger.warning("Claims %s end when their time is over: %s", ids, error)
            raise
        self.browse(ids)._give_back()

    def _extend(self, minutes):
        """Hold goods longer, counted from now, all of the holds or none.

        :param float minutes: for how long from now, above zero
        :raises ValidationError: not a time that goods can be held
        :raises UserError: a hold has ended; its goods may be somebody else's by now
        """
        self._check_minutes(minutes)
        if self.ids:
            self._at_the_gate(lambda claims: claims._take_longer(minutes), committing_statement)
            self.invalidate_recordset()

    def _transfer(self, requests=None, origin=None, reference=None, channel=None, minutes=None):
        """Give holds for other ones in one step: both happen or neither.

        What is not said stays as it is: the goods, the owner, the time. Holds of several owners
        can only be given to one that is said.

        :param requests: as in :meth:`_hold`; the same goods at the same sites when None
        :param str origin: as in :meth:`_hold`
        :param str reference: as in :meth:`_hold`
        :param channel: as in :meth:`_hold`
        :param float minutes: for how long from now; until the first of the holds would have ended
            when None
        :return: ids of the new claims, as in :meth:`_hold`
        :rtype: list[int]
        :raises ValidationError: see :meth:`_hold`
        :raises UserError: not enough is available, or a hold has ended
        """
        if requests is not None:
            self._check_requests(requests)
            requests = self._replace_kits(requests)
        if minutes is not None:
            self._check_minutes(minutes)
        if origin is not None:
            self._check_origin(origin)
        asked = (requests, origin, reference, channel, minutes)
        ids = self._at_the_gate(lambda claims: claims._take_instead(*asked))
        self.invalidate_recordset()
        return ids

    def _give_back(self):
        """Release holds at once, whatever becomes of the caller's transaction.

        Those that an order has taken over, or is about to take over, are left alone.
        """
        if self.ids:
            retrying(self.env, lambda env: self.with_env(env)._drop(), opening=committing_statement)
            self.invalidate_recordset()

    @api.model
    def _read_holds(self, ids):
        """Return how holds stand now, whatever the caller's transaction can see.

        :param ids: of holds
        :return: ``id``, ``product`` and ``site`` (by which a channel calls them), ``quantity`` in
            the product's unit and ``expires_at``, by id
        :rtype: list[dict]
        """
        with reading_committed(self.env) as env:
            env.cr.execute(
                SQL(
                    "SELECT claim.id, COALESCE(product.default_code, product.barcode, "
                    "product.id::text) AS product, site.code AS site, claim.quantity::float8, "
                    "claim.expires_at FROM oms_claim claim "
                    "JOIN product_product product ON product.id = claim.product_id "
                    "JOIN oms_site site ON site.id = claim.site_id "
                    "WHERE claim.id = ANY(%s) ORDER BY claim.id",
                    list(ids),
                )
            )
            return env.cr.dictfetchall()

    @api.model
    def _cron_expire(self):
        """End the claims whose time is over."""
        more = True
        while more:
            ended = retrying(self.env, self._expire, opening=committing_statement)
            more = ended == EXPIRE_BATCH
            left = self.env["ir.cron"]._commit_progress(ended, remaining=int(more))
            more = more and left

    @api.autovacuum
    def _gc_ended_holds(self):
        """Forget holds that ended long ago; what became claims of orders stays."""
        before = fields.Datetime.now() - timedelta(days=HISTORY_DAYS)
        domain = [
            ("origin", "in", HOLD_ORIGINS),
            ("state", "!=", "active"),
            ("write_date", "<", before),
        ]
        holds = self.search(domain, limit=FORGET_BATCH, order="id")
        holds.unlink()
        return len(holds), len(holds) == FORGET_BATCH

    # === CHECKS === #

    @api.model
    def _check_requests(self, requests):
        if not requests:
            raise ValidationError(self.env._("Say which goods are to be held."))
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        for product_id, _site_id, quantity in requests:
            if not is_measurable(quantity, digits):
                # sudo: who asks for goods may read the name of what was asked for
                product = self.env["product.product"].sudo().browse(product_id).exists()
                raise ValidationError(
                    self.env._(
                        "%(quantity)s of %(product)s cannot be held: a quantity is above zero, a "
                        "multiple of %(step)s, and at most %(most)s.",
                        quantity=quantity,
                        most=f"{MAX_QUANTITY:,}",
                        product=product.display_name or product_id,
                        step=f"{10.0**-digits:g}",
                    )
                )

    @api.model
    def _check_minutes(self, minutes):
        most = self._get_most_minutes()
        if not (math.isfinite(minutes) and 0 < minutes <= most):
            raise ValidationError(
                self.env._(
                    "Goods are held for more than 0 and at most %(most)s minutes, not for "
                    "%(minutes)s: see the system parameter oms.hold_most_minutes.",
                    most=f"{most:g}",
                    minutes=f"{minutes:g}",
                )
            )

    @api.model
    def _get_most_minutes(self):
        # sudo: everybody who holds goods is bound by it
        param = self.env["ir.config_parameter"].sudo().get_param("oms.hold_most_minutes")
        try:
            return float(param or MOST_MINUTES)
        except ValueError:
            _logger.warning("The system parameter oms.hold_most_minutes is no number: %s", param)
            return float(MOST_MINUTES)

    @api.model
    def _check_origin(self, origin):
        if origin not in HOLD_ORIGINS:
            raise ValidationError(
                self.env._(
                    "Goods are held for %(origins)s, not for %(origin)s.",
                    origins=", ".join(HOLD_ORIGINS),
                    origin=origin,
                )
            )

    # === IN THE TRANSACTION OF A HOLD === #

    def _at_the_gate(self, work, opening=reading_committed):
        """Run work in a transaction of its own, and tell its refusals in words.

        :param work: called with these claims in that transaction
        :param opening: how the transaction is opened
        :return: what ``work`` returned, committed
        """

        def attempt(env):
            try:
                return work(self.with_env(env))
            except psycopg2.Error as error:
                if error.pgcode in (SHORTAGE, FAULT, ENDED, BUSY):
                    raise Refused(error) from error
                raise

        try:
            return retrying(self.env, attempt, opening=opening)
        except Refused as refused:
            raise self._explain_refusal(refused) from refused

    @api.model
    def _prepare_hold(
        self, requests, origin, reference, channel, minutes, until=None, instead_of=None
    ):
        """Return the arguments of the gate, but for further guards."""
        return (
            *map(list, zip(*requests, strict=True)),
            *(origin, reference or None, channel.id if channel else None),
            *(minutes, until, self.env.uid, instead_of),
        )

    @api.model
    def _take(self, asked):
        ids = self._call_hold(asked)
        return self._take_governed(asked) if ids is None else ids

    @api.model
    def _take_governed(self, asked):
        """Pass the gate with further guards in hand, and see that shares are kept to."""
        guards = self._get_guards(set(asked[0]))
        ids = self._call_hold(asked, guards)
        if guards:
            self._check_shares(self.browse(ids))
        return ids

    @api.model
    def _call_hold(self, asked, guards=None):
        """Pass the gate.

        :param tuple asked: what :meth:`_prepare_hold` returned
        :param guards: further guards to take; None as long as nobody has looked for any
        :return: ids of the claims; None if there may be further guards, and nothing was done
        """
        further = [None, None] if guards is None else [[g[0] for g in guards], [0] * len(guards)]
        self.env.cr.execute(_HOLD, (*asked, *further), log_exceptions=False)
        return self.env.cr.fetchone()[0]

    def _take_longer(self, minutes):
        self._call(SQL("SELECT oms_hold_extend(%s, %s, %s)", self.ids, minutes, self.env.uid))

    def _take_instead(self, requests, origin, reference, channel, minutes):
        rows = self._call(
            SQL(
                "SELECT product_id, site_id, quantity::float8, origin, reference, channel_id, "
                "expires_at FROM oms_claim WHERE id = ANY(%s) ORDER BY id",
                self.ids,
            )
        )
        owners = {row[3:6] for row in rows}
        if len(owners) > 1 and not origin:
            raise ValidationError(
                self.env._("The holds are of several owners: say for whom the goods are held now.")
            )
        before = next(iter(owners), (None, None, None))
        return self._take(
            self._prepare_hold(
                requests or [row[:3] for row in rows],
                origin or before[0],
                reference or before[1],
                channel or self.env["oms.channel"].browse(before[2]),
                minutes,
                min(row[6] for row in rows) if minutes is None else None,
                instead_of=list(set(self.ids)),
            )
        )

    def _drop(self):
        self._call(
            SQL(
                "UPDATE oms_claim SET state = 'released', write_uid = %s, "
                "write_date = timezone('UTC', now()) "
                "WHERE id IN (SELECT id FROM oms_claim WHERE id = ANY(%s) AND state = 'active' "
                "AND origin != 'order' FOR UPDATE SKIP LOCKED) RETURNING id",
                self.env.uid,
                self.ids,
            )
        )

    @api.model
    def _expire(self, env):
        [[ended]] = self.with_env(env)._call(SQL("SELECT oms_hold_expire(%s)", EXPIRE_BATCH))
        return ended

    @api.model
    def _call(self, query):
        # Refusals are answers, not faults of the query.
        self.env.cr.execute(query, log_exceptions=False)
        return self.env.cr.fetchall()

    @api.model
    def _explain_refusal(self, refused):
        """Turn what the gate refused into what a person reads.

        :param Refused refused: the refusal
        :return: the exception to raise
        """
        if refused.code == SHORTAGE:
            return Shortage(self.env["oms.position"]._get_shortage_sentence(**refused.details))
        if refused.code == FAULT:
            return ValidationError(self._get_fault_sentence(**refused.details))
        if refused.code == ENDED:
            return HoldEnded(self._get_ended_sentence())
        return Busy(
            self.env._("Somebody else has been taking the same goods for a while: try again.")
        )

    @api.model
    def _get_fault_sentence(self, fault, product_id, site_id):
        if fault == "product":
            return self.env._(
                "Nothing is held of product %s: it is unknown or archived.", product_id
            )
        if fault == "site":
            return self.env._("Nothing is held at site %s: it is unknown or archived.", site_id)
        return self.env._(
            "Nothing is held at site %s for this channel: the channel is unknown, archived or of "
            "another company.",
            site_id,
        )
