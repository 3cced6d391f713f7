import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import AccessError, UserError

_logger = logging.getLogger(__name__)

#: Why sourcing runs for an order that a wave may as well take up.
COLLECTED_TRIGGERS = ("confirm", "change", "stock")


class LosesGoods(Exception):
    """Orders would have less than before: what was written is rolled back.

    :param orders: ``sale.order`` recordset
    """

    def __init__(self, orders):
        super().__init__()
        self.orders = orders


class SaleOrder(models.Model):
    """Orders of a channel that collects them wait for its next wave."""

    _inherit = "sale.order"

    def _oms_filter_wave(self, channel=None):
        """Keep what a wave may source: confirmed orders that are not on hold.

        :param channel: ``oms.channel`` of the wave: orders may have changed theirs meanwhile
        """
        orders = self.exists().filtered(
            lambda order: order.state == "sale" and not order.oms_held and order.oms_state
        )
        return orders.filtered(lambda order: order.oms_channel_id == channel) if channel else orders

    def _oms_take_up(self, trigger, strategy=None):
        collected = self.browse()
        if trigger in COLLECTED_TRIGGERS and not strategy:
            # sudo: how a channel is set up matters to all its orders
            collected = self.filtered(lambda order: order.sudo().oms_channel_id.wave_minutes > 0)
        return super(SaleOrder, self - collected)._oms_take_up(trigger, strategy)

    def _oms_get_waiting_reasons(self):
        # sudo: see _oms_take_up
        collected = self.filtered(
            lambda order: (
                order.sudo().oms_channel_id.wave_minutes and not order.sudo().oms_decision_ids
            )
        )
        reasons = super(SaleOrder, self - collected)._oms_get_waiting_reasons()
        sentence = self.env._("Collected for the next wave of its channel.")
        return reasons | {order: [sentence] for order in collected}

    def _oms_source_planned(self, together, wave):
        """Source and release the orders by the plans of a wave.

        All at once; if that fails, each by itself, so that what is wrong with one does not keep
        the others waiting.

        :param Together together: what the engine said
        :param wave: ``oms.wave`` record
        :return: sentences on what failed
        :rtype: list[str]
        """
        if not self:
            return []
        try:
            with self.env.cr.savepoint():
                replaced = self.filtered(lambda order: order.id in together.changed)
                before = {order: order._oms_get_idle_by_line() for order in replaced}
                replaced._oms_get_open_fulfillments()._take_back_idle()
                self.env.flush_all()
                with self._oms_unlocked():
                    lines = self._oms_get_orchestrated_lines()
                    self.env["oms.sourcing"]._source_planned(lines, together, wave)
                    losers = replaced.filtered(
                        lambda order: order._oms_has_less_than(before[order])
                    )
                    if losers:
                        raise LosesGoods(losers)
                    lines._oms_release()
            return []
        except OperationalError:
            raise
        except LosesGoods as error:
            losers = error.orders
            told = [
                self.env._(
                    "%s keeps its plan: what it was to get instead is gone.",
                    order.display_name,
                )
                for order in losers
            ]
            return [*told, *(self - losers)._oms_source_planned(together, wave)]
        except Exception as error:
            if len(self) == 1:
                expected = isinstance(error, UserError)
                _logger.warning(
                    "Order %s could not be sourced: %s", self.name, error, exc_info=not expected
                )
                return [f"{self.name}: {error}"]
        return [text for order in self for text in order._oms_source_planned(together, wave)]

    def _oms_get_idle_by_line(self):
        """Return what sites are to give of each order line and nobody works on yet.

        :return: quantity in the product's unit by order line id
        :rtype: dict[int, float]
        """
        quantities = defaultdict(float)
        for (line_id, _site_id), quantity in self._oms_get_idle_quantities().items():
            quantities[line_id] += quantity
        return dict(quantities)

    def _oms_has_less_than(self, before):
        """Tell whether less is planned of a line than there was.

        :param dict before: quantity by order line id
        """
        self.ensure_one()
        now = self._oms_get_idle_by_line()
        return any(
            line.product_id.uom_id.compare(now.get(line.id, 0.0), before.get(line.id, 0.0)) < 0
            for line in self.order_line
        )

    def _oms_source_together(self):
        """Have a wave of each channel of the orders run by the scheduled job.

        It can take minutes, for which nobody should have to wait in front of a screen.

        :return: a window action to the waves
        :rtype: dict
        """
        # sudo: waves are written by the system, whoever asks for one
        waves = self.env["oms.wave"].sudo()
        for channel, orders in self.sudo().grouped("oms_channel_id").items():
            waves |= waves._queue(channel, orders)
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_wave")
        action["domain"] = [("id", "in", waves.ids)]
        if len(waves) == 1:
            action.update(views=[(False, "form")], res_id=waves.id)
        return action

    def action_oms_source_together(self):
        """Source the orders together; what no site has begun of them is planned anew with the rest.

        :return: a window action to the waves
        :rtype: dict
        :raise UserError: none of the orders can be sourced
        :raise AccessError: the user is no order manager, or may not change the orders
        """
        self.check_access("write")
        if not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(self.env._("Only order managers can source orders together."))
        orders = self._oms_filter_wave()
        if not orders:
            raise UserError(
                self.env._("None of these orders is confirmed on an orchestrated channel.")
            )
        return orders._oms_source_together()
