from contextlib import contextmanager
from contextvars import ContextVar

from odoo import models

from .error import ApiError

#: Database whose rules for channels the call that is run was held to; None if there is none.
_checked = ContextVar("oms_checked_database", default=None)


@contextmanager
def checked_in(name):
    """Run a call over one of Odoo's older ways that was held to the rules of a database.

    :param str name: of the database
    """
    token = _checked.set(name)
    try:
        yield
    finally:
        _checked.reset(token)


class ResUsers(models.Model):
    """Keys of channels' systems where a server has several databases.

    If a call does not say in its head which one is meant, or says another one, nobody holds it to
    what systems of channels may do before it is run.
    """

    _inherit = "res.users"

    def _check_uid_passwd(self, uid, passwd):
        res = super()._check_uid_passwd(uid, passwd)
        if _checked.get() != self.env.cr.dbname:
            self._check_oms_database_named(self.browse(uid))
        return res

    def _check_oms_database_named(self, user):
        """Keep systems of channels from calls that name the database in their arguments only.

        :raises ApiError: the user is one of them
        """
        if self.env["ir.http"]._is_oms_channel_user(user):
            raise ApiError(
                "forbidden",
                self.env._(
                    "This server has several databases: say with the header X-Odoo-Database, or "
                    "by a host name of its own, which one you call."
                ),
            )
