from odoo import models

from ..task.oms_task import OPEN_STATES

#: Characters of the database's id in references, which keep copies of it apart at carriers.
DATABASE_DIGITS = 6


class StockPicking(models.Model):
    """Asking for labels, for as many transfers at once as there are."""

    _inherit = "stock.picking"

    def _oms_request_labels(self):
        """Put tasks into the queue that buy the labels of the transfers, once for each.

        :return: the tasks, in the order of the transfers
        :raises UserError: a site has no account for its delivery method
        """
        tasks = self.env["oms.task"].sudo()
        accounts = self._oms_find_label_accounts()
        by_picking = self._oms_get_label_tasks().grouped("res_id")
        known = self._oms_filter_wanted_tasks(by_picking)
        new = self.filtered(lambda picking: picking not in known)
        ssccs = new._oms_take_ssccs()
        made = tasks._enqueue(
            [
                picking._oms_prepare_label_task(
                    accounts[picking], len(by_picking.get(picking.id, ())) + 1, ssccs[picking]
                )
                for picking in new
            ]
        )
        known |= dict(zip(new, made, strict=True))
        return tasks.union(*(known[picking] for picking in self))

    def _oms_find_label_accounts(self):
        """Return the account by which the labels of each transfer are bought.

        :rtype: dict
        :raises UserError: there is none for one of them
        """
        found, accounts = {}, {}
        for picking in self:
            adapter = picking._oms_get_pickup_point() and picking.oms_point_adapter
            key = picking.carrier_id, picking.oms_site_id, picking.company_id, adapter
            if key not in found:
                found[key] = picking.carrier_id._oms_find_account(*key[1:])
            accounts[picking] = found[key]
        return accounts

    def _oms_take_ssccs(self):
        """Return an SSCC for each package of the transfers, and for what is in none.

        :return: SSCC by reference of a parcel, by transfer; empty without a company prefix
        :rtype: dict
        """
        taken = {}
        for company, pickings in self.grouped("company_id").items():
            names = {
                picking: [*picking.move_line_ids.result_package_id.mapped("name"), picking.name]
                for picking in pickings
            }
            codes = iter(company._get_next_ssccs(sum(map(len, names.values()))))
            for picking, of_picking in names.items():
                given = zip(of_picking, codes, strict=False)
                taken[picking] = {name: code for name, code in given if code}
        return taken

    def _oms_prepare_label_task(self, account, attempt, ssccs):
        """Return values of the task that buys the labels of the transfer.

        :param account: ``oms.carrier.account``
        :param int attempt: how often labels were asked for, with this time
        :param dict ssccs: SSCC by reference of a parcel
        :rtype: dict
        """
        self.ensure_one()
        return {
            "kind": "carrier.buy",
            "key": f"{self.id}-{attempt}",
            "name": self.env._("Labels of %s", self.name),
            "company_id": self.company_id.id,
            "res_model": self._name,
            "res_id": self.id,
            "arguments": {
                "account_id": account.id,
                "reference": self._oms_get_label_reference(attempt),
                "ssccs": ssccs,
            },
        }

    def _oms_get_label_reference(self, attempt):
        """Return by what a carrier knows the transfer, the same for every try of an attempt."""
        # sudo: the database's id is no secret
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid", "")
        return f"{self.id}-{attempt}-{database[:DATABASE_DIGITS]}"

    # === WHAT WAS ASKED FOR === #

    def _oms_get_label_tasks(self, kind="carrier.buy"):
        # sudo: who ships need not have rights on tasks
        return (
            self.env["oms.task"]
            .sudo()
            .search(
                [
                    ("kind", "=", kind),
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                ]
            )
        )

    def _oms_find_label_tasks(self, kind="carrier.buy"):
        """Return the tasks that buy the labels or have bought them, if they are still wanted."""
        self.ensure_one()
        return self._oms_get_label_tasks(kind).filtered(self._oms_is_wanted_task)

    def _oms_filter_wanted_tasks(self, by_picking):
        """Return the task that buys the labels of each transfer that has one.

        :param dict by_picking: ``oms.task`` recordset by id of a transfer
        :rtype: dict
        """
        found = {}
        for picking in self:
            tasks = by_picking.get(picking.id, self.env["oms.task"])
            wanted = tasks.filtered(picking._oms_is_wanted_task)
            if wanted:
                found[picking] = wanted[:1]
        return found

    def _oms_is_wanted_task(self, task):
        """Tell whether a task buys labels of the transfer that are still wanted, or has.

        Of labels for the way back, which are no parcels, further ones may be asked for as soon as
        one has come.
        """
        self.ensure_one()
        if task.unwanted:
            return False
        if task.state == "done":
            # sudo: who has labels bought need not see parcels
            parcels = self.sudo().oms_parcel_ids
            return task.kind == "carrier.buy" and bool(parcels._filter_wanted())
        return task.state in (*OPEN_STATES, "stuck")

    # === TAKEN BACK === #

    def action_cancel(self):
        """Labels of what is cancelled are cancelled, too."""
        res = super().action_cancel()
        self._oms_cancel_labels_of_cancelled()
        return res

    def _oms_cancel_labels_of_cancelled(self):
        """Take the labels back of those transfers that are cancelled."""
        self.filtered(
            lambda picking: picking.state == "cancel" and picking.carrier_id.delivery_type == "oms"
        )._oms_cancel_labels()


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_cancel(self):
        """Transfers are also cancelled by their moves, as where a site rejects its work."""
        pickings = self.picking_id
        res = super()._action_cancel()
        pickings._oms_cancel_labels_of_cancelled()
        return res
