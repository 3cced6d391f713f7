from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal


class TrackingPortal(CustomerPortal):
    """Where the goods of an order are, for its customer."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "oms_shipment_count" in counters:
            orders = request.env["sale.order"]
            partner = request.env.user.partner_id
            values["oms_shipment_count"] = (
                self._count_under_way(partner) if orders.has_access("read") else 0
            )
        return values

    def _search_under_way(self, partner):
        """Return the orders of a customer of which goods are under way, as far as he may read."""
        orders = request.env["sale.order"]
        domain = orders._oms_search_under_way(partner)
        # sudo: customers do not read fulfillments, only whether there are any
        under_way = orders.sudo().search(domain, order="date_order desc, id desc", limit=200)
        return under_way.sudo(False)._filtered_access("read")

    def _count_under_way(self, partner):
        return len(self._search_under_way(partner))

    @route("/my/shipments", type="http", auth="user", website=True, readonly=True)
    def portal_my_shipments(self, **_kw):
        """List the orders of the customer of which something is under way."""
        orders = self._search_under_way(request.env.user.partner_id)
        values = self._prepare_portal_layout_values()
        values.update(
            {
                "page_name": "oms_shipments",
                "shipments": [
                    (order, order._oms_get_shipment_views()) for order in orders.sudo()[:80]
                ],
            }
        )
        return request.render("oms.portal_my_shipments", values)

    @route("/my/orders/<int:order_id>/tracking", type="http", auth="public", website=True)
    def portal_order_tracking(self, order_id, access_token=None, **kw):
        """Show where the goods of an order are: to its customer, or with the link from a mail."""
        try:
            order = self._document_check_access("sale.order", order_id, access_token=access_token)
        except (AccessError, MissingError):
            if request.env.user._is_public() and not access_token:
                return request.redirect(f"/web/login?redirect=/my/orders/{order_id}/tracking")
            return request.redirect("/my")
        if order.state == "draft" or not order._oms_has_shipments():
            raise NotFound
        values = self._get_page_view_values(
            order,
            access_token,
            {
                "page_name": "oms_tracking",
                "sale_order": order,
                "shipments": order.with_context(lang=request.env.lang)._oms_get_shipment_views(),
            },
            "my_orders_history",
            False,
            **kw,
        )
        response = request.render("oms.portal_order_tracking", values)
        # The address may have the order's token in it, which is nobody else's.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
