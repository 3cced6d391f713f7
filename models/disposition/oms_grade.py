from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class OmsGrade(models.Model):
    """In what state goods are, and so for how much they sell and where they lie.

    Goods of a grade that is sold as new go into the stock of a site and are promised to everybody.
    Goods of any other grade lie apart, in a location of the site that is made when it is needed
    first: whoever orders the product must not get them unasked.
    """

    _name = "oms.grade"
    _description = "Grade of Goods"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short name that site screens and connectors use.")
    sequence = fields.Integer(default=10, help="From the best grade to the worst.")
    color = fields.Integer()
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True, help="What whoever inspects goods looks for.")
    sellable = fields.Boolean(
        string="Sold as New",
        help="Goods of the grade are stock like any other: they are promised to all channels. "
        "Other grades lie apart, and are sold marked down by the site's own people, or sent on.",
    )
    markdown = fields.Float(
        string="Markdown (%)",
        digits=(16, 2),
        help="What is taken off the price of goods of the grade, in percent. At 100 they cannot "
        "be sold.",
    )
    separate = fields.Boolean(
        string="Location of Its Own",
        compute="_compute_separate",
        store=True,
        precompute=True,
        readonly=False,
        help="Goods lie in a location of the grade; it counts as stock only if they are sold as "
        "new. Without it they go on the shelf with all the others.",
    )
    location_ids = fields.One2many("stock.location", "oms_grade_id", string="Locations")
    location_count = fields.Integer(compute="_compute_location_count")

    _code_uniq = models.UniqueIndex("(code)", "Another grade has this code.")
    _markdown_check = models.Constraint(
        "CHECK (COALESCE(markdown, 0) BETWEEN 0 AND 100)", "A markdown runs from 0 to 100 %."
    )
    _separate_check = models.Constraint(
        "CHECK (COALESCE(sellable, FALSE) OR COALESCE(separate, FALSE))",
        "Goods that are not sold as new lie in a location of their own.",
    )

    @api.depends("sellable")
    def _compute_separate(self):
        for grade in self:
            grade.separate = not grade.sellable

    @api.depends("location_ids")
    def _compute_location_count(self):
        counts = dict(
            self.env["stock.location"]._read_group(
                [("oms_grade_id", "in", self.ids)], ["oms_grade_id"], ["__count"]
            )
        )
        for grade in self:
            grade.location_count = counts.get(grade, 0)

    # === BUSINESS METHODS === #

    def action_view_locations(self):
        """Open the locations where goods of the grade lie.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.action_location_form")
        action["domain"] = [("oms_grade_id", "=", self.id)]
        action["context"] = {}
        return action

    @api.model
    def _get_best(self):
        """Return the best grade: that of goods with which nothing is wrong.

        :raises UserError: there is no grade
        """
        return self.search([], limit=1) or self._no_grade()

    @api.model
    def _no_grade(self):
        raise UserError(
            self.env._("There is no grade of goods. Make one in Configuration ‣ Grades of Goods.")
        )

    def _get_worse(self, other):
        """Return the worse of two grades; an empty one is no matter."""
        if not self or not other:
            return self or other
        order = {grade: place for place, grade in enumerate((self | other).sorted())}
        return max(self, other, key=order.__getitem__)

    # === LOCATIONS === #

    def _get_location(self, site):
        """Return where a site puts goods of this grade, making the place if need be.

        :param site: ``oms.site`` with a warehouse
        :rtype: ``stock.location``
        :raises UserError: the site holds no stock in Odoo
        """
        self.ensure_one()
        site.ensure_one()
        return self._get_locations(site)[site.id, self.id]

    def _get_locations(self, sites):
        """Return where sites put goods of these grades, making the places that are missing.

        :param sites: ``oms.site``, all with a warehouse
        :return: ``stock.location`` by (site id, grade id)
        :rtype: dict
        :raises UserError: one of the sites holds no stock in Odoo
        """
        places = self._find_locations(sites)
        missing = [
            (site, grade) for site in sites for grade in self if (site.id, grade.id) not in places
        ]
        if missing:
            self._lock_sites(self.env["oms.site"].union(*(site for site, _grade in missing)))
            # sudo: whoever grades goods need not have rights on locations
            made = (
                self.env["stock.location"]
                .sudo()
                .create([grade._prepare_location(site) for site, grade in missing])
            )
            for (site, grade), location in zip(missing, made.sudo(False), strict=True):
                places[site.id, grade.id] = location
        return places

    def _find_locations(self, sites):
        """Return the places that there are, the outermost where a site has several."""
        places = {}
        warehouses = {}
        for site in sites:
            if not site.warehouse_id:
                raise UserError(
                    self.env._(
                        "%s keeps no stock in Odoo, so goods cannot be put there. Choose a site "
                        "with a warehouse.",
                        site.name,
                    )
                )
            warehouses[site.warehouse_id.id] = site.id
            for grade in self.filtered(lambda grade: not grade.separate):
                places[site.id, grade.id] = site.warehouse_id.lot_stock_id
        for location in self.env["stock.location"].search(
            [
                ("warehouse_id", "in", list(warehouses)),
                ("oms_grade_id", "in", self.filtered("separate").ids),
                ("usage", "=", "internal"),
            ],
            # A bin within a location of the grade is not where goods are put by themselves.
            order="parent_path, id",
        ):
            key = warehouses[location.warehouse_id.id], location.oms_grade_id.id
            places.setdefault(key, location)
        return places

    def _prepare_location(self, site):
        """Return the values of the location of this grade at a site.

        What is not sold as new stands beside the stock of the warehouse, not in it: Odoo too then
        reserves nothing there.
        """
        warehouse = site.warehouse_id
        parent = warehouse.lot_stock_id if self.sellable else warehouse.view_location_id
        return {
            "name": self.env._("Grade %s", self.name),
            "location_id": parent.id,
            "usage": "internal",
            "company_id": warehouse.company_id.id,
            "oms_grade_id": self.id,
            "oms_not_for_sale": not self.sellable,
        }

    @api.model
    def _lock_sites(self, sites):
        """Make sure that nobody else makes locations of these sites at the same time.

        The rows are changed, not only locked: a transaction that began before another one
        committed then fails and is run again, instead of making the same place a second time.
        """
        self.env.cr.execute(
            SQL("UPDATE oms_site SET id = id WHERE id = ANY(%s)", sorted(sites.ids)),
            log_exceptions=False,
        )
