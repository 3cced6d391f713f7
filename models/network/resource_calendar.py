from odoo import api, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    @api.model
    def _forget_hours(self):
        """Have all processes read opening hours anew."""
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        res = super().write(vals)
        self.env["oms.site"]._forget_hours()
        return res

    def unlink(self):
        res = super().unlink()
        self.env["oms.site"]._forget_hours()
        return res


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        self.env["oms.site"]._forget_hours()
        return attendances

    def write(self, vals):
        res = super().write(vals)
        self.env["oms.site"]._forget_hours()
        return res

    def unlink(self):
        res = super().unlink()
        self.env["oms.site"]._forget_hours()
        return res


class ResourceCalendarLeaves(models.Model):
    """Time off of single people is no time off of sites."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        if leaves._closes_sites():
            self.env["oms.site"]._forget_hours()
        return leaves

    def write(self, vals):
        closed = self._closes_sites()
        res = super().write(vals)
        if closed or self._closes_sites():
            self.env["oms.site"]._forget_hours()
        return res

    def unlink(self):
        closed = self._closes_sites()
        res = super().unlink()
        if closed:
            self.env["oms.site"]._forget_hours()
        return res

    def _closes_sites(self):
        return not all(leave.resource_id for leave in self)
