from functools import partial

import numpy as np

from odoo import models


class OmsFlowRun(models.Model):
    """What the gathering of a run has to tell: what is missing, odd, or too much."""

    _inherit = "oms.flow.run"

    def _note_left_out(self, count):
        """Tell how many goods are too many for one run."""
        if count > 0:
            self._note(
                "gather",
                self.env._(
                    "%(count)s products with the least stock and demand are left out: they are too "
                    "many to be planned together. Make several plans, each with categories of "
                    "its own.",
                    count=count,
                ),
                count=count,
            )

    def _note_without(self, stage, count):
        """Tell how many goods are planned, but are too many for a stage.

        :param str stage: that looks at less than is planned
        :param int count: goods that it leaves out, none if not above zero
        """
        kinds, sentence = {
            "level": (
                {"level"},
                self.env._(
                    "No levels are proposed for %(count)s products with the least stock and "
                    "demand: they are too many to be looked at together. Make several plans, each "
                    "with categories of its own.",
                    count=count,
                ),
            ),
            "replenish": (
                {"purchase", "pull"},
                self.env._(
                    "Nothing is bought, or pulled up to its level, of %(count)s products with the "
                    "least stock and demand: they are too many to be looked at together. Make "
                    "several plans, each with categories of its own.",
                    count=count,
                ),
            ),
        }[stage]
        if count > 0 and kinds & self.plan_id._get_kinds():
            self._note("gather", sentence, count=count)

    def _note_sites(self, facts):
        """Tell of sites that can take no part."""
        found = []
        lanes = self._get_lanes(facts.sites)
        linked = lanes.origin_id | lanes.site_id
        for site in facts.sites:
            if site not in linked:
                sentence = self.env._(
                    "%s has no lane: nothing comes from it or goes there. Make lanes in the "
                    "network.",
                    site.name,
                )
                found.append(("lane", sentence, None, site.id))
            if not site.resource_calendar_id:
                sentence = self.env._(
                    "%s has no working hours: goods may leave on any day.", site.name
                )
                found.append(("calendar", sentence, None, site.id))
        self._note_all("gather", found, "1_info")

    def _note_goods(self, facts):
        """Tell of goods of which something is not known."""
        default = f"{self.plan_id._get_policy().default_weight:g}"

        def tell_weight(place):
            return self.env._(
                "%(product)s has no weight: %(weight)s kg are assumed.",
                product=facts.names[place],
                weight=default,
            )

        def tell_cost(place):
            return self.env._(
                "%s has no cost: its stock ties up no money, and left over it is worth nothing.",
                facts.names[place],
            )

        def tell_negative(row):
            return self.env._(
                "%(product)s has a stock of %(stock)s at %(site)s: it counts as none. Count it.",
                product=facts.names[facts.product[row]],
                stock=f"{facts.on_hand[row]:g}",
                site=facts.sites[int(facts.site[row])].name,
            )

        product_ids, site_ids = facts.product_ids.tolist(), facts.sites.ids
        found = [
            (kind, partial(tell, place), product_ids[place], None)
            for kind, tell, column in (
                ("weight", tell_weight, facts.weight),
                ("cost", tell_cost, facts.cost),
            )
            for place in np.flatnonzero(np.isnan(column))
        ]
        found += [
            (
                "negative",
                partial(tell_negative, row),
                product_ids[facts.product[row]],
                site_ids[facts.site[row]],
            )
            for row in np.flatnonzero(facts.on_hand < 0)
        ]
        self._note_all("gather", found, "1_info")

    def _note_spikes(self, facts):
        """Tell of days that were cut, because they say nothing of the days to come."""
        product, site, rate, _variance, most, cut = self._read_sold()
        names = dict(zip(facts.product_ids.tolist(), facts.names, strict=True))
        found = []
        rows = facts.get_rows(product, site)
        # Forecasts deal with spikes by themselves.
        by_sales = (rows >= 0) & np.isclose(facts.rate[rows], rate)
        for row in np.flatnonzero((cut < most) & by_sales):
            sentence = self.env._(
                "%(product)s sold %(most)s in one day at %(site)s, far more than usual: it counts "
                "as %(cut)s.",
                product=names.get(int(product[row]), ""),
                most=f"{most[row]:g}",
                site=self.env["oms.site"].browse(int(site[row])).name,
                cut=f"{cut[row]:g}",
            )
            found.append(("spike", sentence, int(product[row]), int(site[row])))
        self._note_all("gather", found, "1_info")
