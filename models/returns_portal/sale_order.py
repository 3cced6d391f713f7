from odoo import models
from odoo.exceptions import UserError
from odoo.tools import formatLang
from odoo.tools.image import image_data_uri

from ..words import write_quantity
from .photo import MOST_BYTES, MOST_PHOTOS, PhotoError, read_photo
from .return_form import FormLine, ReasonChoice, ReturnForm, SiteChoice

#: Kinds of sites to which customers come.
VISITED = ("store", "pickup")
#: Stores of which customers choose one.
MOST_SITES = 50


class SaleOrder(models.Model):
    """Asking for a return as customers do it."""

    _inherit = "sale.order"

    # === WHAT THERE IS TO CHOOSE FROM === #

    def _oms_has_returnable(self):
        """Tell whether something of the order can come back.

        :rtype: bool
        """
        self.ensure_one()
        if self.state != "sale":
            return False
        return any(each["quantity"] > 0 for each in self._oms_get_returnable().values())

    def _oms_get_return_form(self):
        """Return what a customer can choose from, in the language of the context.

        :rtype: ReturnForm
        """
        self.ensure_one()
        # sudo: what the customer may see of his own order is chosen here
        order = self.sudo()
        returnable = order._oms_get_returnable()
        lines = [line._oms_get_form_line(told) for line, told in returnable.items()]
        policy = self.env["oms.return.policy"].sudo()
        policy = policy._find_for(order.oms_channel_id, order.company_id)
        sites = order._oms_get_return_sites() if policy.allow_dropoff else ()
        reasons = self.env["oms.return.reason"].sudo().search([("offered", "=", True)])
        return ReturnForm(
            lines=tuple(line for line in lines if not line.reason),
            kept=tuple(line for line in lines if line.reason),
            reasons=tuple(
                ReasonChoice(each.id, each.name, each.needs_note, each.needs_photo)
                for each in reasons
            ),
            outcomes=tuple(order._oms_get_return_outcomes(policy)),
            ways=tuple(order._oms_get_return_ways(policy, bool(sites))),
            sites=sites,
            terms=tuple(order._oms_get_return_terms(policy)),
        )

    def _oms_get_return_outcomes(self, policy):
        """Return keys and words of what the customer can get."""
        words = {
            "refund": self.env._("My money back"),
            "exchange": self.env._("The same again, in good order"),
            "credit": self.env._("A credit for the next purchase"),
        }
        known = self.env["oms.return"]._knows_store_credit(self.company_id)
        for outcome, text in words.items():
            if policy[f"allow_{outcome}"] and (outcome != "credit" or known):
                yield outcome, text

    def _oms_get_return_ways(self, policy, has_sites):
        """Return keys and words of how the goods can come back."""
        words = {
            "label": self.env._("I send it, with a label from you"),
            "dropoff": self.env._("I bring it to a store"),
            "pickup": self.env._("It is picked up at my address"),
        }
        for way, text in words.items():
            if policy[f"allow_{way}"] and (way != "dropoff" or has_sites):
                yield way, text

    def _oms_get_return_sites(self):
        """Return the stores to which the goods can be brought, the nearest first.

        :rtype: tuple[SiteChoice]
        """
        sites = self.env["oms.site"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("takes_returns", "=", True),
                ("warehouse_id", "!=", False),
                ("kind", "in", VISITED),
            ]
        )
        far = sites._get_kilometers_to_partner(self.partner_shipping_id or self.partner_id)
        sites = sites.sorted(lambda site: (far.get(site, float("inf")), site.name or "", site.id))
        return tuple(
            SiteChoice(site.id, site.name, site.partner_id.contact_address_inline or "")
            for site in sites[:MOST_SITES]
        )

    def _oms_get_return_terms(self, policy):
        """Return what the policy says, in sentences."""
        if policy.description:
            yield from filter(None, policy.description.splitlines())
            return
        currency = policy.currency_id
        if policy.fee_fixed:
            yield self.env._(
                "%s is kept back for each return, unless something is wrong with the goods.",
                formatLang(self.env, policy.fee_fixed, currency_obj=currency),
            )
        if policy.fee_percent:
            yield self.env._(
                "%.12g %% of the price is kept back, unless something is wrong with the goods.",
                policy.fee_percent,
            )

    # === WHAT IS CHOSEN === #

    def _oms_request_return(self, wish, origin, **more):
        """Ask for what a customer wants; what was asked for with the same key is not asked again.

        :param return_form.Wish wish: what is wanted
        :param str origin: as in ``oms.return``
        :param more: further values of ``oms.return._request``
        :return: the return
        :rtype: oms.return
        :raises UserError: something of it cannot be returned, or a photo is none
        """
        self.ensure_one()
        if wish.key:
            # sudo: only what this very form asked for before
            known = self.sudo().oms_return_ids.filtered(lambda each: each.request_key == wish.key)
            if known:
                return known.with_env(self.env)
        lines = [
            {
                "sale_line_id": line.line_id,
                "quantity": line.quantity,
                "reason_id": line.reason_id,
                "note": line.note or False,
                "photo_ids": self._oms_keep_photos(line.photos).ids,
            }
            for line in wish.lines
        ]
        made = self.env["oms.return"]._request(
            {
                "order_id": self.id,
                "lines": lines,
                "origin": origin,
                "outcome": wish.outcome,
                "way": wish.way,
                "site_id": wish.site_id,
                "note": wish.note or False,
                "partner_id": self._oms_get_return_partner().id,
                **more,
            }
        )
        # sudo: nobody writes returns
        made.sudo().request_key = wish.key
        return made

    def _oms_get_return_partner(self):
        """Return who is told how a return of the order stands.

        :rtype: res.partner
        """
        self.ensure_one()
        # Guests share a customer: who they are says the address of their order.
        address = self.partner_shipping_id
        known = address if address.email or address.phone else self.partner_id
        return self.partner_id if self.partner_id.email else known

    def _oms_keep_photos(self, files):
        """Keep photos of customers, which belong to no return yet.

        :param files: content of each
        :return: ``ir.attachment``
        :raises UserError: one of them is no photo, or there are too many
        """
        if len(files) > MOST_PHOTOS:
            raise UserError(self.env._("Add up to %s photos of each product.", MOST_PHOTOS))
        try:
            photos = [read_photo(content, place + 1) for place, content in enumerate(files)]
        except PhotoError as error:
            raise UserError(self._oms_tell_photo(error.reason)) from None
        # sudo: customers keep nothing by themselves
        attachments = self.env["ir.attachment"].sudo()
        # Until the return is there they are of the order, so that nobody else can read them.
        return attachments.create(
            [
                {
                    "name": photo.name,
                    "raw": photo.content,
                    "mimetype": "image/jpeg",
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for photo in photos
            ]
        )

    def _oms_tell_photo(self, reason):
        """Say why a photo is none."""
        if reason in ("size", "pixels"):
            return self.env._("A photo is too large: up to %s MB each.", MOST_BYTES // 1_000_000)
        if reason == "empty":
            return self.env._("A photo is empty: add it again.")
        return self.env._("A photo cannot be read: add JPEG or PNG files.")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_get_form_line(self, told):
        """Return what a customer sees of the line.

        :param told: of ``_oms_get_returnable``
        :rtype: FormLine
        """
        self.ensure_one()
        product = self.product_id
        price = formatLang(self.env, self._oms_get_return_price(), currency_obj=self.currency_id)
        # Phones need no larger pictures, and the page has them all in it.
        image = product.image_128
        until = told["until"]
        return FormLine(
            id=self.id,
            name=product.with_context(display_default_code=False).display_name,
            quantity=told["quantity"],
            available=write_quantity(self.env, told["quantity"], product.uom_id),
            step=1.0 if product.tracking == "serial" else product.uom_id.rounding,
            price=price,
            until=(until and until.date()) or None,
            reason=told["reason"],
            image=image_data_uri(image) if image else "",
        )
