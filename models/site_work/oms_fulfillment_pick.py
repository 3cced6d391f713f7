from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_time


class OmsFulfillment(models.Model):
    """Accepting work, beginning it, and taking goods off the shelf."""

    _inherit = "oms.fulfillment"

    def _check_can_work(self):
        """Make sure that the user works at the sites.

        :raise AccessError: the user does not
        """
        self.check_access("read")
        if not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only people who work at the sites do their work."))

    def _lock_work(self):
        """Take fulfillments for this transaction alone.

        Written to before anything is read of them: who comes second waits, and then sees what the
        first did, or is run again on it.
        """
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE oms_fulfillment SET work_version = COALESCE(work_version, 0) + 1 "
                "WHERE id IN %s",
                tuple(sorted(self.ids)),
            )
        )
        self.invalidate_recordset(["work_version"])

    def _check_is_work(self):
        """Make sure that there is work to do.

        :raise UserError: it is done, given back, or not released yet
        """
        for fulfillment in self.filtered(lambda each: not each.work_state):
            raise UserError(fulfillment._get_no_work_sentence())

    def _get_no_work_sentence(self):
        self.ensure_one()
        sentences = {
            "planned": self.env._("%s is not released to the site yet.", self.name),
            "shipped": self.env._("%s has left already.", self.name),
            "delivered": self.env._("The customer has the goods of %s already.", self.name),
            "rejected": self.env._("%s was given back: put its goods back.", self.name),
            "cancelled": self.env._("%s was cancelled: put its goods back.", self.name),
        }
        return sentences.get(self.state) or self.env._("There is nothing to do for %s.", self.name)

    # === ACCEPTING === #

    def _accept(self):
        """Say that the sites do the work; what is accepted already stays as it is.

        :return: the fulfillments that were not accepted before
        :raise AccessError: the user does not work at the sites
        :raise UserError: there is no work to accept
        """
        self._check_can_work()
        # sudo: nobody writes fulfillments, they follow what people at the site do
        fulfillments = self.sudo()
        fulfillments._lock_work()
        fulfillments._check_is_work()
        new = fulfillments.filtered(lambda each: not each.accepted_at)
        new.write({"accepted_at": fields.Datetime.now(), "accepted_by_id": self.env.uid})
        return new

    def _unaccept(self):
        """Take back that work was accepted.

        :raise UserError: it goes on already
        """
        self._check_can_work()
        # sudo: likewise
        fulfillments = self.sudo()
        fulfillments._lock_work()
        for fulfillment in fulfillments:
            if fulfillment.work_state != "accepted" or fulfillment._get_work().first.filtered(
                "picked"
            ):
                raise UserError(
                    self.env._(
                        "%s is being picked already: give it back instead.", fulfillment.name
                    )
                )
        fulfillments.write({"accepted_at": False, "accepted_by_id": False})

    def _start(self):
        """Write down that the user works on it from now on; accepts it, too.

        :raise AccessError: the user does not work at the sites
        :raise UserError: there is no work
        """
        self._accept()
        # sudo: likewise
        self.sudo()._note_worker()

    def _note_worker(self):
        self.write({"worker_id": self.env.uid, "worker_since": fields.Datetime.now()})

    def _leave(self):
        """Write down that nobody works on it any more.

        :raise AccessError: the user does not work at the sites
        """
        self._check_can_work()
        # sudo: likewise
        fulfillments = self.sudo()
        fulfillments._lock_work()
        fulfillments.write({"worker_id": False, "worker_since": False})

    def _get_worker_sentence(self):
        """Tell who else works on it; empty when nobody does.

        :rtype: str
        """
        self.ensure_one()
        worker = self.worker_id
        if not worker or worker == self.env.user:
            return ""
        return self.env._(
            "%(name)s works on this since %(time)s.",
            name=worker.name,
            time=format_time(self.env, self.worker_since, tz=self.site_id.tz, time_format="short"),
        )

    # === PICKING === #

    def _pick(self, quantities=None):
        """Mark goods as picked.

        :param dict quantities: quantity in the product's unit by ``stock.move``; all that is still
            to be picked when None
        :return: how much was picked by ``stock.move.line``
        :rtype: dict
        :raise AccessError: the user does not work at the sites
        :raise UserError: there is no work, or less is to be picked
        """
        fulfillments = self._begin_work()
        if quantities is None:
            moves = fulfillments._get_work().first
            quantities = {move: move._oms_get_to_pick() for move in moves}
        taken = {}
        for move, quantity in quantities.items():
            if not move.product_id.uom_id.is_zero(quantity):
                fulfillments._check_can_pick(move, quantity)
                taken.update(move._oms_pick(quantity))
        return taken

    def _begin_work(self):
        """Lock the fulfillments and make sure that they can be worked on.

        :return: the same, with the rights to do it
        """
        self._check_can_work()
        # sudo: who works at a site may do its work, and need not have rights on all of it
        fulfillments = self.sudo()
        fulfillments._lock_work()
        fulfillments._check_is_work()
        for fulfillment in fulfillments.filtered(lambda each: not each.accepted_at):
            raise UserError(self.env._("Accept %s before you work on it.", fulfillment.name))
        return fulfillments

    def _check_can_pick(self, move, quantity):
        open_quantity = move._oms_get_to_pick()
        if move not in self._get_work().first:
            raise UserError(
                self.env._("Nothing of %s is to be picked here.", move.product_id.display_name)
            )
        if quantity < 0 or move.product_id.uom_id.compare(quantity, open_quantity) > 0:
            raise UserError(
                self.env._(
                    "%(quantity)s %(unit)s %(product)s cannot be picked: %(open)s are to be "
                    "picked.",
                    quantity=f"{quantity:g}",
                    unit=move.product_id.uom_id.name,
                    product=move.product_id.display_name,
                    open=f"{open_quantity:g}",
                )
            )

    def _short(self, line, reason, quantity=None, note=None):
        """Say that what is still to be picked of a line is not there; the rest is picked.

        It is given back with its reason, which says what becomes of the stock.

        :param line: ``oms.fulfillment.line``
        :param reason: ``oms.reject.reason``
        :param float quantity: in the product's unit; all that is not picked when None
        :return: the rejections
        :raise AccessError: the user does not work at the site
        :raise UserError: all of it is picked
        """
        self.ensure_one()
        fulfillment = self._begin_work()
        moves = fulfillment._get_work().first
        to_pick = sum(
            move._oms_get_to_pick() for move in moves if move.oms_fulfillment_line_id == line
        )
        missing = to_pick if quantity is None else quantity
        unit = line.uom_id
        if unit.compare(missing, 0.0) <= 0 or unit.compare(missing, to_pick) > 0:
            raise UserError(
                self.env._(
                    "%(open)s %(unit)s %(product)s are still to be picked: no more can be missing.",
                    open=f"{to_pick:g}",
                    unit=unit.name,
                    product=line.product_id.display_name,
                )
            )
        return self._reject(reason, {line: missing}, note)
