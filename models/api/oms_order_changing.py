from contextlib import contextmanager
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date, plaintext2html

from ..intake.rows import Address, Buyer
from .contract_change import GivenChange, GivenLineChange


class Problem(NamedTuple):
    """A reason why a change cannot be made.

    :param str code: as in ``error.STATUSES``
    :param str message: in words
    :param str field: path in the change, or None
    """

    code: str
    message: str
    field: str | None = None


class ChangeRefused(UserError):
    """A change cannot be made; nothing of it is.

    :param list problems: ``Problem`` of each reason
    :param str status: as in ``contract_change.ChangedOrder``
    """

    def __init__(self, problems, status="refused"):
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems, self.status = problems, status


class OmsOrderChanging(models.AbstractModel):
    """Makes the changes that a channel sent of its confirmed orders.

    In the transaction of the caller, who rolls back what was done when one is refused.
    """

    _name = "oms.order.changing"
    _description = "Changing of Channel Orders"

    @api.model
    def _change(self, channel, order, given):
        """Change an order, wholly.

        :param channel: ``oms.channel`` of the order
        :param order: ``sale.order``, one
        :param GivenChange given: what the channel wants
        :raises ChangeRefused: something of it cannot be done; the caller rolls back
        """
        if given.if_revision and given.if_revision != order._oms_get_revision():
            message = self.env._(
                "Order %s was changed meanwhile: ask how it stands, and send the change again.",
                given.reference,
            )
            raise ChangeRefused([Problem("conflict", message, "if_revision")], "conflict")
        lookup = self._look_up(channel, given)
        problems = self._find_problems(order, given, lookup)
        plan = self._plan_lines(order, given, lookup, problems)
        if problems:
            raise ChangeRefused(problems)
        with self._telling(order):
            self._change_head(order, given, lookup)
            self._change_lines(order, given, plan)
            self._settle_total(channel, order, given, plan)
        order._oms_note(self.env._("Changed by the channel, change %s.", given.change))

    @api.model
    def _lower(self, order, left):
        """Take what was not shipped of lines off an order, as its channel wants it.

        :param order: ``sale.order``, one
        :param dict left: what stays ordered by ``sale.order.line``, in the product's unit
        """
        given = GivenChange.model_construct(reference=order.oms_external_ref, lines=[])
        with self._telling(order):
            for line, quantity in left.items():
                each = GivenLineChange.model_construct(quantity=quantity)
                vals = self._prepare_change(order, line, given, each, None, None)
                line.write(vals)
            order.oms_channel_total = False
        names = ", ".join(line.product_id.display_name for line in left)
        order._oms_note(self.env._("Cancelled by the channel: %s.", names))

    @contextmanager
    def _telling(self, order):
        """Change an order in the block, locked or not, and raise the event that says so."""
        events = order.oms_event_ids
        with order._oms_unlocked():
            yield
        self.env.flush_all()
        # Some changes raise it by themselves; the channel's other systems hear of all of them.
        if "order.changed" not in (order.oms_event_ids - events).mapped("event"):
            raised = order._oms_raise("order.changed")
            raised._run() if order.oms_channel_id.workflow_id else raised._finish()

    @api.model
    def _look_up(self, channel, given):
        placing = self.env["oms.order.placing"]
        priced = [*given.lines, given.shipping] if given.shipping else given.lines
        return placing._look_up_words(
            channel,
            products={line.product for line in given.lines if line.product},
            countries={given.ship_to.country} if given.ship_to else set(),
            rates={placing._write_rate(each.tax_rate) for each in priced if each.tax_rate},
        )

    # === WHAT CANNOT BE DONE === #

    @api.model
    def _find_problems(self, order, given, lookup):
        """Return what speaks against a change of an order, its lines apart.

        :rtype: list[Problem]
        """
        if order.state != "sale":
            message = self.env._("Order %s is cancelled.", given.reference)
            return [Problem("conflict", message, "reference")]
        problems = []
        goes = {"ship_to": given.ship_to, "wanted_at": given.wanted_at}
        if order.delivery_status == "full" and not given.lines:
            problems += [
                Problem("conflict", self.env._("All of the order has been shipped."), field)
                for field, wanted in goes.items()
                if wanted
            ]
        if given.ship_to and not lookup.countries.get(given.ship_to.country):
            message = self.env._("Nobody knows the country “%s”.", given.ship_to.country)
            problems.append(Problem("unknown_country", message, "ship_to.country"))
        if given.wanted_at and given.wanted_at < fields.Datetime.now():
            message = self.env._("The wanted date has passed.")
            problems.append(Problem("invalid", message, "wanted_at"))
        elif given.wanted_at and (problem := self._check_wanted(order, given.wanted_at)):
            problems.append(problem)
        if given.shipping and (problem := self._check_rate(given.shipping, lookup, "shipping")):
            problems.append(problem)
        return problems

    @api.model
    def _check_wanted(self, order, moment):
        """Return the problem of a day by which not all can be there any more, or None."""
        # sudo: a date is worked out with everything in sight, whoever asks for it
        proposed = order._oms_propose_dates().get(order.sudo(), {})
        soonest = max(proposed.values(), default=None)
        day, told = order._oms_get_wanted_day(moment=moment), order._oms_get_told_date()
        if not soonest or day >= soonest or (told and day >= told):
            return None
        message = self.env._(
            "%(wanted)s cannot be kept any more: %(promised)s is the first day that can be "
            "promised.",
            wanted=format_date(self.env, day),
            promised=format_date(self.env, soonest),
        )
        return Problem("wanted_too_soon", message, "wanted_at")

    @api.model
    def _check_rate(self, priced, lookup, field):
        """Return the problem of a tax rate that nobody knows, or None."""
        rate = priced.tax_rate
        if not rate or self.env["oms.order.placing"]._write_rate(rate) in lookup.taxes:
            return None
        message = self.env._("There is no tax of %s %%.", f"{rate:g}")
        return Problem("unknown_tax", message, f"{field}.tax_rate")

    # === ADDRESS, CONTACT, DATE, NOTE === #

    @api.model
    def _change_head(self, order, given, lookup):
        address = order.partner_shipping_id
        if given.ship_to or given.customer:
            address = self._find_address(order, given, lookup)
        vals = {}
        if address != order.partner_shipping_id:
            vals["partner_shipping_id"] = address.id
            # Guests are invoiced where their goods go.
            if order.partner_invoice_id == order.partner_shipping_id != order.partner_id:
                vals["partner_invoice_id"] = address.id
        if given.wanted_at:
            vals["commitment_date"] = vals["oms_wanted_at"] = given.wanted_at
        if given.note is not None:
            vals["note"] = plaintext2html(given.note) if given.note else False
        with_tax = given.prices_include_tax
        if with_tax is not None and with_tax != order.oms_channel_with_tax:
            vals["oms_channel_with_tax"] = with_tax
            # Prices that were sent before mean something else now: those of Odoo stay.
            order.order_line.oms_channel_price = False
        if vals:
            order.write(vals)

    @api.model
    def _find_address(self, order, given, lookup):
        """Return where the goods go now, with how the customer is reached there.

        The address of another order is never written on: one that differs is another contact.
        """
        now, contact = order.partner_shipping_id, given.customer
        ship_to = given.ship_to
        email = (contact and contact.email) or now.email or ""
        buyer = Buyer(
            known_as="",
            name="",
            delivery_name=(
                (ship_to and ship_to.name) or (contact and contact.name) or now.name or ""
            ),
            address=self._read_address(now, ship_to),
            email=email_normalize(email) or email,
            phone=(ship_to and ship_to.phone) or (contact and contact.phone) or now.phone or "",
        )
        countries = lookup.countries | {now.country_id.code: now.country_id}
        return self.env["oms.import.customers"]._find_or_create_address(
            order.company_id, order.partner_id, buyer, countries, reached=bool(contact)
        )

    @api.model
    def _read_address(self, partner, ship_to):
        if not ship_to:
            # What was found by the postcode nobody gave.
            given = not partner.oms_place_precision
            return Address(
                partner.street or "",
                partner.zip or "",
                partner.city or "",
                partner.state_id.name or "",
                partner.country_id.code or "",
                (given and partner.partner_latitude) or None,
                (given and partner.partner_longitude) or None,
            )
        return Address(
            ship_to.street or "",
            ship_to.zip or "",
            ship_to.city or "",
            ship_to.state or "",
            ship_to.country,
            ship_to.latitude,
            ship_to.longitude,
        )

    # === TOTALS === #

    @api.model
    def _settle_total(self, channel, order, given, plan):
        """Compare the new total with the channel's, as when the order was placed.

        :raises ChangeRefused: they differ by more than the channel's rule allows
        """
        if given.total is None:
            if plan.is_priced or given.shipping:
                # What the customer pays after the change, nobody said.
                order.oms_channel_total = False
            return
        placing = self.env["oms.order.placing"]
        product = self.env.ref("oms.product_difference")
        settled = order.order_line.filtered(lambda line: line.product_id == product)
        settled.price_unit = 0.0
        difference = placing._get_difference(given, order)
        if difference and channel.total_policy == "adjust" and settled:
            settled[0].price_unit = difference
        elif difference and not placing._settle(channel, given, order, difference, ()):
            problem = placing._explain_difference(given, order)
            raise ChangeRefused([Problem(problem.code, problem.message, "total")])
        order.oms_channel_total = given.total
