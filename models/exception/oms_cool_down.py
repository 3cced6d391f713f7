from odoo import api, fields, models, tools

from ..network.oms_site_barred import Barring

SCOPE_SELECTION = [
    ("order", "The same order"),
    ("product", "The same goods, whatever the order"),
    ("site", "Anything, whatever the order"),
]


class OmsRejectReason(models.Model):
    _inherit = "oms.reject.reason"

    cool_down_scope = fields.Selection(
        SCOPE_SELECTION,
        string="Not Asked For",
        required=True,
        default="order",
        help="What the site is not asked for by itself until the cool-down has passed. Beyond the "
        "same order only where there is a cool-down.",
    )

    @api.model
    @tools.ormcache()
    def _is_cooling_wide(self):
        """Tell whether a rejection can matter to other orders: sourcing asks nothing without.

        :rtype: bool
        """
        reasons = self.sudo().with_context(active_test=False)
        return bool(reasons.search_count([("cool_down_scope", "!=", "order")], limit=1))

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_cooling()
        return super().create(vals_list)

    def write(self, vals):
        if "cool_down_scope" in vals:
            self._forget_cooling()
        return super().write(vals)

    @api.model
    def _forget_cooling(self):
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)


class OmsRejection(models.Model):
    _inherit = "oms.rejection"

    cool_down_scope = fields.Selection(
        related="reason_id.cool_down_scope", store=True, precompute=True, readonly=True
    )

    # Looked up whenever orders are sourced, however many rejections there are.
    _cooling_idx = models.Index(
        "(site_id, cool_until) WHERE state = 'valid' AND cool_down_scope IN ('product', 'site')"
    )


class OmsSite(models.Model):
    _inherit = "oms.site"

    def _find_cooling(self, products, moment):
        """Return what the sites are not asked for, as they gave something back a short time ago.

        :param products: ``product.product`` recordset
        :param datetime.datetime moment: UTC, naive
        :return: :class:`Barring` by site that is not asked for anything, and pairs of ids of
            sites and the products they are not asked for
        :rtype: tuple[dict, frozenset[tuple[int, int]]]
        """
        if not self.env["oms.reject.reason"]._is_cooling_wide():
            return {}, frozenset()
        # sudo: what sites gave back counts, whoever causes sourcing
        rejections = (
            self.env["oms.rejection"]
            .sudo()
            .search_fetch(
                [
                    ("site_id", "in", self.ids),
                    ("cool_until", ">", moment),
                    ("state", "=", "valid"),
                    ("cool_down_scope", "in", ("product", "site")),
                ],
                ["site_id", "product_id", "cool_down_scope", "reason_id"],
            )
        )
        goods, sites = set(), {}
        for rejection in rejections:
            if rejection.cool_down_scope == "product":
                goods.add((rejection.site_id.id, rejection.product_id.id))
                continue
            reason = self.env._("gave goods back: %s", rejection.reason_id.name)
            sites.setdefault(self.browse(rejection.site_id.id), Barring("cool_down", reason))
        asked = set(products.ids)
        return sites, frozenset(pair for pair in goods if pair[1] in asked)
