import xmlrpc.client

from odoo.http import dispatch_rpc, request

from odoo.addons.rpc.controllers import RPC
from odoo.addons.rpc.controllers.xmlrpc import dumps

from ..models.api.endpoint import get_failure
from ..models.api.error import STATUSES, get_shape
from ..models.api.ir_http import FACADE, LOGIN_CALLS
from ..models.api.res_users import checked_in


class XmlRpc(RPC):
    """XML-RPC, as far as the channel API is called: it knows no empty value and one text per fault.

    What is null is left out. A fault has the HTTP status as its number, and the error as its
    text, in JSON and in the shape of the API.
    """

    def _xmlrpc(self, service):
        if service != "object" or not request.db:
            return super()._xmlrpc(service)
        with checked_in(request.db):
            return self._xmlrpc_checked(super()._xmlrpc, service)

    def _xmlrpc_checked(self, run, service):
        """Hold a call to what systems of channels may do, and run it."""
        params, method = xmlrpc.client.loads(request.httprequest.get_data(), use_datetime=True)
        called = tuple(params[3:5])
        if called[:1] != (FACADE,):
            if called not in LOGIN_CALLS:
                self._check_no_system(params[1:2])
            return run(service)
        try:
            http = request.registry["ir.http"]
            if http._is_too_large():
                http._refuse_size()
            return dumps((_leave_out_null(dispatch_rpc(service, method, params)),))
        except Exception as error:
            # get_shape logs what is a fault of the server
            failure = get_failure(request.env, error, method, *called[1:] or (None,))
            shape = get_shape(request.env, failure)
            return dumps(xmlrpc.client.Fault(STATUSES[shape.code], shape.to_json()))

    def _check_no_system(self, uids):
        """Keep the systems of channels to the facade.

        :raises AccessError: the user is one of them
        """
        with request.registry.cursor(readonly=True) as cr:
            # Odoo has closed the cursor of the request.
            env = request.env(cr=cr)
            http = request.registry["ir.http"]
            http._check_no_oms_channel_user(http._find_rpc_user(env, *uids or (0,)))


def _leave_out_null(value):
    if isinstance(value, dict):
        return {key: _leave_out_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_leave_out_null(each) for each in value]
    return value
