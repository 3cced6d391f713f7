from odoo import http
from odoo.http import request


class Pickup(http.Controller):
    """The page with the code that a customer shows in the store."""

    @http.route(
        "/oms/pickup/<string:token>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def show(self, token):
        """Show a customer what waits, where, until when, and its code as a picture.

        :param str token: of the address that the customer was sent; nothing else opens the page
        """
        fulfillment = request.env["oms.fulfillment"]._find_by_token(token)
        if not fulfillment:
            raise request.not_found()
        lang = fulfillment.pickup_partner_id.lang
        if lang and request.env["res.lang"]._get_data(code=lang):
            # The words of the page as well as what stands in it, whoever's browser it is.
            request.update_context(lang=lang)
            fulfillment = fulfillment.with_context(lang=lang)
        language = (request.env.lang or "en_US").replace("_", "-")
        values = {**fulfillment._prepare_pickup_page(), "html_data": {"lang": language}}
        response = request.render("oms.pickup_page", values)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
