from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class OmsProposal(models.Model):
    """Accepted, what is to be prepared now becomes waves."""

    _inherit = "oms.proposal"

    batch_ids = fields.One2many(
        "stock.picking.batch",
        "oms_proposal_id",
        string="Waves",
        readonly=True,
        groups="stock.group_stock_user",
    )
    batch_count = fields.Integer(
        string="Wave Count", compute="_compute_batch_count", groups="stock.group_stock_user"
    )

    def _compute_batch_count(self):
        for proposal in self:
            # sudo: how many there are; to open them takes rights of one's own
            proposal.batch_count = len(proposal.sudo().batch_ids)

    def action_view_batches(self):
        """Open the waves that were made.

        :return: a window action
        :rtype: dict
        """
        return self.batch_ids._oms_open()

    # === CARRYING OUT === #

    def _carry_out_preparation(self):
        """Make the waves of what is to be prepared now.

        :return: why each of those for which nothing can be done cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = {}
        for proposal in self:
            left = proposal._make_waves()
            if not proposal.batch_ids:
                refused[proposal] = self.env._(
                    "%(name)s: nothing of it can be prepared any more. %(reasons)s",
                    name=proposal.display_name,
                    reasons=" ".join(dict.fromkeys(each.detail for each in left)),
                ).strip()
        return refused

    def _make_waves(self):
        """Make the waves of a proposal, and say in it what was made and what was left.

        :return: ``Left`` of what is in no wave
        :rtype: list
        """
        self.ensure_one()
        service, site = self.env["oms.preparation"], self.site_id
        now = self.line_ids.filtered(lambda line: line.verb == "now").picking_id
        made, left = self.env["stock.picking.batch"], []
        # What goes elsewhere by now is not for this site to pick.
        here = now.filtered(lambda picking: picking.oms_fulfillment_id.site_id == site)
        for option, own in self.env["oms.flow.run"]._split_by_option(site, here):
            waves, rest = service._plan(own, option)
            left += rest
            if waves:
                run = self.env["oms.preparation.run"]._record(
                    waves, rest, company_id=self.company_id.id
                )
                pickers = option.user_ids if option.id else self.env["res.users"]
                made |= service._make(waves, run, pickers)
        made.oms_proposal_id = self
        if made:
            lines = [self.env._("Waves made: %s.", ", ".join(made.mapped("name")))]
            lines += [f"{each.picking.name}: {each.detail}" for each in left]
            self.message_post(body=Markup("<br/>").join(lines))
        return left

    def _undo_preparation(self):
        """Take the work out of its waves again.

        :raises UserError: all of it is picked, or somebody is at it
        """
        for proposal in self:
            free = proposal.batch_ids.filtered(
                lambda batch: (
                    batch.state in ("draft", "in_progress")
                    and not batch.oms_started_at
                    and not any(move.picked for move in batch.picking_ids.move_ids)
                )
            )
            kept = proposal.batch_ids.filtered(lambda batch: batch.state != "cancel") - free
            if kept and not free:
                raise UserError(
                    self.env._(
                        "%(waves)s: somebody has begun, so it cannot be undone. Take single orders "
                        "out of the wave instead.",
                        waves=", ".join(kept.mapped("name")),
                    )
                )
            # What was put into a wave by hand is not of this proposal.
            own = free.picking_ids & proposal.line_ids.picking_id
            own._oms_leave_wave(self.env._("The proposal that made the wave was undone."))
            if kept:
                proposal.message_post(
                    body=self.env._(
                        "Somebody has begun %s: it stays.", ", ".join(kept.mapped("name"))
                    )
                )

    # === REJECTING === #

    def _prepare_constraint(self, scope):
        vals = super()._prepare_constraint(scope)
        if self.kind == "preparation" and scope == "same":
            # The same is the work of that day; tomorrow's is another one.
            vals["until"] = fields.Date.to_date(self.subject)
        return vals

    # === WHY === #

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        day = facts.get("day")
        if not day:
            return sentences
        sentences.append(
            self.env._(
                "On %(date)s the last of %(site)s leaves at %(time)s (%(zone)s): %(orders)s orders "
                "with %(units)s units are prepared.",
                date=format_date(self.env, day["date"]),
                site=self.site_id.name,
                time=day["closes"],
                zone=day.get("zone") or self.site_id.tz,
                orders=day["orders"],
                units=f"{day['units']:g}",
            )
        )
        return sentences + self._get_room_sentences(day) + self._get_held_sentences(day)

    def _get_room_sentences(self, day):
        """Say what the day can, and how far above it the work is."""
        sentences = []
        if day["room"] is not None:
            sentences.append(
                self.env._("There is room for %s units on that day.", f"{day['room']:g}")
            )
        if day.get("room_orders") is not None:
            sentences.append(
                self.env._("There is room for %s orders on that day.", f"{day['room_orders']:g}")
            )
        if day["over"]:
            sentences.append(
                self.env._(
                    "That is %s units more than the day can: all of them are due.",
                    f"{day['over']:g}",
                )
            )
        if day.get("over_orders"):
            sentences.append(
                self.env._(
                    "That is %s orders more than the day can: all of them are due.",
                    f"{day['over_orders']:g}",
                )
            )
        return sentences

    def _get_held_sentences(self, day):
        """Say how much is held, and why."""
        sentences = {
            "consolidate": self.env._(
                "%s are held because more for the same customer comes in time.",
                day["consolidate"],
            ),
            "full": self.env._("%s are held for a later cut-off.", day["full"]),
            "wanted": self.env._(
                "%s are held because their customers want them later.", day.get("wanted")
            ),
        }
        return [sentence for reason, sentence in sentences.items() if day.get(reason)]
