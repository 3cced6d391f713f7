from typing import NamedTuple

from odoo import models


class Applied(NamedTuple):
    """What came of a message.

    :param text: for people
    :param missing: what it tells of and is not known here yet; it is tried again as long as there
        is any
    """

    text: str
    missing: str = ""


class OmsWebhookHandler(models.AbstractModel):
    """A kind of sender. Inherit it, and name the kind in ``oms.webhook.event._get_handlers``.

    What it is asked runs with all rights: nobody is logged in when machines call.
    """

    _name = "oms.webhook.handler"
    _description = "Webhook Handler"

    def _get_title(self):
        """Return what the kind is called.

        :rtype: str
        """
        raise NotImplementedError

    def _find_source(self, token):
        """Return for whom messages to an address are.

        :param str token: part of the address that nobody can guess
        :return: a record with ``company_id``, nothing where the address is wrong
        """
        raise NotImplementedError

    def _is_genuine(self, source, message):
        """Tell whether a message comes from whom it says; where nobody can tell, it does not.

        :param source: see :meth:`_find_source`
        :param message: ``connectors.carrier.Message``
        :rtype: bool
        """
        raise NotImplementedError

    def _get_message_id(self, source, message):
        """Return what names a message however often it is sent, '' where its bytes do.

        :rtype: str
        """
        return ""

    def _apply(self, event, body):
        """Write down what a message tells, as often as it is called.

        :param event: ``oms.webhook.event``
        :param bytes body: as it came
        :rtype: Applied
        :raises odoo.exceptions.UserError: nobody can make anything of it; a person has to look
        """
        raise NotImplementedError
