import time

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

#: Seconds for which a guest may see and send back an order after the code.
GRANT_SECONDS = 2 * 3600
_ASK, _GRANTS = "oms_return_ask", "oms_return_grants"


def public_route(path, method, **options):
    """Return the decorator of a page of the shop's site that everybody can open.

    :param str path: of the page
    :param str method: of HTTP
    :param options: further ones of Odoo's ``route``
    """
    return http.route(
        path,
        type="http",
        auth="public",
        methods=[method],
        website=True,
        sitemap=False,
        **options,
    )


def keep_private(response):
    """Have a page kept and found by nobody else; return it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def grant(record):
    """Let the guest of this session see a record for a while."""
    grants = {key: until for key, until in _get_grants().items() if until > time.time()}
    grants[f"{record._name},{record.id}"] = time.time() + GRANT_SECONDS
    request.session[_GRANTS] = grants
    # Who knew the session before does not share what it may see now.
    request.session.should_rotate = True


def get_granted(model, record_id):
    """Return a record that the guest of this session may see, with the rights to; or an empty one.

    :param str model: name of the model
    :param int record_id: as it came
    """
    # sudo: the guest has proved that it is his, by a code or an address that only he was sent
    records = request.env[model].sudo()
    if _get_grants().get(f"{model},{record_id}", 0.0) <= time.time():
        return records
    return records.browse(record_id).exists()


def _get_grants():
    return request.session.get(_GRANTS) or {}


class ReturnGuest(http.Controller):
    """Guests prove that an order is theirs: by its number, the mail address, and a mailed code.

    Whether there is such an order can be told from no answer, nor from how long it takes.
    """

    @public_route("/oms/returns", "GET")
    def begin(self, order=None, **_kw):
        """Show where the number and the mail address are entered."""
        return self._show_begin(order or "", "")

    @public_route("/oms/returns", "POST")
    def ask(self, order=None, email=None, **_kw):
        """Take down that a code is asked for."""
        try:
            request.session[_ASK] = request.env["oms.return.ask"]._ask(
                order, email, request.httprequest.remote_addr
            )
        except UserError as error:
            return self._show_begin(order or "", email or "", str(error))
        return request.redirect("/oms/returns/code", code=303)

    def _show_begin(self, order, email, error=""):
        values = {"order": order[:64], "email": email[:254], "error": error}
        response = request.render("oms.return_guest_begin", values)
        response.status_code = 422 if error else 200
        return keep_private(response)

    @public_route("/oms/returns/code", "GET")
    def show_code(self, **_kw):
        """Show where the code is entered."""
        if _ASK not in request.session:
            return request.redirect("/oms/returns")
        return self._show_code()

    @public_route("/oms/returns/code", "POST")
    def enter_code(self, code=None, **_kw):
        """Let the guest go on if the code is the one that was mailed."""
        order = request.env["oms.return.ask"]._enter(request.session.get(_ASK), code or "")
        if not order:
            return self._show_code(
                request.env._(
                    "This code does not hold. Look at the last mail from us; after half an hour, "
                    "or several wrong codes, you need another one."
                )
            )
        request.session.pop(_ASK, None)
        grant(order)
        return request.redirect(f"/my/orders/{order.id}/return", code=303)

    def _show_code(self, error=""):
        response = request.render("oms.return_guest_code", {"error": error})
        response.status_code = 422 if error else 200
        return keep_private(response)
