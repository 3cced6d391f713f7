from odoo import api, fields, models


class OmsHandled(models.AbstractModel):
    """Records of kinds, for each of which a model knows what is to be done with them."""

    _name = "oms.handled"
    _description = "Handled by Kind"

    kind = fields.Selection(
        selection=lambda self: self._selection_kind(), required=True, readonly=True, index=True
    )

    @api.model
    def _get_handlers(self):
        """Return the name of the handler's model by kind. Extend it with kinds of your own.

        :rtype: dict[str, str]
        """
        return {}

    @api.model
    def _get_handler(self, kind):
        """Return the handler of a kind, a model with ``_get_title``; None if there is none."""
        return self.env.get(self._get_handlers().get(kind))

    @api.model
    def _selection_kind(self):
        return [(kind, self.env[name]._get_title()) for kind, name in self._get_handlers().items()]
