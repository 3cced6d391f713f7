import math
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime

from ...engine import preparation


class PlannedWave(NamedTuple):
    """What one person is to pick.

    :param site: ``oms.site``
    :param picking_type: ``stock.picking.type``
    :param pickings: ``stock.picking`` recordset, what is due first first
    :param description: what its work has in common, for people
    """

    site: models.BaseModel
    picking_type: models.BaseModel
    pickings: models.BaseModel
    description: str


class Left(NamedTuple):
    """What is in no wave.

    :param picking: ``stock.picking``
    :param reason: a key of :data:`~.oms_preparation_run.REASON_SELECTION`
    :param detail: a sentence
    """

    picking: models.BaseModel
    reason: str
    detail: str


class OmsPreparation(models.AbstractModel):
    """Puts released work of sites into waves, native ``stock.picking.batch`` records."""

    _name = "oms.preparation"
    _description = "Preparation Service"

    # === PLANNING === #

    @api.model
    def _plan(self, pickings, option):
        """Say which waves some work would make.

        :param pickings: ``stock.picking`` recordset of any sites
        :param option: record of a model with the options of ``oms.preparation.option``
        :return: (list[PlannedWave], list[Left]), the wave with the first due work first
        :rtype: tuple
        """
        ready, left = self._sift(pickings, option)
        works, labels = self._prepare_works(ready, option)
        waves = []
        for site, group in ready.grouped(
            lambda picking: picking.oms_fulfillment_id.site_id
        ).items():
            limits = option._get_limits(site._count_open_waves() if option.most_waves else 0)
            plan = preparation.plan([works[picking] for picking in group], limits)
            waves += [
                PlannedWave(site, chosen[:1].picking_type_id, chosen, labels[wave.group])
                for wave in plan.waves
                for chosen in [group.browse(wave.keys)]
            ]
            left += [
                Left(group.browse(key), reason, self._get_sentence(reason, site))
                for key, reason in plan.left
            ]
        return sorted(waves, key=lambda wave: works[wave.pickings[0]].due), left

    @api.model
    def _sift(self, pickings, option):
        """Keep what can be picked now.

        :return: (``stock.picking`` recordset, list[Left])
        :rtype: tuple
        """
        ready, left = self.env["stock.picking"], []
        for picking in pickings:
            reason = self._find_obstacle(picking, option)
            if reason:
                left.append(Left(picking, reason, self._get_sentence(reason, picking)))
            else:
                ready += picking
        return ready, left

    @api.model
    def _find_obstacle(self, picking, option):
        """Return why a transfer cannot be picked in a wave now.

        :return: key of a reason; None if it can
        :rtype: str | None
        """
        fulfillment = picking.oms_fulfillment_id
        moves = picking.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if fulfillment.state != "released" or not moves:
            return "not_open"
        if picking.batch_id:
            return "in_wave"
        if not moves & fulfillment._get_work().first:
            return "later_step"
        if fulfillment.work_state == "todo":
            return "not_accepted"
        if fulfillment.worker_id or any(move.picked for move in moves):
            return "begun"
        if not any(move.quantity for move in moves):
            return "unreserved"
        # Odoo calls a transfer ready as soon as a part of it is, unless all is to go at once.
        if option.only_reserved and any(move.state != "assigned" for move in moves):
            return "partly_reserved"
        return None

    @api.model
    def _get_sentence(self, reason, record):
        """Say why something is left out.

        :param record: ``stock.picking``, or ``oms.site`` for want of pickers
        :rtype: str
        """
        if reason == preparation.PICKERS:
            return self.env._(
                "At %s as many waves are open as there may be: finish one, or allow more.",
                record.name,
            )
        fulfillment = record.oms_fulfillment_id
        sentences = {
            "not_open": self.env._("Nothing of it is to be prepared: it is not released."),
            "in_wave": self.env._("It is in the wave %s.", record.batch_id.name),
            "later_step": self.env._("It is picked by another transfer: this one only goes on."),
            "begun": self.env._("Somebody works on it already."),
            "unreserved": self.env._("Its goods are not reserved: they are not on the shelf."),
            "partly_reserved": self.env._("Only a part of its goods is reserved."),
            "not_accepted": self.env._("%s has not accepted it yet.", fulfillment.site_id.name),
        }
        return sentences[reason]

    # === INTO THE ENGINE'S WORDS === #

    @api.model
    def _prepare_works(self, pickings, option):
        """Describe transfers to the engine.

        :return: (``Work`` by picking, description of each group)
        :rtype: tuple[dict, dict]
        """
        works, labels = {}, {}
        moments = {}
        for site, own in pickings.grouped(lambda each: each.oms_fulfillment_id.site_id).items():
            moments.update(self._find_cutoffs(site, own))
        for picking in pickings:
            group, words = self._get_group(picking, option, moments[picking])
            labels[group] = " · ".join(words)
            lines = picking.move_line_ids.filtered("quantity")
            due = self._get_due(picking)
            works[picking] = preparation.Work(
                key=picking.id,
                group=group,
                due=due.replace(tzinfo=UTC).timestamp() if due else math.inf,
                lines=len(lines) or 1,
                units=sum(lines.mapped("quantity_product_uom")),
                weight=sum(line.quantity_product_uom * line.product_id.weight for line in lines),
            )
        return works, labels

    @api.model
    def _get_due(self, picking):
        """Return when a transfer has to leave the site.

        :return: UTC, naive; False where nothing says so
        """
        due = picking.oms_fulfillment_id.due_at
        return due or picking.date_deadline or picking.scheduled_date

    @api.model
    def _get_group(self, picking, option, cutoff):
        """Return what a transfer must have in common with others of its wave.

        :param tuple cutoff: (key, words) of when it has to leave
        :return: (key, list of words)
        :rtype: tuple[tuple, list]
        """
        site = picking.oms_fulfillment_id.site_id
        key, words = [site.id, picking.picking_type_id.id], [site.name]
        if option.group_cutoff:
            key.append(cutoff[0])
            words.append(cutoff[1])
        if option.group_carrier:
            key.append(picking.carrier_id.id)
            words.append(picking.carrier_id.name or self.env._("No Carrier"))
        if option.group_zone:
            zones = self._get_zones(picking)
            # Orders over several zones are walked through together, whichever these are.
            key.append(zones.id if len(zones) == 1 else -len(zones[:2]))
            words.append(zones.name if len(zones) == 1 else self.env._("Several Zones"))
        if option.group_size:
            size, word = self._get_size(picking)
            key.append(size)
            words.append(word)
        return tuple(key), words

    @api.model
    def _get_zones(self, picking):
        """Return the zones of the warehouse from which a transfer takes goods.

        A zone is a place right below the stock of the warehouse; what lies in the stock itself
        has that as its zone.

        :rtype: ``stock.location``
        """
        stock = picking.picking_type_id.warehouse_id.lot_stock_id
        zone_ids = set()
        for place in picking.move_line_ids.filtered("quantity").location_id:
            path = [int(each) for each in (place.parent_path or "").split("/") if each]
            below = path[path.index(stock.id) + 1 :] if stock.id in path else [place.id]
            zone_ids.add(below[0] if below else stock.id)
        return self.env["stock.location"].browse(sorted(zone_ids))

    @api.model
    def _get_size(self, picking):
        """Tell of which size an order is.

        :return: (key, word)
        :rtype: tuple[str, str]
        """
        moves = picking.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if len(moves.product_id) > 1:
            return "multi", self.env._("Several Lines")
        if sum(moves.mapped("product_qty")) > 1.0 + 1e-9:
            return "line", self.env._("One Line")
        return "unit", self.env._("One Unit")

    # === CUT-OFFS === #

    @api.model
    def _find_cutoffs(self, site, pickings):
        """Tell with which cut-off of a site each transfer has to leave.

        That is the carrier's last pickup by which it is in time, or the next one if it is late;
        where no pickups are known, the day of the site.

        :return: (key, words) by picking
        :rtype: dict
        """
        now, zone = fields.Datetime.now(), ZoneInfo(site.tz)
        hours = site._get_working_times(now)[site] if site.pickup_ids else None
        nobody = self.env["delivery.carrier"]
        moments = {
            carrier: site._get_pickups(carrier)._get_moments(hours, zone) if hours else []
            for carrier in [nobody, *pickings.carrier_id]
        }
        found = {}
        for picking in pickings:
            due = self._get_due(picking) or now
            coming = [each for each in moments[picking.carrier_id] if each >= _stamp(now)]
            in_time = [each for each in coming if each <= _stamp(due)]
            if coming:
                chosen = in_time[-1] if in_time else coming[0]
                moment = datetime.fromtimestamp(chosen, UTC).replace(tzinfo=None)
                text = format_datetime(self.env, moment, tz=site.tz, dt_format="EEE d MMM, HH:mm")
                found[picking] = (chosen, text)
            elif due < now:
                found[picking] = ("late", self.env._("Late"))
            else:
                day = due.replace(tzinfo=UTC).astimezone(zone).date()
                found[picking] = (str(day), format_date(self.env, day))
        return found

    # === MAKING === #

    @api.model
    def _make(self, waves, run, pickers=None):
        """Make planned waves, ready to be picked.

        :param list[PlannedWave] waves: see :meth:`_plan`
        :param run: ``oms.preparation.run`` that tells of them
        :param pickers: ``res.users`` who get them in turn, who has the fewest first; none for
            waves that anybody may take
        :rtype: ``stock.picking.batch``
        """
        pickers = pickers or self.env["res.users"]
        loads = pickers._oms_count_waves()
        batches = self.env["stock.picking.batch"].create(
            [self._prepare_wave(wave, run) for wave in waves]
        )
        for batch in batches:
            batch.action_confirm()
            if loads:
                picker = min(loads, key=lambda user: (loads[user], user.id))
                loads[picker] += 1
                batch.user_id = picker
        return batches

    @api.model
    def _prepare_wave(self, wave, run):
        return {
            "picking_type_id": wave.picking_type.id,
            "company_id": wave.site.company_id.id,
            "description": wave.description,
            "oms_run_id": run.id,
            "picking_ids": [fields.Command.link(picking.id) for picking in wave.pickings],
        }


def _stamp(moment):
    return moment.replace(tzinfo=UTC).timestamp()
