from datetime import timedelta

from odoo import models

from ..network.oms_site_barred import Barring
from ..words import by_count
from .oms_sourcing_outside import Outside


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _oms_find_given_back(self, moment):
        """Return the sites that gave the order back and are not asked again by themselves yet.

        :param datetime.datetime moment: UTC, naive
        :return: :class:`Barring` by site
        :rtype: dict
        """
        self.ensure_one()
        # sudo: how a channel is set up matters to all its orders
        channel = self.oms_channel_id.sudo()
        found = {}
        for site, moments in self._oms_get_rejections().items():
            count, last = len(moments), max(moments)
            cool = last + timedelta(hours=channel.cool_down_hours)
            if channel.max_rejects and count >= channel.max_rejects:
                sentence = by_count(
                    count,
                    self.env._("gave the order back"),
                    self.env._("gave the order back %s times", count),
                )
                found[site] = Barring("rejected", sentence)
            elif not channel.cool_down_hours:
                found[site] = Barring("rejected", self.env._("gave the order back"))
            elif cool > moment:
                sentence = by_count(
                    channel.cool_down_hours,
                    self.env._("gave the order back less than an hour ago"),
                    self.env._(
                        "gave the order back less than %s hours ago",
                        f"{channel.cool_down_hours:g}",
                    ),
                )
                found[site] = Barring("cool_down", sentence)
        return found

    def _oms_get_rejections(self):
        """Return when sites gave the order back.

        :return: moments, one for each fulfillment that was given back in part or whole, by site
        :rtype: dict
        """
        self.ensure_one()
        # sudo: a plan is made with all fulfillments in sight, whoever asks for it
        found = {}
        for line in self.sudo().oms_fulfillment_ids.line_ids:
            if line._is_given_back():
                moment = max(line.move_ids.mapped("write_date"))
                moments = found.setdefault(line.site_id, {})
                fulfillment = line.fulfillment_id
                moments[fulfillment] = max(moments.get(fulfillment, moment), moment)
        return {site: list(moments.values()) for site, moments in found.items()}

    def _oms_get_waiting_reasons(self):
        if not self:
            return {}
        reasons = super()._oms_get_waiting_reasons()
        # sudo: the reason is for everybody who sees the order
        sourcing = self.env["oms.sourcing"].sudo()
        candidates = sourcing._get_candidates(self.sudo(), "manual")
        for order in self:
            barred = candidates.barred[order]
            reasons[order] += sourcing._describe_barred(barred)
            if candidates[order]:
                continue
            # What only says that a site is not for the channel will not be over tomorrow.
            if any(not isinstance(barring, Outside) for barring in barred.values()):
                reasons[order].append(self.env._("No site of the channel can be asked at present."))
            else:
                reasons[order].append(
                    self.env._(
                        "No site may serve the channel %s: give it a network whose sites ship.",
                        order.sudo().oms_channel_id.name,
                    )
                )
        return reasons
