import uuid

from psycopg2 import OperationalError
from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request, route

from odoo.addons.sale.controllers.portal import CustomerPortal

from ..models.returns_portal.photo import MOST_BYTES, MOST_FORM_BYTES
from ..models.returns_portal.return_form import read_wish
from .returns_guest import get_granted, grant, keep_private, public_route

#: Returns of one page.
MOST_SHOWN = 80


class ReturnPortal(CustomerPortal):
    """What customers send back: who is logged in by the own orders, guests after their code."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "oms_return_count" in counters:
            values["oms_return_count"] = len(self._search_returns(request.env.user.partner_id))
        return values

    def _search_returns(self, partner):
        """Return the returns of a customer's own orders, the last first.

        :param partner: ``res.partner``
        """
        orders = request.env["sale.order"]
        if not orders.has_access("read"):
            # sudo: nothing is read of it
            return request.env["oms.return"].sudo()
        domain = [("order_id.partner_id", "child_of", partner.commercial_partner_id.ids)]
        # sudo: customers do not read returns; only those of orders that they may read are kept
        found = request.env["oms.return"].sudo().search(domain, limit=200)
        readable = found.order_id.sudo(False)._filtered_access("read")
        return found.filtered(lambda each: each.order_id in readable.sudo())

    # === WHO MAY === #

    def _find_own_order(self, order_id):
        """Return an order of which the visitor may send something back.

        :param int order_id: as it came
        :return: ``sale.order`` with all rights; empty if it is not his
        """
        order = get_granted("sale.order", order_id)
        if order or request.env.user._is_public():
            return order
        try:
            return self._document_check_access("sale.order", order_id)
        except (AccessError, MissingError):
            return order

    def _find_own_return(self, return_id):
        """Return a return that the visitor may see.

        :param int return_id: as it came
        :return: ``oms.return`` with all rights; empty if it is not his
        """
        record = get_granted("oms.return", return_id)
        if record:
            return record
        # sudo: whose it is tells its order
        asked = request.env["oms.return"].sudo().browse(return_id).exists()
        return asked if asked.order_id and self._find_own_order(asked.order_id.id) else record

    def _turn_away(self, path):
        """Send a visitor to where he can prove who he is; whether there is a thing is not told."""
        if request.env.user._is_public():
            return request.redirect(f"/web/login?redirect={path}")
        return request.redirect("/my")

    # === ASKING === #

    @public_route("/my/orders/<int:order_id>/return", "GET")
    def portal_order_return(self, order_id, **_kw):
        """Show what of an order can come back."""
        order = self._find_own_order(order_id)
        if not order:
            return self._turn_away(f"/my/orders/{order_id}/return")
        return self._show_form(order, {"key": str(uuid.uuid4())})

    @public_route("/my/orders/<int:order_id>/return", "POST", max_content_length=MOST_FORM_BYTES)
    def portal_order_ask_return(self, order_id, **form):
        """Ask for what the customer filled in, and show the return."""
        order = self._find_own_order(order_id)
        if not order:
            return self._turn_away(f"/my/orders/{order_id}/return")
        order = order.with_context(lang=request.env.lang)
        wish = read_wish(form, _read_files, order.order_line.ids)
        try:
            with request.env.cr.savepoint():
                made = order._oms_request_return(wish, "portal")
                request.env.flush_all()
        except OperationalError:
            raise
        except UserError as error:
            return self._show_form(order, form, str(error))
        if request.env.user._is_public():
            grant(made)
        return request.redirect(f"/my/returns/{made.id}", code=303)

    def _show_form(self, order, filled, error=""):
        values = self._prepare_portal_layout_values()
        order = order.with_context(lang=request.env.lang)
        values.update(
            {
                "page_name": "oms_return_form",
                "sale_order": order,
                "form": order._oms_get_return_form(),
                "filled": {name: value for name, value in filled.items() if isinstance(value, str)},
                "error": error,
            }
        )
        response = request.render("oms.portal_return_form", values)
        response.status_code = 422 if error else 200
        return keep_private(response)

    # === SEEING === #

    @route("/my/returns", type="http", auth="user", website=True, readonly=True)
    def portal_my_returns(self, **_kw):
        """List what the customer sent back, or is about to."""
        values = self._prepare_portal_layout_values()
        found = self._search_returns(request.env.user.partner_id)[:MOST_SHOWN]
        found = found.with_context(lang=request.env.lang)
        values.update(
            {
                "page_name": "oms_returns",
                "returns": [(each.id, each.requested_at, each._get_page_view()) for each in found],
            }
        )
        return request.render("oms.portal_my_returns", values)

    @public_route("/my/returns/<int:return_id>", "GET")
    def portal_return(self, return_id, **_kw):
        """Show how a return stands, with its label or code."""
        record = self._find_own_return(return_id)
        if not record:
            return self._turn_away(f"/my/returns/{return_id}")
        return self._show_return(record)

    def _show_return(self, record, error=""):
        values = self._prepare_portal_layout_values()
        values.update(
            {
                "page_name": "oms_return",
                "return_id": record.id,
                "order_id": record.order_id.id,
                "view": record.with_context(lang=request.env.lang)._get_page_view(),
                "error": error,
            }
        )
        response = request.render("oms.portal_return", values)
        response.status_code = 422 if error else 200
        return keep_private(response)

    @public_route("/my/returns/<int:return_id>/label/<int:label_id>", "GET")
    def portal_return_label(self, return_id, label_id, **_kw):
        """Give the customer a file for the way back."""
        record = self._find_own_return(return_id)
        label = record and record._get_customer_labels().filtered(lambda each: each.id == label_id)
        if not label:
            raise NotFound
        return keep_private(
            request.make_response(
                label.raw,
                [
                    ("Content-Type", label.mimetype or "application/octet-stream"),
                    ("Content-Disposition", content_disposition(label.name)),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Content-Security-Policy", "default-src 'none'; sandbox"),
                ],
            )
        )

    @public_route("/my/returns/<int:return_id>/cancel", "POST")
    def portal_return_cancel(self, return_id, **_kw):
        """Give a return up of which nothing has come."""
        record = self._find_own_return(return_id)
        if not record:
            return self._turn_away(f"/my/returns/{return_id}")
        try:
            with request.env.cr.savepoint():
                record.with_context(lang=request.env.lang)._cancel()
                request.env.flush_all()
        except OperationalError:
            raise
        except UserError as error:
            return self._show_return(record, str(error))
        return request.redirect(f"/my/returns/{return_id}", code=303)

    # === FROM A MAIL === #

    @public_route("/oms/returns/open", "GET")
    def open_return(self, **_kw):
        """Show a page that sends the part of its address behind the #, which it got from a mail."""
        return keep_private(request.render("oms.return_open", {"error": ""}))

    @public_route("/oms/returns/open", "POST")
    def open_return_by_key(self, key=None, **_kw):
        """Let the visitor see the return of a mail's address."""
        record = request.env["oms.return"]._find_by_customer_key(key)
        if not record:
            message = request.env._("This address does not lead to a return any more.")
            response = request.render("oms.return_open", {"error": message})
            response.status_code = 404
            return keep_private(response)
        grant(record)
        return request.redirect(f"/my/returns/{record.id}", code=303)


def _read_files(name):
    """Return the files of a field of the form, each up to a byte more than is taken."""
    for sent in request.httprequest.files.getlist(name):
        # A field without a file comes as a file without a name.
        if sent.filename:
            yield sent.stream.read(MOST_BYTES + 1)
