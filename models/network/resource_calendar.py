from odoo import api, models


class ResourceCalendar(models.Model):
    _name = "resource.calendar"
    _inherit = ["resource.calendar", "oms.settings.mixin"]


class ResourceCalendarAttendance(models.Model):
    _name = "resource.calendar.attendance"
    _inherit = ["resource.calendar.attendance", "oms.settings.mixin"]


class ResourceCalendarLeaves(models.Model):
    """Time off of single people is no time off of sites."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._forget_hours(leaves._closes_sites())
        return leaves

    def write(self, vals):
        closed = self._closes_sites()
        res = super().write(vals)
        self._forget_hours(closed or self._closes_sites())
        return res

    def unlink(self):
        closed = self._closes_sites()
        res = super().unlink()
        self._forget_hours(closed)
        return res

    def _closes_sites(self):
        return not all(leave.resource_id for leave in self)

    def _forget_hours(self, closes_sites):
        """Have all processes read opening hours anew if sites are closed by it."""
        if closes_sites:
            self.env["oms.settings.mixin"]._forget_settings()
