from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.stock.models.stock_rule import ProcurementException


class _NotBoughtError(Exception):
    """Odoo did something else than to buy.

    :param dict refused: why, by proposal
    """

    def __init__(self, refused):
        super().__init__()
        self.refused = refused


class OmsProposal(models.Model):
    """Accepted purchases become lines of requests for quotation, by Odoo's procurement."""

    _inherit = "oms.proposal"

    purchase_line_ids = fields.One2many(
        "purchase.order.line",
        "oms_proposal_id",
        string="Purchase Lines",
        readonly=True,
        groups="purchase.group_purchase_user",
    )
    purchase_count = fields.Integer(
        compute="_compute_purchase_count", groups="purchase.group_purchase_user"
    )

    def _compute_purchase_count(self):
        for proposal in self:
            proposal.purchase_count = len(proposal.sudo().purchase_line_ids.order_id)

    def action_view_purchases(self):
        """Open the purchases that were made.

        :return: a window action
        :rtype: dict
        """
        orders = self.purchase_line_ids.order_id
        action = self.env["ir.actions.act_window"]._for_xml_id("purchase.purchase_rfq")
        action["domain"], action["context"] = [("id", "in", orders.ids)], {}
        if len(orders) == 1:
            action["views"], action["res_id"] = [(False, "form")], orders.id
        return action

    # === CARRYING OUT === #

    def _carry_out_purchase(self):
        """Ask suppliers for what is to be bought.

        :return: why each of those that cannot be bought cannot
        :rtype: dict[OmsProposal, str]
        """
        refused = {}
        for company, same in self.grouped("company_id").items():
            refused |= same.with_company(company)._ask_suppliers()
        return refused

    def _ask_suppliers(self):
        """Ask for what one company buys, in as few statements as there can be.

        :return: why each of those that cannot be bought cannot
        :rtype: dict[OmsProposal, str]
        """
        refused, sellers = {}, {}
        for proposal in self:
            seller, sentence = proposal._find_seller()
            if sentence:
                refused[proposal] = sentence
            else:
                sellers[proposal] = seller
        asked = self.browse([proposal.id for proposal in sellers])
        asked._move_dates()
        # What one site asks for together has one name.
        sites = asked.grouped("site_id")
        references = self.env["stock.reference"].create(
            [{"name": f"FLOW/{same.sorted('id')[:1].id:05d}"} for same in sites.values()]
        )
        reference_of = dict(zip(sites, references, strict=True))
        refused |= asked._do_apart(
            lambda some: some._procure(
                {each: each._prepare_purchase(sellers[each], reference_of) for each in some}
            )
        )
        idle = [site for site, same in sites.items() if all(each in refused for each in same)]
        self.env["stock.reference"].union(*(reference_of[site] for site in idle)).unlink()
        for proposal in asked.filtered(lambda each: each not in refused):
            # How much was asked for, to see later whether the buyer has changed it.
            lines = proposal.purchase_line_ids.filtered(lambda line: line.order_id.state == "draft")
            proposal.before = {"lines": {str(line.id): line.product_qty for line in lines}}
        return refused

    def _find_seller(self):
        """Return the price list by which a proposal is bought, and why there is none.

        :rtype: tuple[product.supplierinfo, str]
        """
        self.ensure_one()
        Seller = self.env["product.supplierinfo"]
        warehouse = self.site_id.warehouse_id
        if not warehouse.buy_pull_id.active or not warehouse.buy_to_resupply:
            sentence = self.env._(
                "%s does not buy: tick “Buy to Resupply” in its warehouse.", self.site_id.name
            )
            return Seller, sentence
        seller = self.supplierinfo_id
        if not seller or seller.partner_id != self.supplier_id:
            seller = self.product_id.with_company(self.company_id)._select_seller(
                partner_id=self.supplier_id or False,
                quantity=self.quantity,
                uom_id=self.uom_id,
            )
        if seller:
            return seller, ""
        return Seller, self.env._(
            "%(product)s has no price of %(supplier)s for %(quantity)s: complete its vendors.",
            product=self.product_id.display_name,
            supplier=self.supplier_id.name or self.env._("any supplier"),
            quantity=f"{self.quantity:g}",
        )

    def _move_dates(self):
        """Have what is ordered later than it was proposed come later."""
        now = fields.Datetime.now()
        for proposal in self:
            if proposal.leaves_at and proposal.arrives_at and proposal.leaves_at < now:
                days = proposal.arrives_at - proposal.leaves_at
                proposal.write({"leaves_at": now, "arrives_at": now + days})

    def _prepare_purchase(self, seller, reference_of):
        """Return what Odoo's procurement is to do.

        :param seller: ``product.supplierinfo``
        :param dict reference_of: ``stock.reference`` of all that a site buys together
        """
        self.ensure_one()
        now, warehouse = fields.Datetime.now(), self.site_id.warehouse_id
        reference = reference_of[self.site_id]
        return self.env["stock.rule"].Procurement(
            self.product_id,
            self.quantity,
            self.uom_id,
            warehouse.lot_stock_id,
            self.product_id.display_name,
            reference.name,
            self.company_id,
            {
                "route_ids": warehouse.buy_pull_id.route_id,
                "warehouse_id": warehouse,
                "reference_ids": reference,
                "supplierinfo_id": seller,
                "date_planned": max(self.arrives_at or now, now),
                "oms_proposal_id": self.id,
            },
        )

    def _procure(self, asked):
        """Have Odoo buy what is asked for, all at once.

        :param dict asked: procurements by proposal
        :return: why each of those that Odoo does not buy was left out
        :rtype: dict[OmsProposal, str]
        :raises UserError: Odoo says no to some, nobody knows to which
        """
        refused = {}
        while asked:
            wrong = self._try_to_procure(asked)
            if not wrong:
                break
            refused |= wrong
            asked = {each: what for each, what in asked.items() if each not in wrong}
        return refused

    def _try_to_procure(self, asked):
        """Buy all of some procurements, or nothing and say which of them cannot be bought."""
        known = self.purchase_line_ids
        try:
            with self.env.cr.savepoint():
                self.env["stock.rule"].run(list(asked.values()), raise_user_error=False)
                self.invalidate_recordset(["purchase_line_ids"])
                lost = {
                    proposal: self.env._(
                        "Odoo's rules of %(site)s do not buy %(product)s: look at its routes.",
                        site=proposal.site_id.name,
                        product=proposal.product_id.display_name,
                    )
                    for proposal in asked
                    if not proposal.purchase_line_ids - known
                }
                if lost:
                    # What was done instead is taken back.
                    raise _NotBoughtError(lost)
        except _NotBoughtError as error:
            self.invalidate_recordset(["purchase_line_ids"])
            return error.refused
        except ProcurementException as error:
            by_id = {proposal.id: proposal for proposal in asked}
            refused = {
                by_id[procurement.values["oms_proposal_id"]]: sentence
                for procurement, sentence in error.procurement_exceptions
                if procurement.values.get("oms_proposal_id") in by_id
            }
            if not refused:
                raise UserError(
                    " ".join(sentence for _procurement, sentence in error.procurement_exceptions)
                ) from error
            return refused
        return {}

    # === UNDOING === #

    def _undo_purchase(self):
        """Take lines of requests back that the supplier has not got.

        :raises UserError: he has it, or the buyer has changed it
        """
        # What was cancelled before the proposal was accepted once more is over.
        lines = self.purchase_line_ids.filtered(
            lambda line: (
                line.order_id.state != "cancel"
                and not (line.move_ids and set(line.move_ids.mapped("state")) == {"cancel"})
            )
        )
        for line in lines:
            words = {"order": line.order_id.name, "supplier": line.partner_id.name}
            if line.order_id.state not in ("draft", "to approve"):
                raise UserError(
                    self.env._(
                        "%(supplier)s has got %(order)s by now: cancel it there first.", **words
                    )
                )
            asked = (line.oms_proposal_id.before or {}).get("lines", {}).get(str(line.id))
            if asked is None or abs(asked - line.product_qty) > 1e-6:
                raise UserError(
                    self.env._(
                        "%(product)s in %(order)s was changed to %(quantity)s %(unit)s meanwhile: "
                        "take it out there.",
                        product=line.product_id.display_name,
                        quantity=f"{line.product_qty:g}",
                        unit=line.product_uom_id.name,
                        **words,
                    )
                )
        orders = lines.order_id
        lines.unlink()
        # An order that asks for nothing any more was made for them alone.
        orders.filtered(lambda order: not order.order_line).button_cancel()
        self.before = False

    def _follow_cancelled(self):
        """Write down that purchases of which nothing came were cancelled or deleted."""
        for proposal in self.filtered(lambda each: each.state == "accepted"):
            orders = proposal.purchase_line_ids.order_id
            if all(order.state == "cancel" for order in orders) and not any(
                move.state == "done" for move in proposal.move_ids
            ):
                proposal.state = "undone"

    # === WHY === #

    @api.model
    def _get_part_words(self):
        return {
            **super()._get_part_words(),
            "holding": self.env._("storage and interest"),
            "order": self.env._("share of the order"),
        }

    def _get_detail_sentences(self, facts):
        sentences = super()._get_detail_sentences(facts)
        if self.kind != "purchase":
            return sentences
        unit, money = self.uom_id.name, self.currency_id.format
        others = self.site_rate - facts.get("own", self.site_rate)
        if others > 1e-6:
            sentences.append(
                self.env._("Of this, sites that it supplies want %s.", self._say_rate(others))
            )
        if facts.get("wanted") and self.quantity_proposed > facts["wanted"] + 1e-6:
            sentences.append(
                self.env._(
                    "%(wanted)s %(unit)s are missing; %(more)s more come with packs, the least "
                    "that is sold, or since more at once is cheaper.",
                    wanted=f"{facts['wanted']:g}",
                    unit=unit,
                    more=f"{self.quantity_proposed - facts['wanted']:g}",
                )
            )
        if facts.get("outcome") == "extended":
            sentences.append(
                self.env._(
                    "The order was raised to the minimum order of %(minimum)s that %(supplier)s "
                    "takes: it is worth %(value)s now, with all that is bought there for "
                    "%(site)s. That costs less than to wait or to ask others.",
                    minimum=money(facts["order_minimum"]),
                    supplier=self.supplier_id.name,
                    value=money(facts["order_value"]),
                    site=self.site_id.name,
                )
            )
        elif facts.get("order_minimum"):
            sentences.append(
                self.env._(
                    "The order is worth %(value)s; %(supplier)s takes none below %(minimum)s.",
                    value=money(facts["order_value"]),
                    supplier=self.supplier_id.name,
                    minimum=money(facts["order_minimum"]),
                )
            )
        if facts.get("order_cost"):
            sentences.append(
                self.env._(
                    "An order costs %(cost)s, shared by %(count)s of its lines.",
                    cost=money(facts["order_cost"]),
                    count=facts["order_lines"],
                )
            )
        return sentences
