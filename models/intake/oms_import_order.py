import time
from collections import defaultdict

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

from .reader import parse_date
from .rows import fingerprint
from .work import Chunk, Issue, Outcome

#: Orders whose rows are held in memory at once.
WINDOW = 2000
#: What an order that the database or Odoo refuses may raise.
REFUSALS = (UserError, psycopg2.IntegrityError, psycopg2.DataError)


class OmsImportOrders(models.AbstractModel):
    """Files of order lines: one order per channel and reference, whole or not at all."""

    _name = "oms.import.orders"
    _inherit = ["oms.import.handler"]
    _description = "Import of Orders"

    _chunk_size = 50
    _group = "oms.group_order_operator"
    _seconds_per_row = 0.1
    _reference_columns = ("order_id",)

    # === CHUNKS: whole orders, in order of date and reference === #

    def _iter_chunks(self, job, reading, start):
        """Cut the file into chunks of whole orders, in order of date and reference.

        Only the key and date of each row are held for the whole file; the rows themselves are
        read again for a window of orders at a time.
        """
        ranks = self._rank_orders(job, reading)
        for window in range(start, len(ranks), WINDOW):
            keys = ranks[window : window + WINDOW]
            rows = defaultdict(list)
            wanted = set(keys)
            for raw in reading.table.rows():
                key = self._get_order_key(reading, raw)
                if key in wanted:
                    rows[key].append(reading.parse(raw))
            for offset in range(0, len(keys), self._chunk_size):
                batch = keys[offset : offset + self._chunk_size]
                yield Chunk([tuple(rows[key]) for key in batch], window + offset + len(batch))

    def _count_units(self, job, reading):
        return len(self._rank_orders(job, reading))

    def _get_order_key(self, reading, raw):
        reference = reading.cell("order_id", raw.cells)
        # A row without a reference stands alone, so that it spoils no order.
        return (reading.cell("channel", raw.cells), reference, "" if reference else raw.line)

    def _rank_orders(self, job, reading):
        """Return the keys of the orders that the job is about, in order of date and reference."""
        dates = {}
        for raw in reading.table.rows():
            key = self._get_order_key(reading, raw)
            text = reading.cell("order_date", raw.cells)
            try:
                date = parse_date(text, reading.options.date_format).isoformat()
            except ValueError:
                date = text
            dates[key] = min(dates.get(key, date), date)
        ranks = sorted(
            (key for key, date in dates.items() if not job.month or date[:7] == job.month),
            key=lambda key: (dates[key], key[1], key[0], str(key[2])),
        )
        return ranks[: job.order_limit] if job.order_limit else ranks

    # === CHECKS === #

    def _process(self, job, reading, units, dry):
        outcome = Outcome()
        rows = [record.row for unit in units for record in unit if record.row]
        channels = self._find_channels(job, {row.channel for row in rows})
        codes = {row.product_id for row in rows}
        products, ambiguous = self._find_products(job, codes)
        missing = codes - products.keys() if job.create_products else set()
        countries = self._find_countries(row.address.country for row in rows)
        good = []
        for unit in units:
            faults = self._get_faults(unit, channels, products, ambiguous, missing, countries)
            if faults:
                outcome.refuse(
                    unit,
                    faults,
                    reading.cell("order_id", unit[0].cells),
                    self.env._("The row is good, but belongs to an order with an error."),
                )
            else:
                good.append(unit)
        if missing and not dry:
            wanted = {record.row.product_id for unit in good for record in unit} & missing
            products.update(self._create_products(wanted))
        new, to_confirm = self._sort_out(good, channels, outcome)
        outcome.created = len(new)
        if not dry:
            orders = self._create_orders(job, new, channels, products, countries)
            if job.confirm_orders:
                self._confirm(job, to_confirm | orders, good, outcome)
        return outcome

    def _find_channels(self, job, codes):
        """Return channels by what the rows call them; '' is the channel of the job."""
        found = self.env["oms.channel"].search(
            [("code", "in", list(codes)), ("company_id", "=", job.company_id.id)]
        )
        channels = {channel.code: channel for channel in found}
        if job.channel_id:
            channels[""] = job.channel_id
        return channels

    def _get_faults(self, unit, channels, products, ambiguous, missing, countries):
        """Return what is wrong with an order, by index of the row."""
        faults = {}
        first = unit[0].row
        for index, record in enumerate(unit):
            row = record.row
            messages = list(record.faults)
            if row:
                if row.channel not in channels:
                    messages.append(
                        self.env._("There is no channel “%s”.", row.channel)
                        if row.channel
                        else self.env._("Name a channel in the file, or choose one.")
                    )
                if row.product_id not in missing:
                    messages.append(self._get_product_fault(row.product_id, products, ambiguous))
                messages.append(self._get_quantity_fault(row.quantity))
                if row.address.country and not countries[row.address.country]:
                    messages.append(self.env._("There is no country “%s”.", row.address.country))
                if first and (row.order_date, row.customer_id, row.name, row.address) != (
                    first.order_date,
                    first.customer_id,
                    first.name,
                    first.address,
                ):
                    messages.append(
                        self.env._(
                            "Line %s of the same order gives another date, customer or address.",
                            unit[0].line,
                        )
                    )
            if any(messages):
                faults[index] = "\n".join(filter(None, messages))
        return faults

    def _sort_out(self, units, channels, outcome):
        """Tell new orders from known ones, and known ones from changed ones.

        :return: the units to create, and the known orders that are still to confirm
        """
        known = {
            (order.oms_channel_id, order.oms_external_ref): order
            # sudo: the reference is unique among all orders, also those of other salespeople
            for order in self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("oms_channel_id", "in", [channel.id for channel in channels.values()]),
                    ("oms_external_ref", "in", [unit[0].row.order_id for unit in units]),
                ]
            )
        }
        new, to_confirm = [], self.env["sale.order"]
        for unit in units:
            row = unit[0].row
            order = known.get((channels[row.channel], row.order_id))
            if not order:
                new.append(unit)
            elif order.oms_content_hash == fingerprint([record.row for record in unit]):
                outcome.unchanged += 1
                if order.state in ("draft", "sent"):
                    to_confirm |= order.sudo(False)
            else:
                message = self.env._(
                    "The channel has this order already, as %s, with another content: nothing was "
                    "changed.",
                    order.name,
                )
                outcome.refuse(unit, {}, row.order_id, message)
        return new, to_confirm

    # === ORDERS === #

    def _create_orders(self, job, units, channels, products, countries):
        """Create quotations.

        :return: ``sale.order`` recordset in the order of the units
        """
        if not units:
            return self.env["sale.order"]
        customers = self.env["oms.import.customers"]._find_or_create(
            job.company_id,
            [(channels[unit[0].row.channel], unit[0].row.buyer) for unit in units],
            countries,
        )
        vals_list = []
        for unit, (customer, address) in zip(units, customers, strict=True):
            first = unit[0].row
            vals_list.append(
                {
                    "company_id": job.company_id.id,
                    "partner_id": customer.id,
                    "partner_invoice_id": customer.id,
                    "partner_shipping_id": address.id,
                    "oms_channel_id": channels[first.channel].id,
                    "oms_external_ref": first.order_id,
                    "oms_content_hash": fingerprint([record.row for record in unit]),
                    "oms_import_id": job.id,
                    "client_order_ref": first.order_id,
                    "date_order": first.order_date,
                    # The price of the file, or the product's own, in the company's currency.
                    "pricelist_id": False,
                    "order_line": [
                        fields.Command.create(
                            self._prepare_line_vals(record.row, products[record.row.product_id])
                        )
                        for record in unit
                    ],
                }
            )
        return self.env["sale.order"].with_context(**self._get_quiet_context()).create(vals_list)

    def _get_quiet_context(self):
        """Thousands of orders at once are no news: no tracking, no followers."""
        return {"tracking_disable": True, "mail_create_nosubscribe": True}

    def _prepare_line_vals(self, row, product):
        vals = {"product_id": product.id, "product_uom_qty": row.quantity}
        if row.sales is not None:
            # The total of the line is what the customer pays: no tax, no discount on top.
            vals.update(
                price_unit=row.sales / row.quantity, tax_ids=[fields.Command.clear()], discount=0.0
            )
        return vals

    # === CONFIRMATION === #

    def _confirm(self, job, orders, units, outcome):
        """Confirm quotations in batches; what fails is reported and stays a quotation.

        :param units: the good units of the chunk, for the report
        """
        orders = orders.with_context(**self._get_quiet_context()).sorted(
            lambda order: (order.date_order, order.oms_external_ref, order.id)
        )
        size = max(job.confirm_batch, 1)
        start = time.perf_counter()
        failed = {}
        for offset in range(0, len(orders), size):
            self._confirm_safely(orders[offset : offset + size], failed)
        # sudo: counters are a trace that users cannot write themselves
        job.sudo().write(
            {
                "confirmed_count": job.confirmed_count + len(orders) - len(failed),
                "confirm_seconds": job.confirm_seconds + time.perf_counter() - start,
            }
        )
        records = {unit[0].row.order_id: unit[0] for unit in units}
        for order, message in failed.items():
            reference = order.oms_external_ref
            outcome.issues.append(
                Issue(
                    records[reference],
                    reference,
                    self.env._(
                        "%(order)s was imported, but could not be confirmed: %(error)s",
                        order=order.name,
                        error=message,
                    ),
                    "warning",
                )
            )

    def _confirm_safely(self, orders, failed):
        """Confirm orders together and, if that fails, each by itself.

        :param dict failed: takes the message of each order that fails
        """
        try:
            with self.env.cr.savepoint():
                orders.action_confirm()
        except REFUSALS as error:
            if len(orders) > 1:
                for order in orders:
                    self._confirm_safely(order, failed)
            else:
                failed[orders] = str(error)
