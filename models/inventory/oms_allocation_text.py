from odoo import api, models

from ...engine.allocation import PERCENT

#: Names that a sentence lists before it only counts.
MOST_NAMES = 5


class OmsAllocation(models.Model):
    """What shares come to, in words."""

    _inherit = "oms.allocation"

    def _get_place(self):
        """Say of which sites the share speaks."""
        self.ensure_one()
        if self.site_id:
            return self.env._("at %s", self.site_id.name)
        if self.network_id:
            return self.env._("in the network %s", self.network_id.name)
        return self.env._("at all sites")

    def _get_given_text(self, standing):
        """Say what the holder of the share was given and what it sold of it."""
        self.ensure_one()
        values = {
            "holder": self._get_holder().display_name,
            "place": self._get_place(),
            "given": f"{standing.entitlement:g}",
            "sold": f"{standing.sold:g}",
        }
        if self.kind == PERCENT:
            values |= {"percent": f"{self.amount:g}", "base": f"{standing.base:g}"}
            return self.env._(
                "%(holder)s %(place)s: %(given)s (%(percent)s %% of %(base)s), %(sold)s sold",
                **values,
            )
        return self.env._("%(holder)s %(place)s: %(given)s, %(sold)s sold", **values)

    def _get_keepers_text(self, standings):
        """Say for whom how much is set aside.

        :param standings: ``Standing`` of shares, each with something set aside
        """
        texts = [
            self.env._(
                "%(held)s for %(holder)s",
                held=f"{standing.held:g}",
                holder=self.browse(standing.share.key)._get_holder().display_name,
            )
            for standing in standings
        ]
        if len(texts) > MOST_NAMES:
            texts[MOST_NAMES:] = [self.env._("and more")]
        return ", ".join(texts)

    def _get_refusal_sentence(self, product, channel, refusal):
        """Say why a channel may not take what it asked for.

        :param Refusal refusal: what the engine said
        """
        # sudo: who sells on a channel may know what keeps it from selling
        self, product, channel = self.sudo(), product.sudo(), channel.sudo()
        values = {
            "product": product.display_name,
            "channel": channel.display_name or self.env._("who has no channel"),
            "left": f"{refusal.left:g}",
            "asked": f"{refusal.asked:g}",
            "others": self._get_keepers_text(refusal.others),
        }
        if refusal.limit:
            share = self.browse(refusal.limit.share.key)
            values |= {"limit": share._get_given_text(refusal.limit)}
            if refusal.others:
                return self.env._(
                    "Of %(product)s %(channel)s may sell %(left)s more, not %(asked)s. Its limit "
                    "is that of %(limit)s. Of that is set aside: %(others)s.",
                    **values,
                )
            return self.env._(
                "Of %(product)s %(channel)s may sell %(left)s more, not %(asked)s. Its limit is "
                "that of %(limit)s.",
                **values,
            )
        names = sorted(self.env["oms.site"].browse(refusal.sites).mapped("name"))
        if len(names) > MOST_NAMES:
            names[MOST_NAMES:] = [self.env._("and more")]
        return self.env._(
            "Of %(product)s %(left)s are left for %(channel)s at %(sites)s, not %(asked)s. Set "
            "aside there: %(others)s.",
            sites=", ".join(names),
            **values,
        )

    @api.model
    def _get_left_sentence(self, product, refusal):
        """Say why a channel may not take what it asked for, and nothing of other channels."""
        return self.env._(
            "Of %(product)s %(left)s are left for this channel, not %(asked)s.",
            product=product.sudo().display_name,
            left=f"{max(refusal.left, 0.0):g}",
            asked=f"{refusal.asked:g}",
        )

    def _get_too_much_sentence(self, standing):
        """Say how much can be set aside by the share as it is being saved."""
        self.ensure_one()
        return self.env._(
            "%(asked)s of %(product)s cannot be set aside for %(holder)s %(place)s: after what is "
            "promised and set aside already, %(there)s are there now.",
            asked=f"{standing.left:g}",
            product=self.product_id.display_name,
            holder=self._get_holder().display_name,
            place=self._get_place(),
            there=f"{standing.held:g}",
        )
