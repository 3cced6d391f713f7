from odoo import api, fields, models

ABC_SELECTION = [("A", "A"), ("B", "B"), ("C", "C")]
XYZ_SELECTION = [("X", "X: steady"), ("Y", "Y: varying"), ("Z", "Z: rare or wild")]
#: Service in percent where nobody has said otherwise: dear to miss and easy to foresee is highest.
DEFAULTS = {
    "A": {"X": 98.0, "Y": 97.0, "Z": 95.0},
    "B": {"X": 96.0, "Y": 95.0, "Z": 92.0},
    "C": {"X": 94.0, "Y": 90.0, "Z": 85.0},
}


class OmsServiceClass(models.Model):
    """How well goods of a class are to be served.

    A, B and C: what products bring, by margin or by units, whichever class is better; together the
    A bring 80 %, A and B 95 %. X, Y and Z: how much the demand of thirty days in the whole network
    varies: up to half of its mean, up to its mean, or more.
    """

    _name = "oms.service.class"
    _description = "Service Class"
    _order = "company_id, abc, xyz"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    abc = fields.Selection(ABC_SELECTION, string="ABC", required=True, readonly=True)
    xyz = fields.Selection(XYZ_SELECTION, string="XYZ", required=True, readonly=True)
    service = fields.Float(
        string="Service (%)",
        required=True,
        digits=(5, 2),
        help="So much is to be there when it is wanted; more of it takes much more stock.",
    )
    measure = fields.Selection(
        [("fill", "Of all units"), ("cycle", "Of all delivery cycles")],
        string="Counted",
        required=True,
        default="fill",
        help="Of all units: the share that is there when it is wanted.\n"
        "Of all delivery cycles: the share in which nothing is missing.",
    )

    _class_uniq = models.UniqueIndex(
        "(company_id, abc, xyz)", "The company has a service for this class already."
    )
    _service_check = models.Constraint(
        "CHECK (service >= 0 AND service <= 99.99)",
        "A service is a percentage from 0 to 99.99: nothing is always there.",
    )

    @api.depends("abc", "xyz")
    def _compute_display_name(self):
        for each in self:
            each.display_name = f"{each.abc or ''}{each.xyz or ''}"

    @api.model
    def _action_open(self):
        """Return the window with the classes of the user's companies, made if there are none."""
        self._fill(self.env.companies)
        return self.env["ir.actions.act_window"]._for_xml_id("oms.action_service_class")

    @api.model
    def _fill(self, companies):
        """Make the classes that companies do not have yet.

        :param companies: ``res.company``
        """
        found = {(own.company_id, own.abc, own.xyz) for own in self._find(companies)}
        # sudo: what is made says nothing, and planners may change it
        self.sudo().create(
            [
                {"company_id": company.id, "abc": abc, "xyz": xyz, "service": service}
                for company in companies
                for abc, row in DEFAULTS.items()
                for xyz, service in row.items()
                if (company, abc, xyz) not in found
            ]
        )

    @api.model
    def _find(self, companies):
        # sudo: settings of the companies that are asked about
        return self.sudo().search([("company_id", "in", companies.ids)])

    @api.model
    def _get_table(self, company):
        """Return the service of each class of a company.

        :rtype: dict[tuple[str, str], tuple[float, str]]
        :return: share and measure by ABC and XYZ
        """
        self._fill(company)
        return {
            (each.abc, each.xyz): (each.service / 100.0, each.measure)
            for each in self._find(company)
        }
