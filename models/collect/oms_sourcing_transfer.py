import numpy as np

from odoo import api, fields, models

from ..promise.lead_dates import LeadAsk
from ..promise.outcome import to_moment


class OmsSite(models.Model):
    _inherit = "oms.site"

    ship_to_store = fields.Boolean(
        string="Gets Goods From Other Sites",
        tracking=True,
        help="What the store lacks of an order to be collected here is sent to it by other sites "
        "of the channel. Its own stock comes first.",
    )

    def _prepare_way_here(self, sender, kilometers, units, ready):
        """Return what is asked about the way of goods to the store.

        :param sender: ``oms.site`` that sends them
        :param ready: when it begins, UTC without time zone
        :rtype: LeadAsk
        """
        self.ensure_one()
        partner = self.partner_id
        return LeadAsk(
            site=sender,
            carrier=self.env["delivery.carrier"],
            kilometers=kilometers,
            country=partner.country_id,
            zip=partner.zip or "",
            latitude=self.latitude or None,
            longitude=self.longitude or None,
            ready=ready,
            units=units,
            handed_over=False,
            state=partner.state_id,
        )

    def _get_arrival(self, dates):
        """Return when all that is sent to the store should be there.

        :param list dates: ``LeadDates`` of each way, None where nobody knows
        :return: UTC without time zone, or None
        """
        days = [each.promised for each in dates if each]
        return max((to_moment(day, self.tz) for day in days), default=None)


