import math
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.tools import format_date

from ...engine.release import Day, Task, release


class OmsFlowRun(models.Model):
    """What each site had better prepare today, and what it had better hold."""

    _inherit = "oms.flow.run"

    def _stage_preparation(self):
        """Propose the work of today, one proposal for each site that has some."""
        plan = self.plan_id
        if "preparation" not in plan._get_kinds():
            return
        rows, lines, closed = [], {}, []
        for site in plan._get_sites():
            pickings = self._find_work(site)
            if not pickings:
                continue
            day = self._get_day(site)
            if day is None:
                closed.append(
                    (
                        "closed",
                        self.env._(
                            "%s has work to prepare and no working hours in the coming days.",
                            site.name,
                        ),
                        None,
                        site.id,
                    )
                )
                continue
            found = release(self._prepare_tasks(pickings), day)
            row = self._prepare_day(site, day, found)
            rows.append(row)
            lines[row["site_id"]] = self._prepare_day_lines(pickings, found)
        self._note_all("preparation", closed)
        new = self._propose(rows)
        self.env["oms.proposal.line"].create(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.site_id.id]
            ]
        )

    # === WHAT THERE IS === #

    def _find_work(self, site):
        """Return what a site can put into waves now.

        :rtype: stock.picking
        """
        rule = self._get_preparation_option(site)
        ready, _left = self.env["oms.preparation"]._sift(rule._find_pickings(), rule)
        return ready

    def _get_preparation_option(self, site):
        """Return how waves are made at a site: its first rule, or the defaults of one."""
        Rule = self.env["oms.preparation.rule"]
        return Rule.search([("site_id", "=", site.id)], limit=1) or Rule.new({"site_id": site.id})

    def _get_day(self, site):
        """Return what a site can still do until it closes, today or on its next open day.

        :rtype: Day | None
        """
        now = fields.Datetime.now()
        stamp = now.replace(tzinfo=UTC).timestamp()
        hours, zone = site._get_working_times(now)[site], ZoneInfo(site.tz)
        ends = list(site.pickup_ids._get_moments(hours, zone)) or list(hours.cutoffs)
        coming = sorted(float(each) for each in ends if math.isfinite(each) and each > stamp)
        if not coming:
            return None
        first = datetime.fromtimestamp(coming[0], zone).date()
        closes = max(each for each in coming if datetime.fromtimestamp(each, zone).date() == first)
        # What left before that day took no room of it; the day begins when it does at the site.
        begins = datetime.combine(first, time.min, zone).astimezone(UTC).replace(tzinfo=None)
        units, orders = self._read_begun(site, begins)
        return Day(
            now=stamp,
            closes=closes,
            units=max(site.capacity_units - units, 0.0) if site.capacity_units else math.inf,
            orders=max(site.capacity_orders - orders, 0) if site.capacity_orders else math.inf,
        )

    def _read_begun(self, site, since):
        """Return the units and orders that are in waves, or left since a moment."""
        [(units, orders)] = self.env["stock.move"]._read_group(
            [
                ("oms_fulfillment_line_id.site_id", "=", site.id),
                ("location_id", "child_of", site.warehouse_id.lot_stock_id.id),
                "|",
                "&",
                ("state", "=", "done"),
                ("date", ">=", since),
                "&",
                ("state", "not in", ("draft", "done", "cancel")),
                ("picking_id.batch_id", "!=", False),
            ],
            aggregates=["product_qty:sum", "picking_id:count_distinct"],
        )
        return units, orders

    def _prepare_tasks(self, pickings):
        """Describe work to the engine."""
        get_due = self.env["oms.preparation"]._get_due
        complete = self._find_complete(pickings)
        tasks = []
        for picking in pickings:
            due = get_due(picking)
            moment = complete.get(picking)
            tasks.append(
                Task(
                    picking.id,
                    due.replace(tzinfo=UTC).timestamp() if due else math.inf,
                    sum(picking.move_ids.mapped("product_qty")),
                    moment and moment.replace(tzinfo=UTC).timestamp(),
                )
            )
        return tasks

    def _find_complete(self, pickings):
        """Return when the rest for the same customer will be at the site, for what has a rest.

        :return: moment in UTC by picking
        :rtype: dict
        """
        partners, sites = pickings.partner_id, pickings.oms_fulfillment_id.site_id
        waiting = self.env["stock.move"].search(
            [
                ("picking_id.partner_id", "in", partners.ids),
                ("oms_fulfillment_line_id.site_id", "in", sites.ids),
                ("state", "in", ("waiting", "confirmed", "partially_available")),
                ("picking_id", "not in", pickings.ids),
                ("picking_id.picking_type_code", "=", "outgoing"),
            ]
        )
        arriving = self.env["oms.supply"].search(
            [
                ("product_id", "in", waiting.product_id.ids),
                ("site_id", "in", sites.ids),
                ("kind", "!=", "external"),
            ]
        )
        first = {}
        for supply in arriving.sorted("expected_at"):
            first.setdefault((supply.site_id, supply.product_id), supply.expected_at)
        found = {}
        for picking in pickings:
            site = picking.oms_fulfillment_id.site_id
            rest = waiting.filtered(
                lambda move, picking=picking, site=site: (
                    move.picking_id.partner_id == picking.partner_id
                    and move.oms_fulfillment_line_id.site_id == site
                )
            )
            moments = [first.get((site, move.product_id)) for move in rest]
            if moments and all(moments):
                found[picking] = max(moments)
        return found

    # === WHAT IS PROPOSED === #

    def _prepare_day(self, site, day, found):
        """Return the values of the proposal for a site."""
        closes = datetime.fromtimestamp(day.closes, ZoneInfo(site.tz))
        held = [verdict for verdict in found.verdicts if not verdict.now]
        most = found.units - found.over if found.over else day.units
        return {
            "kind": "preparation",
            "site_id": site.id,
            "subject": str(closes.date()),
            "quantity_proposed": found.units,
            "gain": 0.0,
            "leaves_at": datetime.fromtimestamp(day.closes, UTC).replace(tzinfo=None),
            "explanation": {
                "facts": {
                    "day": {
                        "date": str(closes.date()),
                        "closes": closes.strftime("%H:%M"),
                        "orders": found.orders,
                        "units": found.units,
                        "room": most if math.isfinite(most) else None,
                        "over": found.over,
                        "consolidate": sum(each.reason == "consolidate" for each in held),
                        "full": sum(each.reason == "full" for each in held),
                    }
                }
            },
        }

    def _prepare_day_lines(self, pickings, found):
        """Return the values of the lines, one for each transfer."""
        get_due = self.env["oms.preparation"]._get_due
        words = {
            "urgent": self.env._("It is due before the site closes."),
            "room": self.env._("There is room for it today."),
            "consolidate": self.env._("More for the same customer comes in time: one parcel."),
            "full": self.env._("The day is full, and it is not due yet."),
        }
        return [
            {
                "sequence": place,
                "name": picking.name,
                "picking_id": picking.id,
                "verb": "now" if verdict.now else "hold",
                "due_at": get_due(picking),
                "after": sum(picking.move_ids.mapped("product_qty")),
                "why": words[verdict.reason],
            }
            for place, verdict in enumerate(found.verdicts)
            for picking in [pickings.browse(verdict.key)]
        ]


