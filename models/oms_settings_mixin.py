from odoo import api, models


class OmsSettingsMixin(models.AbstractModel):
    """Records on which promises rest: a change makes all processes forget what they keep."""

    _name = "oms.settings.mixin"
    _description = "Settings That Are Kept at Hand"

    @api.model
    def _forget_settings(self):
        """Have all processes read anew what they keep."""
        clear = self.env.registry.clear_cache
        clear()
        # Who asks until then is told what was before, and must not keep it.
        self.env.cr.postcommit.add(clear)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget_settings()
        return records

    def write(self, vals):
        res = super().write(vals)
        if self._rests_on(vals):
            self._forget_settings()
        return res

    def _write_multi(self, vals_list):
        # Computed fields are stored without `write`, such as where a site is.
        res = super()._write_multi(vals_list)
        if any(map(self._rests_on, vals_list)):
            self._forget_settings()
        return res

    def unlink(self):
        res = super().unlink()
        self._forget_settings()
        return res

    def _rests_on(self, vals):
        """Tell whether promises may rest on what is written."""
        return not vals.keys() <= {"write_date", "write_uid"}
