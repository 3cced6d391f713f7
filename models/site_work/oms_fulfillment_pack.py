from odoo import models
from odoo.exceptions import UserError


class OmsFulfillment(models.Model):
    """Putting picked goods into packages."""

    _inherit = "oms.fulfillment"

    def _pack(self, package_type=None, weight=None, quantities=None):
        """Put what is picked and in no package yet into a package, one for each fulfillment.

        When all is packed, the steps of the delivery before the last are done.

        :param package_type: ``stock.package.type``; Odoo's default when None
        :param float weight: of the package, in Odoo's unit of weight
        :param dict quantities: quantity in the product's unit by ``stock.move.line``; all when None
        :return: the packages
        :rtype: ``stock.package``
        :raise AccessError: the user does not work at the sites
        :raise UserError: nothing is picked that could be packed
        """
        fulfillments = self._begin_work()
        packages = self.env["stock.package"].sudo()
        for fulfillment in fulfillments:
            lines = fulfillment._get_lines_to_pack(quantities)
            if not lines:
                raise UserError(fulfillment._get_nothing_to_pack_sentence())
            package = lines._put_in_pack(package_type_id=package_type and package_type.id)
            if weight:
                package.shipping_weight = weight
            packages += package
        packed = fulfillments.filtered("packed_at")
        packed._do_steps_before_last()
        return packages

    def _get_lines_to_pack(self, quantities=None):
        """Return the lines of picked goods that are in no package, parts on lines of their own."""
        self.ensure_one()
        work = self._get_work()
        lines = (work.first + work.later).move_line_ids.filtered(
            lambda line: (
                not line.result_package_id
                and line.quantity
                and (line.picked or line.move_id in work.later)
            )
        )
        if quantities is None:
            return lines
        chosen = self.env["stock.move.line"]
        for line, quantity in quantities.items():
            unit = line.product_id.uom_id
            there = line.quantity_product_uom if line in lines else 0.0
            if unit.compare(quantity, 0.0) <= 0 or unit.compare(quantity, there) > 0:
                raise UserError(
                    self.env._(
                        "%(quantity)s %(unit)s %(product)s cannot be packed: %(there)s are picked "
                        "and in no package.",
                        quantity=f"{quantity:g}",
                        unit=unit.name,
                        product=line.product_id.display_name,
                        there=f"{there:g}",
                    )
                )
            chosen += line._oms_take_part(quantity)
        return chosen

    def _get_nothing_to_pack_sentence(self):
        self.ensure_one()
        if self.packed_at:
            return self.env._("All of %s is packed already.", self.name)
        if self.picked_at:
            return self.env._("Nothing of %s is left to pack.", self.name)
        return self.env._("Nothing of %s is picked yet: pick before you pack.", self.name)

    def _unpack(self, package):
        """Take goods out of a package again; they stay picked.

        :param package: ``stock.package``
        :raise AccessError: the user does not work at the site
        :raise UserError: the package is not of this fulfillment, or left
        """
        self.ensure_one()
        fulfillment = self._begin_work()
        work = fulfillment._get_work()
        lines = (work.first + work.later).move_line_ids.filtered(
            lambda line: line.result_package_id == package
        )
        if not lines:
            raise UserError(
                self.env._(
                    "Package %(package)s is not in %(name)s.", package=package.name, name=self.name
                )
            )
        # Of a package that came from the step before, the goods are taken out on their way.
        lines.result_package_id = False
        fulfillment.ready_at = False

    # === STEPS === #

    def _do_steps_before_last(self):
        """Validate the transfers by which goods only go on within the sites.

        :return: the transfers
        """
        done = self.env["stock.picking"]
        # Picking, packing, and what a company may add.
        for _step in range(5):
            work = self._get_work()
            # What is not picked stays: Odoo would take it along if nothing were marked as picked.
            moves = (work.first.filtered("picked") + work.later).filtered(
                lambda move: move._oms_stays_within() and move.move_line_ids
            )
            if not moves:
                break
            (moves - work.first).move_line_ids.picked = True
            done += moves._oms_validate()
        return done