class OmsProposal(models.Model):
    """Accepted, what is to be prepared now becomes waves."""

    _inherit = "oms.proposal"

    def _carry_out_preparation(self):
        """Make the waves of what is to be prepared now.

        :return: why each of those for which nothing can be done cannot
        :rtype: dict[OmsProposal, str]
        """
        service, refused = self.env["oms.preparation"], {}
        for proposal in self:
            option = self.env["oms.flow.run"]._get_preparation_option(proposal.site_id)
            now = proposal.line_ids.filtered(lambda line: line.verb == "now").picking_id
            waves, left = service._plan(now, option)
            if not waves:
                refused[proposal] = self.env._(
                    "%s: nothing of it can be prepared any more.", proposal.display_name
                )
                continue
            run = self.env["oms.preparation.run"]._record(
                waves, left, company_id=proposal.company_id.id
            )
            pickers = option.user_ids if option.id else self.env["res.users"]
            batches = service._make(waves, run, pickers)
            proposal.before = {"batches": batches.ids}
            proposal.message_post(
                body=self.env._("Waves made: %s.", ", ".join(batches.mapped("name")))
            )
        return refused

    def _undo_preparation(self):
        for proposal in self:
            batches = self.env["stock.picking.batch"].browse(
                (proposal.before or {}).get("batches") or ()
            )
            # What somebody has begun to pick stays a wave.
            batches.exists().filtered(
                lambda batch: (
                    batch.state in ("draft", "in_progress")
                    and not any(move.picked for move in batch.picking_ids.move_ids)
                )
            ).picking_ids.batch_id = False

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        day = facts.get("day")
        if not day:
            return sentences
        sentences.append(
            self.env._(
                "On %(date)s the last of %(site)s leaves at %(time)s: %(orders)s orders with "
                "%(units)s units are prepared.",
                date=format_date(self.env, day["date"]),
                site=self.site_id.name,
                time=day["closes"],
                orders=day["orders"],
                units=f"{day['units']:g}",
            )
        )
        if day["room"] is not None:
            sentences.append(
                self.env._("There is room for %s units on that day.", f"{day['room']:g}")
            )
        if day["over"]:
            sentences.append(
                self.env._(
                    "That is %s more than the day can: all of them are due.", f"{day['over']:g}"
                )
            )
        if day["consolidate"]:
            sentences.append(
                self.env._(
                    "%s are held because more for the same customer comes in time.",
                    day["consolidate"],
                )
            )
        if day["full"]:
            sentences.append(self.env._("%s are held for a later cut-off.", day["full"]))
        return sentences
