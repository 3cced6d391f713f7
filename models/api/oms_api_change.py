from typing import Annotated

from pydantic import Field

from odoo import api, models

from .contract import Faulty, Item
from .contract_change import ChangedOrders, GivenChange
from .endpoint import endpoint, get_problem_text

#: Changes of one call.
MOST_CHANGES = 100

Changes = Annotated[
    list[Annotated[GivenChange, Item]], Field(min_length=1, max_length=MOST_CHANGES)
]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    @endpoint
    def change_order(self, channel, changes: Changes) -> ChangedOrders:
        """Change what has not been shipped of orders, each change once.

        Quantities go up and down, lines come and go, and so do address, contact, note, wanted
        date and prices. Each order is changed whole or not at all; what becomes of one has no
        say in the others. What was refused changes nothing and may be sent again, mended. It is
        final when the answer is there. An order that waits for somebody to mend something is
        changed where it waits, and placed if nothing is missing then.

        :param changes: up to 100 changes, done one after the other
        :return: what became of each, in the order asked
        """
        answers = [self._refuse_change(index, each) for index, each in enumerate(changes)]
        good = [each for each, answer in zip(changes, answers, strict=True) if not answer]
        outcomes = iter(self.env["oms.order.change"]._change(channel, good))
        return {
            "orders": [
                answer or self._tell_change(index, each, next(outcomes))
                for index, (each, answer) in enumerate(zip(changes, answers, strict=True))
            ]
        }

    @api.model
    def _refuse_change(self, index, given):
        """Return the answer to a change that cannot be read, or None."""
        field = f"changes.{index}"
        if isinstance(given, Faulty):
            error = self._refuse(
                "invalid",
                get_problem_text(self.env, given.problems, "changes"),
                ".".join(map(str, (field, *given.problems[0]["loc"])))[:200],
            )
        else:
            error = self._refuse_quantities(given.lines, field)
        if not error:
            return None
        return {
            "reference": given.reference,
            "change": getattr(given, "change", None),
            "status": "refused",
            "error": error,
            "errors": [error],
        }

    @api.model
    def _tell_change(self, index, given, outcome):
        errors = [
            self._refuse(
                problem.code,
                problem.message,
                f"changes.{index}.{problem.field}" if problem.field else None,
            )
            for problem in outcome.problems
        ]
        return {
            "reference": given.reference,
            "change": given.change,
            "status": outcome.status,
            "order": outcome.name,
            "total": outcome.total,
            "revision": outcome.revision,
            "error": errors[0] if errors else None,
            "errors": errors,
        }
