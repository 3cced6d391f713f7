from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .oms_fulfillment import WORK_SELECTION

#: Cards of one answer at most.
MOST_CARDS = 500
#: Services as screens of sites call them.
SERVICE_DOMAINS = {
    "collect": [("order_id.oms_service", "=", "collect")],
    "reserve": [("order_id.oms_service", "=", "reserve")],
    "ship": [("order_id.oms_service", "not in", ("collect", "reserve"))],
}


class OmsSiteWork(models.AbstractModel):
    """What the screen of a site asks for and tells: plain data in, plain data out.

    Moments are ISO 8601 in UTC, quantities are in the unit that stands beside them.
    """

    _name = "oms.site.work"
    _description = "Work at a Site"

    @api.model
    def _check_works(self):
        """Make sure that the user works at sites.

        :raise AccessError: the user does not
        """
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("This screen is for people who work at sites."))

    @api.model
    def get_sites(self):
        """Return the sites at which the user works, those in which they are named first.

        :return: ``id``, ``name``, ``kind``, ``mine`` and ``counts`` of each
        :rtype: list[dict]
        :raise AccessError: the user works at none
        """
        self._check_works()
        sites = self.env["oms.site"].search([("warehouse_id", "!=", False)])
        # sudo: whether the user is named; users cannot be read by everybody
        mine = sites.filtered(lambda site: self.env.user in site.sudo().user_ids)
        sites = mine + (sites - mine)
        counts = self._get_counts(sites)
        return [
            {
                "id": site.id,
                "name": site.name,
                "kind": site.kind,
                "mine": site in mine,
                "counts": counts[site],
            }
            for site in sites
        ]

    @api.model
    def _get_counts(self, sites):
        """Count the work of sites.

        :return: number by state of work, and ``late``, by site
        :rtype: dict
        """
        fulfillments = self.env["oms.fulfillment"]
        domain = [("site_id", "in", sites.ids), ("work_state", "!=", False)]
        counts = {
            site: {**dict.fromkeys((key for key, _label in WORK_SELECTION), 0), "late": 0}
            for site in sites
        }
        for site, state, count in fulfillments._read_group(
            domain, ["site_id", "work_state"], ["__count"]
        ):
            counts[site][state] = count
        late = [*domain, ("due_at", "<", fields.Datetime.now())]
        for site, count in fulfillments._read_group(late, ["site_id"], ["__count"]):
            counts[site]["late"] = count
        return counts

    @api.model
    def get_work(self, site_id, filters=None, limit=80, offset=0):
        """Return the work of a site, what is due first.

        :param int site_id: ``oms.site``
        :param dict filters: ``work_state`` (list), ``service``, ``carrier_id``, ``wave_id``,
            ``text``, ``late``, ``mine``
        :param int limit: how many cards at most
        :param int offset: how many are left out before them
        :return: ``site``, ``counts``, ``total`` of what the filters let through, and ``cards``
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        self._check_works()
        site = self.env["oms.site"].browse(site_id)
        site.check_access("read")
        limit = min(limit or MOST_CARDS, MOST_CARDS)
        fulfillments = self.env["oms.fulfillment"]
        domain = self._get_work_domain(site, filters or {})
        found = fulfillments.search(domain, limit=limit, offset=offset, order="due_at, id")
        full = len(found) == limit or (offset and not found)
        return {
            "site": {
                "id": site.id,
                "name": site.name,
                "tz": site.tz,
                "auto_accept": site.auto_accept,
            },
            "counts": self._get_counts(site)[site],
            "total": fulfillments.search_count(domain) if full else offset + len(found),
            "cards": self._prepare_cards(found),
        }

    @api.model
    def _get_work_domain(self, site, filters):
        """Return which fulfillments of a site the filters of the screen let through."""
        domain = Domain([("site_id", "=", site.id), ("work_state", "!=", False)])
        if filters.get("work_state"):
            domain &= Domain("work_state", "in", filters["work_state"])
        if filters.get("service"):
            # Of a service that nobody knows there is no work.
            domain &= Domain(SERVICE_DOMAINS.get(filters["service"], Domain.FALSE))
        if filters.get("carrier_id"):
            domain &= Domain("picking_ids.carrier_id", "=", filters["carrier_id"])
        if filters.get("late"):
            domain &= Domain("due_at", "<", fields.Datetime.now())
        if filters.get("mine"):
            domain &= Domain("worker_id", "=", self.env.uid)
        if filters.get("text"):
            domain &= self._get_text_domain(filters["text"])
        return domain

    @api.model
    def _get_text_domain(self, text):
        """Return which fulfillments are meant by what somebody typed or scanned."""
        text = text.strip()
        return Domain.OR(
            [
                Domain("name", "ilike", text),
                Domain("order_id.name", "ilike", text),
                Domain("order_id.client_order_ref", "=ilike", text),
                Domain("partner_id.name", "ilike", text),
                Domain("picking_ids.name", "=ilike", text),
                Domain("picking_ids.carrier_tracking_ref", "ilike", text),
                Domain("picking_ids.move_line_ids.result_package_id.name", "=ilike", text),
                Domain("picking_ids.oms_parcel_ids.sscc", "=", text),
                Domain("picking_ids.oms_parcel_ids.tracking_number", "=ilike", text),
            ]
        )

    @api.model
    def find(self, site_id, text, limit=20):
        """Return work of a site by what somebody typed or scanned.

        By number of the order, fulfillment or transfer, customer, package or tracking number.

        :param int site_id: ``oms.site``
        :param str text: what is looked for
        :param int limit: how many cards at most
        :return: cards as of :meth:`get_work`
        :rtype: list[dict]
        :raise AccessError: the user does not work there
        """
        if not (text or "").strip():
            return []
        return self.get_work(site_id, {"text": text}, limit=limit)["cards"]
