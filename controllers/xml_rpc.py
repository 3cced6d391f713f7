import xmlrpc.client

from odoo.http import dispatch_rpc, request

from odoo.addons.rpc.controllers import RPC
from odoo.addons.rpc.controllers.xmlrpc import dumps

from ..models.api.error import STATUSES, get_shape

#: What every call to the channel API has in its body.
_FACADE = b"oms.api"


class XmlRpc(RPC):
    """XML-RPC, as far as the channel API is called: it knows no empty value and one text per fault.

    What is null is left out. A fault has the HTTP status as its number, and the error as its
    text, in JSON and in the shape of the API.
    """

    def _xmlrpc(self, service):
        data = request.httprequest.get_data()
        if service != "object" or _FACADE not in data:
            return super()._xmlrpc(service)
        params, method = xmlrpc.client.loads(data, use_datetime=True)
        if _FACADE.decode() not in params[3:4]:
            return super()._xmlrpc(service)
        try:
            return dumps((_leave_out_null(dispatch_rpc(service, method, params)),))
        except Exception as error:
            # get_shape logs what is a fault of the server
            shape = get_shape(request.env, error)
            return dumps(xmlrpc.client.Fault(STATUSES[shape.code], shape.to_json()))


def _leave_out_null(value):
    if isinstance(value, dict):
        return {key: _leave_out_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_leave_out_null(each) for each in value]
    return value
