from odoo import api, fields, models


class OmsGradeCheck(models.Model):
    """A question that whoever inspects goods answers; the answers make the grade."""

    _name = "oms.grade.check"
    _description = "Check of Returned Goods"
    _order = "sequence, id"

    name = fields.Char(string="Question", required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    good_answer = fields.Selection(
        [("yes", "Yes"), ("no", "No")],
        required=True,
        default="yes",
        help="The answer when nothing is wrong.",
    )
    grade_id = fields.Many2one(
        "oms.grade",
        string="Otherwise At Best",
        required=True,
        ondelete="restrict",
        index=True,
        help="Goods for which the other answer is given are of this grade or a worse one.",
    )
    needs_photo = fields.Boolean(
        string="Photo if Wrong", help="A photo is asked for when the other answer is given."
    )
    categ_ids = fields.Many2many(
        "product.category",
        "oms_grade_check_categ_rel",
        "check_id",
        "categ_id",
        string="Product Categories",
        help="Asked for goods of these categories and those below. Empty, and without products: "
        "asked for all goods.",
    )
    product_ids = fields.Many2many(
        "product.product",
        "oms_grade_check_product_rel",
        "check_id",
        "product_id",
        string="Products",
    )

    @api.model
    def _get_checks(self, products):
        """Return what is asked of products when they come back.

        :param products: ``product.product``
        :return: ``oms.grade.check`` in the order of asking, by product id
        :rtype: dict
        """
        checks = self.search([("grade_id.active", "=", True)])
        found = {}
        for product in products:
            above = {int(each) for each in (product.categ_id.parent_path or "").split("/") if each}
            found[product.id] = checks.filtered(
                lambda check, product=product, above=above: (
                    (not check.categ_ids and not check.product_ids)
                    or product in check.product_ids
                    or above.intersection(check.categ_ids.ids)
                )
            )
        return found

    def _get_grade(self, answers):
        """Return the grade that follows from answers to these checks.

        :param dict answers: "yes" or "no" by check id; what was not answered is no matter
        :rtype: ``oms.grade``
        :raises UserError: there is no grade at all
        """
        grade = self.env["oms.grade"]._get_best()
        for check in self:
            if answers.get(check.id, check.good_answer) != check.good_answer:
                grade = grade._get_worse(check.grade_id)
        return grade
