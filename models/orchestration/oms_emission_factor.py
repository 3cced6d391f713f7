from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.carbon import TransportFactor

MODE_SELECTION = [
    ("road", "Road"),
    ("rail", "Rail"),
    ("air", "Air"),
    ("sea", "Sea"),
    ("inland", "Inland Waterway"),
    ("hub", "Hub"),
]


class OmsEmissionFactor(models.Model):
    """What moving or handling a tonne of goods emits, with the source that says so.

    The numbers are estimates to compare sites by, not a certified account. See
    :mod:`...engine.carbon` for the arithmetic.
    """

    _name = "oms.emission.factor"
    _description = "Emission Factor"
    _inherit = ["mail.thread"]
    _order = "mode, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty to share the factor among companies."
    )
    mode = fields.Selection(
        MODE_SELECTION,
        required=True,
        default="road",
        tracking=True,
        help="The mode of transport, or a hub in which goods are handled.",
    )
    vehicle = fields.Char(string="Vehicle Class", help="e.g. van up to 3.5 t, diesel, average load")
    region = fields.Char(help="Where the factor holds, e.g. United Kingdom.")
    wtt = fields.Float(
        string="Well to Tank",
        digits=(16, 6),
        tracking=True,
        help="Emissions of providing the fuel or the electricity: kg CO2e per tonne-kilometer; of "
        "a hub, kg CO2e per tonne.",
    )
    ttw = fields.Float(
        string="Tank to Wheel",
        digits=(16, 6),
        tracking=True,
        help="Emissions of using it: kg CO2e per tonne-kilometer; of a hub, kg CO2e per tonne.",
    )
    intensity = fields.Float(
        string="Well to Wheel",
        digits=(16, 6),
        compute="_compute_intensity",
        store=True,
        help="Sum of both, by which decisions reckon: kg CO2e per tonne-kilometer; of a hub, "
        "kg CO2e per tonne.",
    )
    unit = fields.Char(compute="_compute_unit")
    detour = fields.Float(
        string="Detour Factor",
        digits=(6, 3),
        default=1.0,
        tracking=True,
        help="How many times as long as the air line the way of the goods is.",
    )
    extra_km = fields.Float(
        string="Extra Distance (km)",
        digits=(8, 1),
        tracking=True,
        help="Added to each way; ISO 14083 adds 95 km to the air line of flights.",
    )
    source = fields.Text(
        required=True,
        tracking=True,
        help="Who published the numbers, where, and what they include.",
    )
    edition = fields.Char(help="Edition or year of the source.")
    valid_from = fields.Date()
    valid_to = fields.Date()

    _amounts_check = models.Constraint(
        "CHECK (COALESCE(wtt, 0) >= 0 AND COALESCE(ttw, 0) >= 0 AND COALESCE(extra_km, 0) >= 0)",
        "Emissions and distances of a factor cannot be negative.",
    )
    _detour_check = models.Constraint(
        "CHECK (detour >= 1)", "No way is shorter than the air line: the detour is one or more."
    )
    _dates_check = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from)",
        "A factor cannot end before it begins.",
    )

    @api.depends("wtt", "ttw")
    def _compute_intensity(self):
        for factor in self:
            factor.intensity = factor.wtt + factor.ttw

    @api.depends("mode")
    def _compute_unit(self):
        for factor in self:
            factor.unit = "kg CO2e/t" if factor.mode == "hub" else "kg CO2e/t·km"

    @api.constrains("source")
    def _check_source(self):
        for factor in self:
            if not (factor.source or "").strip():
                raise ValidationError(
                    self.env._(
                        "The emission factor %s needs its source: who published the number and "
                        "what it includes.",
                        factor.name,
                    )
                )

    def _is_valid_on(self, date):
        """Tell whether the factor holds on a day."""
        self.ensure_one()
        return not (
            (self.valid_from and date < self.valid_from) or (self.valid_to and date > self.valid_to)
        )

    def _get_transport(self):
        """Return the factor in the engine's words.

        :rtype: TransportFactor
        """
        self.ensure_one()
        return TransportFactor(self.intensity, self.detour, self.extra_km)
