import re

from odoo import models

from .site_names import Named
from .work import Issue, Outcome


class OmsImportSites(models.AbstractModel):
    """Files of sites: each new one becomes a warehouse with its site."""

    _name = "oms.import.sites"
    _inherit = ["oms.import.handler"]
    _description = "Import of Sites"

    _chunk_size = 10
    _seconds_per_row = 0.5
    _reference_columns = ("site",)

    def _get_key(self, row):
        return (row.site,)

    def _process_records(self, job, reading, records, dry):
        outcome = Outcome()
        rows = [record.row for record in records]
        sites = {
            site.code: site
            for site in self.env["oms.site"]
            .with_context(active_test=False)
            .search(
                [
                    ("code", "in", [row.site for row in rows]),
                    ("company_id", "=", job.company_id.id),
                ]
            )
        }
        countries = self._find_countries(
            text for row in rows for text in (row.country, *row.countries)
        )
        named = self._find_named(job, rows, countries)
        used = self.env["oms.site"]
        new = []
        for record in records:
            row = record.row
            site = sites.get(row.site)
            fault = self._get_fault(row, site, countries) or named.get_fault(row)
            if fault:
                outcome.issues.append(Issue(record, row.site, fault))
            elif not site:
                new.append(row)
            else:
                changed = self._update_site(site, row, countries, named, dry)
                outcome.updated += changed
                outcome.unchanged += not changed
                used |= site
        outcome.created = len(new)
        if not dry:
            used |= self._create_sites(job, new, countries, named)
            self._join(job, used)
        return outcome

    def _find_named(self, job, rows, countries):
        """Look up the calendars, abilities and postcodes that rows name, all at once.

        :param dict countries: country by text, empty where there is none
        :rtype: Named
        """
        calendars = self.env["resource.calendar"].search(
            [
                ("name", "in", [row.calendar for row in rows if row.calendar]),
                ("company_id", "in", [False, job.company_id.id]),
            ]
        )
        codes = {code for row in rows for code in row.abilities}
        prefixes = {prefix for row in rows for prefix in row.zip_prefixes}
        found = self.env["delivery.zip.prefix"].search([("name", "in", list(prefixes))])
        return Named(
            env=self.env,
            calendars={calendar.name: calendar for calendar in calendars[::-1]},
            abilities={
                ability.code: ability
                for ability in self.env["oms.ability"].search([("code", "in", list(codes))])
            },
            prefixes={prefix.name: prefix for prefix in found},
            countries=countries,
        )

    def _get_fault(self, row, site, countries):
        if row.country and not countries[row.country]:
            return self.env._("There is no country “%s”.", row.country)
        if site and not site.warehouse_id:
            return self.env._("The site %s is a supplier's: it has no stock of its own.", row.site)
        return ""

    def _join(self, job, sites):
        """Remember the sites, and add them to the network of the job."""
        missing = sites - job.site_ids
        if missing:
            # sudo: the list is a trace that users cannot write themselves
            job.sudo().site_ids |= missing
        if job.network_id and sites - job.network_id.site_ids:
            job.network_id.site_ids |= sites

    def _prepare_site_vals(self, row, named):
        """Values of the site that the file gives; an empty cell changes nothing.

        :param Named named: records that rows name; they stand as recordsets among the values
        """
        vals = {"kind": row.kind, "latitude": row.lat, "longitude": row.lng, **dict(row.settings)}
        vals.update(named.get_vals(row))
        if row.name:
            vals["name"] = row.name
        if row.ships is not None:
            vals["ships"] = row.ships
        return vals

    def _prepare_address_vals(self, row, countries):
        vals = {
            name: getattr(row, name) for name in ("street", "zip", "city") if getattr(row, name)
        }
        if row.country:
            vals["country_id"] = countries[row.country].id
        return vals

    def _update_site(self, site, row, countries, named, dry):
        """Write what differs.

        :return: whether anything did
        :rtype: bool
        """
        vals = self._prepare_site_vals(row, named)
        digits = site._fields["latitude"].get_digits(self.env)[1]
        for name, value in list(vals.items()):
            old = site[name]
            same = old == value
            if isinstance(value, float):
                same = round(old - value, digits) == 0
            if same:
                del vals[name]
        address = self._prepare_address_vals(row, countries)
        partner = site.partner_id
        own = partner and partner != site.company_id.partner_id
        address = {
            name: value
            for name, value in address.items()
            if own and (partner[name].id if name == "country_id" else partner[name]) != value
        }
        if not dry:
            moved = {
                f"partner_{name}": vals[name] for name in ("latitude", "longitude") if name in vals
            }
            if own and (address or moved):
                partner.write({**address, **moved})
            if vals:
                site.write(named.prepare(vals))
        return bool(vals or address)

    def _create_sites(self, job, rows, countries, named):
        """Make a warehouse per row, whose site takes the code of the file.

        :return: the new sites
        """
        if not rows:
            return self.env["oms.site"]
        company = job.company_id
        Warehouse = self.env["stock.warehouse"].with_context(active_test=False)
        others = Warehouse.search([("company_id", "=", company.id)])
        codes, names = set(others.mapped("code")), set(others.mapped("name"))
        partners = self.env["res.partner"].create(
            [
                {
                    "name": row.name or row.site,
                    "company_id": company.id,
                    "type": "other",
                    "partner_latitude": row.lat,
                    "partner_longitude": row.lng,
                    **self._prepare_address_vals(row, countries),
                }
                for row in rows
            ]
        )
        vals_list = []
        for row, partner in zip(rows, partners, strict=True):
            name = row.name or row.site
            if name in names:
                name = f"{name} ({row.site})"
            code = derive_code(row.site, codes)
            codes.add(code)
            names.add(name)
            vals_list.append(
                {
                    "name": name,
                    "code": code,
                    "company_id": company.id,
                    "partner_id": partner.id,
                }
            )
        warehouses = self.env["stock.warehouse"].create(vals_list)
        sites = self.env["oms.site"]
        for row, warehouse in zip(rows, warehouses, strict=True):
            site = warehouse.oms_site_ids
            site.write({"code": row.site, **named.prepare(self._prepare_site_vals(row, named))})
            sites |= site
        return sites


def derive_code(site_code, taken):
    """Shorten the code of a site to the five characters that Odoo gives a warehouse.

    :param str site_code: code of the site
    :param set taken: codes of the company's other warehouses
    :return: the first five letters and digits, their end replaced by a number where that is taken
    :rtype: str
    """
    plain = re.sub(r"[^A-Z0-9]", "", site_code.upper()) or "SITE"
    code, number = plain[:5], 0
    while code in taken:
        number += 1
        code = plain[: 5 - len(str(number))] + str(number)
    return code
