from odoo import models
from odoo.exceptions import AccessError
from odoo.tools import float_round
from odoo.tools.sql import escape_psql

from .work import Chunk, Issue, Outcome, Record

#: Relative difference below which two quantities are the same.
SAME = 1e-9


class OmsImportHandler(models.AbstractModel):
    """What is particular to one kind of file; one model per kind inherits this one."""

    _name = "oms.import.handler"
    _description = "Import Handler"

    #: Units between two commits.
    _chunk_size = 500
    #: Group whose members may import this kind.
    _group = "oms.group_order_manager"
    #: Estimate by which a file is imported at once or in the background.
    _seconds_per_row = 0.005

    def _check_access(self, job):
        """Refuse early, in words, who may not import this kind of file with these options.

        :raise AccessError: naming the group that is missing
        """
        if not self.env.su and not self.env.user.has_group(self._group):
            raise AccessError(
                self.env._(
                    "Only members of “%(group)s” may import %(kind)s.",
                    group=self.env.ref(self._group).sudo().full_name,
                    kind=job._get_kind_label(),
                )
            )
        self._check_product_access(job)

    def _prepare(self, job, reading):
        """Check the file as a whole before any row is looked at.

        :param Reading reading: the open file
        :raise TableError: when it cannot be imported with the options of the job
        """

    def _count_units(self, job, reading):
        """Return how many units the job is about.

        :rtype: int
        """
        return sum(1 for _raw in self._iter_rows(job, reading))

    def _iter_rows(self, job, reading):
        """Read the rows that the job is about, by its options.

        :param Reading reading: the open file
        :return: iterator of raw rows
        """
        return reading.table.rows()

    def _iter_chunks(self, job, reading, start):
        """Cut the file into chunks. Here each row is a unit, with a key of its own.

        :param Reading reading: the open file
        :param int start: units that are done already
        :return: iterator of chunks
        """
        seen = {}
        units, position = [], 0
        for raw in self._iter_rows(job, reading):
            position += 1
            record = self._mark_repetition(reading.parse(raw), seen)
            if position <= start:
                continue
            units.append((record,))
            if len(units) >= self._chunk_size:
                yield Chunk(units, position)
                units = []
        if units:
            yield Chunk(units, position)

    def _mark_repetition(self, record, seen):
        """Make a second row with the same key a fault.

        :param dict seen: line number by key of the rows so far
        """
        if record.row is None:
            return record
        key = self._get_key(record.row)
        first = seen.setdefault(key, record.line)
        if first == record.line:
            return record
        message = self.env._(
            "Line %(line)s is about the same %(what)s already: keep one of the two.",
            line=first,
            what=" / ".join(key),
        )
        return Record(record.line, record.cells, None, (message,))

    def _get_key(self, row):
        """Return what a row is about.

        :rtype: tuple[str, ...]
        """
        raise NotImplementedError

    def _get_reference(self, reading, record):
        """Return what the report calls a row, even one that was not understood."""
        return " / ".join(
            filter(None, (reading.cell(name, record.cells) for name in self._reference_columns))
        )

    _reference_columns = ()

    def _process(self, job, reading, units, dry):
        """Import units, or tell what importing them would do.

        :param list units: units of a chunk
        :param bool dry: only look
        :rtype: Outcome
        """
        outcome = Outcome()
        good = []
        for unit in units:
            record = unit[0]
            if record.faults:
                reference = self._get_reference(reading, record)
                outcome.issues.append(Issue(record, reference, "\n".join(record.faults)))
            else:
                good.append(record)
        return outcome.add(self._process_records(job, reading, good, dry))

    def _process_records(self, job, reading, records, dry):
        """Import understood rows; see :meth:`_process`."""
        raise NotImplementedError

    def _finish(self, job, reading, dry, checkpoint):
        """Do what remains after all rows.

        :param checkpoint: called between two steps with the number of things done; False asks to
            stop and come back
        :return: whether it is finished
        :rtype: bool
        """
        return True

    # === LOOK-UPS === #

    def _find_products(self, job, codes):
        """Return products by internal reference or else barcode.

        :param codes: the codes to look for
        :return: ``product.product`` by code, and the codes that several products share
        :rtype: tuple[dict, set]
        """
        codes = {code for code in codes if code}
        Product = self.env["product.product"]
        domain = [("company_id", "in", (False, job.company_id.id))]
        found, ambiguous = {}, set()
        for name in ("default_code", "barcode"):
            missing = list(codes - found.keys())
            if not missing:
                break
            for product in Product.search([*domain, (name, "in", missing)], order="id"):
                if product[name] in found:
                    ambiguous.add(product[name])
                found[product[name]] = product
        return found, ambiguous

    def _get_product_fault(self, code, products, ambiguous):
        """Say in words why a product cannot be used, or return ''."""
        if code in ambiguous:
            return self.env._("Several products have the reference “%s”.", code)
        if code not in products:
            return self.env._("There is no product “%s”.", code)
        return ""

    def _get_quantity_fault(self, quantity):
        """Say in words that Odoo would round a quantity to another one, or return ''.

        All units of measure are kept to the same number of decimals.
        """
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        # What a spreadsheet has of binary rounding in the last places is no fault.
        if abs(float_round(quantity, digits) - quantity) <= SAME * max(1.0, quantity):
            return ""
        return self.env._(
            "The quantity %(quantity)s is too fine: quantities are kept with %(digits)s decimals.",
            quantity=f"{quantity:.12g}",
            digits=digits,
        )

    def _create_products(self, codes):
        """Create storable products named by their reference.

        :param codes: internal references
        :return: ``product.product`` by code
        :rtype: dict
        """
        codes = sorted(codes)
        products = self.env["product.product"].create(
            [
                {"name": code, "default_code": code, "type": "consu", "is_storable": True}
                for code in codes
            ]
        )
        return dict(zip(codes, products, strict=True))

    def _check_product_access(self, job):
        """Refuse early who asks for new products and may not create any.

        :raise AccessError: naming the group that is missing
        """
        asked = job.create_products or job.kind == "products"
        if asked and not self.env["product.product"].has_access("create"):
            raise AccessError(
                self.env._(
                    "Creating products takes the right “%s”.",
                    self.env.ref("product.group_product_manager").sudo().full_name,
                )
            )

    def _find_countries(self, texts):
        """Return countries by code or name, in any case.

        :rtype: dict[str, models.Model]
        """
        found = {}
        for text in {text for text in texts if text}:
            # Odoo cuts what is compared with a code to its two letters: Atlantis is not Austria.
            if len(text) == 2:
                domain = [("code", "=", text.upper())]
            else:
                domain = [("name", "=ilike", escape_psql(text))]
            found[text] = self.env["res.country"].search(domain, limit=1)
        return found
