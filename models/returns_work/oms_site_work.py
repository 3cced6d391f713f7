from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..site_work.answer import to_text
from ..site_work.oms_site_work import MOST_CARDS
from .oms_return import WORK_STATES

#: Names of products on a card at most.
PRODUCTS_SHOWN = 3


class OmsSiteWork(models.AbstractModel):
    """What comes back to a site, as its screen shows it."""

    _inherit = "oms.site.work"

    @api.model
    def get_returns(self, site_id, filters=None, limit=80):
        """Return what is expected back at a site, and what came and is to be graded.

        :param int site_id: ``oms.site``
        :param dict filters: ``state`` (expected, receiving, received, unmatched), ``text``
        :param int limit: how many cards at most
        :return: ``site``, ``counts`` (``all`` and by state), ``total`` of what the filters let
            through, and ``cards``
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        site = self._get_return_site(site_id)
        filters = filters or {}
        states = self._get_return_state_domains(site)
        domain = states.get(filters.get("state"), states["all"])
        if filters.get("text"):
            domain &= self._get_return_text_domain(filters["text"].strip())
        limit = min(limit or MOST_CARDS, MOST_CARDS)
        returns = self.env["oms.return"]
        found = returns.search(domain, limit=limit, order="expected_at, id")
        full = len(found) == limit
        return {
            "site": {"id": site.id, "name": site.name, "tz": site.tz},
            "counts": {key: returns.search_count(each) for key, each in states.items()},
            "total": returns.search_count(domain) if full else len(found),
            "cards": self._prepare_return_cards(found, site),
        }

    @api.model
    def _get_return_site(self, site_id):
        """Return the site at which somebody takes goods back.

        :raise AccessError: the user does not work there
        """
        self._check_works()
        site = self.env["oms.site"].browse(site_id if isinstance(site_id, int) else 0).exists()
        if not site:
            raise UserError(self.env._("Say at which site you are."))
        site.check_access("read")
        return site

    @api.model
    def _get_return_state_domains(self, site):
        """Return which returns are in which state for a site."""
        here = Domain("receipt_item_ids.site_id", "=", site.id)
        lies_here = Domain("site_id", "=", site.id) | Domain("item_ids.site_id", "=", site.id)
        to_grade = Domain("state", "=", "received") & lies_here
        # Whose goods these are has to be found before anybody gets anything for them.
        unmatched = Domain("state", "=", "inspected") & Domain("order_id", "=", False) & lies_here
        expected = Domain("site_id", "=", site.id) & Domain(
            "state", "in", ("authorized", "in_transit")
        )
        expected &= Domain("way", "!=", "keep")
        begun = Domain("state", "in", WORK_STATES) & here
        return {
            "all": expected | begun | to_grade | unmatched,
            "expected": expected & ~Domain("receipt_item_ids", "!=", False),
            "receiving": begun,
            "received": to_grade,
            "unmatched": unmatched,
        }

    @api.model
    def _get_return_text_domain(self, text):
        """Return which returns are meant by what somebody typed."""
        return Domain.OR(
            [
                Domain("name", "ilike", text),
                Domain("order_id.name", "ilike", text),
                Domain("order_id.client_order_ref", "=ilike", text),
                Domain("partner_id.name", "ilike", text),
                Domain("tracking", "ilike", text),
                Domain("line_ids.product_id.name", "ilike", text),
            ]
        )

    @api.model
    def _get_counts(self, sites):
        """Count the work of sites: what comes back, too."""
        counts = super()._get_counts(sites)
        for site, returns in self._get_returns_by_site(sites).items():
            counts[site]["returns"] = len(returns)
        return counts

    @api.model
    def _get_returns_by_site(self, sites):
        """Return what is expected, being received or to be graded at sites, in a few statements.

        :rtype: dict[oms.site, oms.return]
        """
        here = [("site_id", "in", sites.ids)]
        expected = [("state", "in", ("authorized", "in_transit")), ("way", "!=", "keep")]
        of_return = [("return_id.state", "in", WORK_STATES)]
        unmatched = [("state", "=", "inspected"), ("order_id", "=", False)]
        waits = [
            "|",
            ("return_id.state", "=", "received"),
            "&",
            ("return_id.state", "=", "inspected"),
            ("return_id.order_id", "=", False),
        ]
        # sudo: of sites at which the user works, only how many
        groups = (
            ("oms.return", [*here, *expected], "id"),
            ("oms.return", [*here, ("state", "=", "received")], "id"),
            ("oms.return", [*here, *unmatched], "id"),
            ("oms.receipt.item", [*here, *of_return], "return_id"),
            ("oms.return.item", [*here, *waits], "return_id"),
        )
        found = dict.fromkeys(sites, self.env["oms.return"])
        for model, domain, field in groups:
            rows = self.env[model].sudo()._read_group(domain, ["site_id"], [f"{field}:recordset"])
            for site, returns in rows:
                found[site.sudo(False)] |= returns.sudo(False)
        return found

    # === CARDS === #

    @api.model
    def _prepare_return_cards(self, returns, site):
        """Return what the screen shows of returns.

        :param returns: ``oms.return`` that the user may see at the site
        :param site: ``oms.site`` at which the user is
        :rtype: list[dict]
        """
        # sudo: of what may be seen, all that the card tells, as the customer's name
        return [self._prepare_return_card(record, site) for record in returns.sudo()]

    @api.model
    def _prepare_return_card(self, record, site):
        lines = record.line_ids
        names = lines.product_id.mapped("name")
        more = len(names) - PRODUCTS_SHOWN
        return {
            "id": record.id,
            "name": record.name,
            "order": record.order_id.name or None,
            "customer": record.partner_id.name or "",
            "state": record.state,
            "is_begun": bool(record.receipt_item_ids),
            "origin": record.origin,
            "way": record.way,
            "site": record.site_id.name or None,
            "is_here": not record.site_id or record.site_id == site,
            "announced": to_text(record.requested_at),
            "expected": to_text(record.expected_at),
            "tracking": record.tracking or None,
            "units": record.unit_count,
            "products": ", ".join(names[:PRODUCTS_SHOWN]) + (f" +{more}" if more > 0 else ""),
        }
