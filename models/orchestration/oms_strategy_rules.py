import dataclasses

import numpy as np

from odoo import api, fields, models

from ...engine.sourcing.remainder import keeps_limits

RULE_SELECTION = [
    ("hard", "Hard"),
    ("soft", "Soft"),
    ("off", "Off"),
]
#: Why sites are not asked (see ``oms.site._get_barred``), and the field that says how hard that is.
RULES = {
    "network": "network_rule",
    "service": "service_rule",
    "offline": "offline_rule",
    "closed": "calendar_rule",
    "capacity": "capacity_rule",
    "distance": "area_rule",
    "ability": "ability_rule",
    "rejected": "rejects_rule",
    "cool_down": "cool_down_rule",
}
#: Other limits by name, with the fields that set them; ``<name>_hard`` says whether they are hard.
LIMITS = {
    "max_sites": ("max_sites",),
    "max_sites_per_line": ("max_sites_per_line",),
    "whole_lines": ("whole_lines",),
    "whole_order": ("whole_order",),
    "together": ("together_tag_ids", "together_categ_ids"),
    "min_shipment_value": ("min_shipment_value",),
    "no_split": ("no_split_below", "no_split_product_ids", "no_split_categ_ids"),
    "max_kilometers": ("max_kilometers",),
    "max_priority": ("max_priority",),
    "carbon_cap": ("carbon_cap",),
    "min_stock": ("min_stock",),
    "drop_ship": (),
}


def _rule(string, sentence):
    return fields.Selection(
        RULE_SELECTION,
        string=string,
        required=True,
        default="hard",
        tracking=True,
        help=f"{sentence} Hard: never asked. Soft: asked for what cannot be filled otherwise. "
        "Off: asked like any other.",
    )


class OmsStrategy(models.Model):
    """How hard the reasons are for which sites are not asked, and which limits a plan gave up."""

    _inherit = "oms.strategy"

    network_rule = _rule("Networks", "Sites outside the networks of the channel.")
    service_rule = _rule("Services", "Sites that do not ship parcels.")
    offline_rule = _rule("Offline", "Sites in an offline period.")
    calendar_rule = _rule("Opening Hours", "Sites that do not open in the next weeks.")
    capacity_rule = _rule(
        "Capacity", "Sites that are full, or have as many open orders as they may."
    )
    area_rule = _rule("Delivery Area", "Sites that do not deliver to the address or as far.")
    ability_rule = _rule(
        "Abilities", "Goods at sites that lack an ability they need, e.g. for dangerous goods."
    )
    rejects_rule = _rule("Most Rejections", "Sites that gave the order back too often.")
    cool_down_rule = _rule("Cool-Down", "Sites that gave goods back a short time ago.")

    # === HARD AND SOFT === #

    def _is_limit_set(self, name):
        """Tell whether a limit limits anything."""
        if name == "drop_ship":
            return not self.allow_drop_ship
        return any(self[field] for field in LIMITS[name])

    def _get_hard_limits(self):
        """Return the names of what is kept to in the second pass too."""
        hard = [name for name in LIMITS if self[f"{name}_hard"]]
        hard += [reason for reason in RULES if self._get_rule(reason) == "hard"]
        return frozenset(hard)

    def _get_soft_limits(self):
        """Return the names of what is given up for what cannot be filled otherwise."""
        soft = [name for name in LIMITS if not self[f"{name}_hard"] and self._is_limit_set(name)]
        return [*soft, *(reason for reason in RULES if self._get_rule(reason) == "soft")]

    def _has_soft_limits(self):
        """Tell whether there is a second pass."""
        return bool(self._get_soft_limits())

    def _get_lenient_reasons(self):
        """Return the reasons that keep no site out for sure, of any of the strategies.

        :rtype: frozenset[str]
        """
        return frozenset(
            reason for strategy in self for reason in RULES if strategy._get_rule(reason) != "hard"
        )

    @api.model
    def _holds(self, name, kept):
        """Tell whether a limit counts.

        :param frozenset[str] kept: names of the limits that are kept to; None is all
        """
        return kept is None or name in kept

    def _rules_out(self, barring, kept):
        """Tell whether a strategy does not ask a site for one of the reasons against it.

        :param Barring barring: why the site is not asked
        """
        return any(
            self._get_rule(reason) != "off" and self._holds(reason, kept)
            for reason in barring.reasons
        )

    def _get_rule(self, reason):
        """Return how hard a reason against a site is."""
        if reason == "capacity" and self._ignores_order_limit():
            # Its rules say themselves which of them ask full sites.
            return "off"
        return self[RULES[reason]]

    # === WHAT WAS GIVEN UP === #

    def _find_given_up(self, problem, case, steps):
        """Find the soft limits that a plan does not keep.

        :param SourcingProblem problem: the order, with the room of the sites as its only limit
        :param steps: what each site gives to each line, shape (L, S)
        :return: the names of the sites in question, or none where it is none in particular, by
            the name of the limit
        :rtype: dict[str, list[str]]
        """
        found = {}
        used, units = steps.any(axis=0), steps * problem.rounding[:, None]
        for name in self._get_soft_limits():
            only = frozenset([name])
            wrong = used & ~self._get_allowed(case, only)
            usable = self._get_usable_stock(case, case.stock, only)
            for rows in problem.lines_by_product:
                taken = units[list(rows)].sum(axis=0)
                wrong |= taken > usable[rows[0]] + 1e-6
            room = problem.limits.unit_capacity
            if name == "capacity" and room is not None:
                wrong |= units.sum(axis=0) > np.asarray(room) + 1e-6
            limits = self._prepare_limits(case, only)
            if wrong.any():
                found[name] = [case.sites[place].name for place in np.flatnonzero(wrong).tolist()]
            elif not keeps_limits(dataclasses.replace(problem, limits=limits), steps):
                found[name] = []
        return found

    def _describe_given_up(self, found):
        """Say which soft limits a plan gave up.

        :param dict found: see :meth:`_find_given_up`
        :rtype: str
        """
        if not found:
            return ""
        labels = self._get_limit_labels()
        texts = [
            self.env._("%(limit)s (%(sites)s)", limit=labels[name], sites=", ".join(sites))
            if sites
            else labels[name]
            for name, sites in found.items()
        ]
        return self.env._(
            "Soft limits given up for what could not be filled within them: %s.", "; ".join(texts)
        )

    @api.model
    def _get_limit_labels(self):
        return {
            "network": self.env._("networks of the channel"),
            "service": self.env._("services of the site"),
            "offline": self.env._("offline sites"),
            "closed": self.env._("opening hours"),
            "capacity": self.env._("capacity"),
            "distance": self.env._("delivery area"),
            "ability": self.env._("abilities that the goods need"),
            "rejected": self.env._("most rejections by a site"),
            "cool_down": self.env._("cool-down after a rejection"),
            "max_sites": self.env._("most sites of an order"),
            "max_sites_per_line": self.env._("most sites of a line"),
            "whole_lines": self.env._("whole lines"),
            "whole_order": self.env._("whole order"),
            "together": self.env._("what ships together"),
            "min_shipment_value": self.env._("least value of a shipment"),
            "no_split": self.env._("no split"),
            "max_kilometers": self.env._("greatest distance"),
            "max_priority": self.env._("last priority"),
            "carbon_cap": self.env._("carbon cap"),
            "min_stock": self.env._("stock kept back"),
            "drop_ship": self.env._("no drop-shipping"),
        }