class OmsSourcing(models.AbstractModel):
    """What a store lacks that customers collect there is sourced from sites that send it there."""

    _inherit = "oms.sourcing"

    def _source_lines(self, lines, trigger, strategy=None):
        decisions = super()._source_lines(lines, trigger, strategy)
        lacking = lines.filtered(lambda line: line.order_id._oms_gets_goods_sent())
        if lacking and not self.env.context.get("oms_to_store"):
            sending = self.with_context(oms_to_store=True)
            decisions |= super(OmsSourcing, sending)._source_lines(lacking, trigger, strategy)
        return decisions

    def _get_service_sites(self, order, sites):
        if self.env.context.get("oms_to_store") and order._oms_gets_goods_sent():
            store = order.oms_collect_site_id
            return sites.filtered(lambda site: site.warehouse_id and site != store)
        return super()._get_service_sites(order, sites)

    def _get_kilometers(self, order, sites, places=None):
        store = order.oms_collect_site_id
        if not self.env.context.get("oms_to_store") or not store:
            return super()._get_kilometers(order, sites, places)
        if not (store.latitude or store.longitude):
            return np.zeros(len(sites)), ""
        return self._measure(sites, store)

    def _get_promised_rows(self, order):
        store = order.oms_collect_site_id
        if not order._oms_gets_goods_sent():
            return super()._get_promised_rows(order)
        # What the store has itself is sourced before what is sent to it.
        begun = order.sudo().oms_fulfillment_ids
        if self.env.context.get("oms_to_store"):
            begun = begun.filtered("transfer_for_id")
            return not begun and [r for r in order.oms_promised_plan or () if r[1] != store.id]
        return not begun and [row for row in order.oms_promised_plan or () if row[1] == store.id]

    def _plan_parts(self, parts):
        parts = [self._place_sent(part) for part in parts]
        found = super()._plan_parts(parts)
        sent = [part for part in parts if part.line.order_id._oms_is_sent_to_store(part.site)]
        if not sent:
            return found
        at_store = super()._plan_parts(
            [
                part._replace(site=part.line.order_id.oms_collect_site_id, kilometers=0.0)
                for part in self._sum(sent)
            ]
        )
        for part in sent:
            line = found[part.line, part.site]
            there = at_store[part.line, part.line.order_id.oms_collect_site_id]
            line.transfer_line_id = there
            line.fulfillment_id.transfer_for_id = there.fulfillment_id
            # Its transfers are between two sites, and none of them a delivery of the order.
            line.fulfillment_id.reference_id.sale_ids = False
        return found

    @api.model
    def _place_sent(self, part):
        """Return a part with how far it goes: what was held at other sites goes to the store."""
        order = part.line.order_id
        if part.kilometers or not order._oms_is_sent_to_store(part.site):
            return part
        sending = self.with_context(oms_to_store=True)
        [kilometers], _note = sending._get_kilometers(order, part.site)
        return part._replace(kilometers=kilometers)

    @api.model
    def _sum(self, parts):
        """Return the parts with those of one order line put together: one store gets them all."""
        together = {}
        for part in parts:
            before = together.get(part.line)
            quantity = part.quantity + (before.quantity if before else 0.0)
            together[part.line] = part._replace(quantity=quantity)
        return list(together.values())


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _oms_gets_goods_sent(self):
        """Tell whether other sites send to the store what it lacks of the order.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: how a site is set up matters to all its orders
        store = self.oms_collect_site_id.sudo()
        return self.oms_service == "collect" and bool(store.ship_to_store and store.warehouse_id)

    def _oms_is_sent_to_store(self, site):
        """Tell whether what a site gives to the order goes to the store first."""
        self.ensure_one()
        return self._oms_gets_goods_sent() and site != self.oms_collect_site_id

    def _oms_get_carrying(self):
        # Customers are promised what they collect, not what is sent to the store for them.
        return super()._oms_get_carrying().filtered(lambda each: not each.transfer_for_id)

    def _oms_filter_sourceable(self):
        found = super()._oms_filter_sourceable()
        rest = (self - found).filtered(lambda order: order._oms_gets_goods_sent())
        if not rest:
            return found
        sending = rest.with_context(oms_to_store=True)
        return found | super(SaleOrder, sending)._oms_filter_sourceable().with_env(self.env)

    def _action_cancel(self):
        # sudo: who cancels an order need not have rights on transfers
        sent = self.sudo().oms_fulfillment_ids.filtered("transfer_for_id").line_ids
        res = super()._action_cancel()
        # What is on its way arrives, and stays with the store.
        sent.move_ids.filtered(
            lambda move: move.location_id.usage != "transit"
        )._oms_filter_open().with_context(oms_launch="cancel")._action_cancel()
        sent._carry_back()
        return res


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("oms_fulfillment_line_ids.quantity_on_way")
    def _compute_oms_qty_open(self):
        return super()._compute_oms_qty_open()

    def _oms_get_qty_open(self):
        """Ask for nothing that is on its way to the store where it is collected."""
        open_quantity = super()._oms_get_qty_open()
        # sudo: a salesperson need not have rights on fulfillments
        on_way = sum(self.sudo().oms_fulfillment_line_ids.mapped("quantity_on_way"))
        return self.product_id.uom_id.round(open_quantity - on_way) if on_way else open_quantity

    def _create_procurements(self, product_qty, procurement_uom, values):
        procurements = super()._create_procurements(product_qty, procurement_uom, values)
        lines = self.env["oms.fulfillment.line"].sudo()
        # What is sent to a store first leaves it when it has arrived there.
        return [
            each
            for each in procurements
            if not lines.browse(each.values.get("oms_fulfillment_line_id")).transfer_line_id
        ]

    def _oms_reduce_claims(self, quantity):
        left = super()._oms_reduce_claims(quantity)
        # sudo: who sells need not have rights on transfers and fulfillments
        lines = self.sudo().oms_fulfillment_line_ids.filtered("transfer_line_id")
        for line in lines.sorted("id", reverse=True):
            unit = line.uom_id
            part = min(line._get_quantity_open(), left)
            if unit.compare(part, 0.0) > 0:
                line._stop(part)
                line._carry_back()
                left = unit.round(left - part)
        return left


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _prepare_ask(self, moment, carrier):
        ask = super()._prepare_ask(moment, carrier)
        arrives = self._get_transfer_moment(moment)
        return ask._replace(ready=max(ask.ready, arrives)) if arrives else ask

    def _get_transfer_moment(self, moment):
        """Return when all that is sent to the store should be there, if anything is.

        :param datetime moment: when the other sites begin, UTC without time zone
        :return: UTC without time zone, or None
        """
        self.ensure_one()
        coming = self.transfer_ids.filtered(lambda each: each.state in ("planned", "released"))
        if not coming:
            return None
        asks = [each._prepare_transfer_ask(moment) for each in coming]
        dates = self.env["oms.lead.time"]._get_dates(asks, self.channel_id, moment, None)
        return self.site_id._get_arrival(dates)

    def _prepare_transfer_ask(self, moment):
        """Return what is asked about the way from a site to the store."""
        self.ensure_one()
        store = self.transfer_for_id.site_id
        return store._prepare_way_here(self.site_id, self.kilometers, self.unit_count, moment)
