import math
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .external_limits import MAX_LEAD_DAYS
from .oms_external_load import FeedRow

#: Rows that one call of the interface takes.
MAX_ROWS = 100_000
#: By how much the clock of somebody else may be fast.
CLOCK_SKEW = timedelta(minutes=1)
#: What a row of the interface holds.
KEYS = {"product", "quantity", "lead_days"}
OUTCOMES = ("created", "updated", "unchanged")


class OmsExternalStock(models.Model):
    _inherit = "oms.external.stock"

    # === INTERFACE === #

    @api.model
    def load_feed(self, site_code, rows, full=False, updated_at=None):
        """Take in what a supplier, a distributor or a third party's warehouse says it has.

        The good rows are written, and the bad ones come back with the reason; calling again with
        the same rows changes nothing. What was said later is never overwritten by what was said
        earlier, whatever comes first. Allowed to order operators, and to site operators for the
        sites in which they are named.

        :param str site_code: code of the site
        :param list rows: up to 100,000 objects with the keys ``product`` (internal reference, or
            else barcode), ``quantity`` (zero or more, in the product's unit) and ``lead_days``
            (calendar days until the goods can be here, 0 to 3650; without it what is stored stays)
        :param bool full: the rows are all that the site has: what they do not name becomes zero,
            unless something later was said of it. Nothing does when rows were given and all of
            them are bad
        :param updated_at: when the site said so, as ISO 8601 text, UTC unless it names its offset;
            now when empty
        :return: ``site``; ``updated_at`` (ISO 8601, UTC); counts of rows: ``received``,
            ``created``, ``updated``, ``unchanged``, ``refused``; ``emptied``, how many products
            became zero because they were not named; and ``faults``: a list of objects with
            ``row`` (index from 0), ``product`` and ``reason``
        :rtype: dict
        :raises AccessError: the user may not speak for the site
        :raises ValidationError: the site, the rows as a whole or the moment cannot be; nothing is
            changed then
        """
        site = self._get_feed_site(site_code)
        self._check_feed(rows, full)
        moment = self._parse_moment(updated_at)
        faults, parsed = {}, []
        for index, row in enumerate(rows):
            try:
                parsed.append(self._parse_feed_row(index, row, moment))
            except ValidationError as error:
                faults[index] = str(error)
        report = self._load(site, parsed, "api", lock=full)
        faults.update(report.faults)
        emptied = 0
        if full and (len(faults) < len(rows) or not rows):
            emptied = self._empty_unnamed(site, report.named, moment, "api")
        return {
            "site": site.code,
            "updated_at": f"{moment.isoformat()}Z",
            "received": len(rows),
            **{outcome: report.counts[outcome] for outcome in OUTCOMES},
            "refused": len(faults),
            "emptied": emptied,
            "faults": [
                {
                    "row": index,
                    "product": rows[index].get("product") if isinstance(rows[index], dict) else "",
                    "reason": faults[index],
                }
                for index in sorted(faults)
            ],
        }

    @api.model
    def _get_feed_site(self, code):
        """Return the site of a code, if the user may speak for it.

        :raises AccessError: the user may not
        :raises ValidationError: there is no such site, or it cannot have external stock
        """
        user = self.env.user
        speaks_for_all = self.env.su or user.has_group("oms.group_order_operator")
        if not speaks_for_all and not user.has_group("oms.group_site_operator"):
            raise AccessError(
                self.env._(
                    "Only order operators, and site operators for their own sites, may say what a "
                    "site has."
                )
            )
        if not self._is_code(code):
            raise ValidationError(self.env._("Name the site by its code."))
        domain = [("code", "=", code.strip()), ("company_id", "in", self.env.companies.ids)]
        if not speaks_for_all:
            domain.append(("user_ids", "in", user.ids))
        sites = self.env["oms.site"].with_context(active_test=False).search(domain)
        site = sites.filtered(lambda site: site.company_id == self.env.company) or sites
        if len(site) > 1:
            raise ValidationError(
                self.env._(
                    "Several companies have a site “%s”: say which one by allowed_company_ids in "
                    "the context.",
                    code,
                )
            )
        fault = self._get_feed_site_fault(code, site)
        if fault:
            raise ValidationError(fault)
        return site

    @api.model
    def _get_feed_site_fault(self, code, site):
        """Say in words why a site cannot be fed, or return ''."""
        if not site:
            return self.env._("There is no site “%s”.", code)
        if not site.active:
            return self.env._("The site “%s” is archived.", code)
        return self._get_site_fault(site)

    @api.model
    def _check_feed(self, rows, full):
        """Check what is given as a whole.

        :raises ValidationError: it is no list of a size that can be, or no truth value
        """
        if not isinstance(rows, list | tuple):
            raise ValidationError(self.env._("The rows are a list of objects."))
        if len(rows) > MAX_ROWS:
            raise ValidationError(
                self.env._(
                    "A feed has %(count)s rows, and the limit of a call is %(limit)s: send it in "
                    "several calls, none of them as full.",
                    count=len(rows),
                    limit=MAX_ROWS,
                )
            )
        if not isinstance(full, bool):
            raise ValidationError(self.env._("“full” is true or false."))

    @api.model
    def _parse_moment(self, text):
        """Read when something was said.

        :param text: ISO 8601 text, or a date and time; now when empty
        :return: UTC, without time zone
        :rtype: datetime.datetime
        :raises ValidationError: it is no moment, or one that is still to come
        """
        now = fields.Datetime.now()
        if not text:
            return now
        try:
            moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
            if moment.tzinfo:
                moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError(
                self.env._("“%s” is no moment like 2026-12-31T23:59:59Z.", text)
            ) from None
        if fault := self._get_moment_fault(moment, now):
            raise ValidationError(fault)
        return min(moment.replace(microsecond=0), now)

    @api.model
    def _get_moment_fault(self, moment, now):
        """Say in words that a moment is still to come, or return ''."""
        if moment <= now + CLOCK_SKEW:
            return ""
        return self.env._(
            "%(moment)s UTC is still to come; here it is %(now)s UTC.",
            moment=moment.replace(microsecond=0),
            now=now,
        )

    @api.model
    def _parse_feed_row(self, index, row, moment):
        """Read one row of the interface.

        :param int index: its place
        :param datetime.datetime moment: when it was said
        :rtype: FeedRow
        :raises ValidationError: saying what is wrong with it
        """
        if not isinstance(row, dict):
            raise ValidationError(self.env._("The row is no object."))
        if unknown := row.keys() - KEYS:
            raise ValidationError(
                self.env._(
                    "Unknown: %(unknown)s. A row has %(known)s.",
                    unknown=", ".join(sorted(map(str, unknown))),
                    known=", ".join(sorted(KEYS)),
                )
            )
        code, quantity, lead_days = (row.get(key) for key in ("product", "quantity", "lead_days"))
        if not self._is_code(code):
            raise ValidationError(
                self.env._("The product is a text that is not empty, in printable characters.")
            )
        if isinstance(quantity, bool) or not isinstance(quantity, int | float):
            raise ValidationError(self.env._("The quantity is a number."))
        self._check_lead_days(lead_days)
        try:
            quantity = float(quantity)
        except OverflowError:
            # A whole number larger than any float, and so than any quantity.
            quantity = math.inf
        return FeedRow(index, code.strip(), quantity, lead_days, moment)

    @api.model
    def _check_lead_days(self, days):
        if days is None:
            return
        if isinstance(days, bool) or not isinstance(days, int):
            raise ValidationError(self.env._("The lead_days are a whole number of days."))
        if not 0 <= days <= MAX_LEAD_DAYS:
            raise ValidationError(
                self.env._(
                    "The lead_days %(days)s are not between 0 and %(most)s.",
                    days=days,
                    most=MAX_LEAD_DAYS,
                )
            )

    @api.model
    def _is_code(self, text):
        """Tell whether a text can be looked for in the database as a code."""
        return isinstance(text, str) and bool(text.strip()) and text.strip().isprintable()
