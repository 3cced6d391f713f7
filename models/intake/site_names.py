"""What rows of a file of sites name: opening hours, abilities, countries and postcodes."""

from dataclasses import dataclass
from typing import Any

from pytz import all_timezones_set

from odoo import models


@dataclass(frozen=True, eq=False)
class Named:
    """Records by the texts that stand for them.

    :param env: environment
    :param calendars: by name
    :param abilities: by code
    :param prefixes: of postcodes, by themselves; missing ones are made when they are needed
    :param countries: by text; empty recordsets for texts that mean none
    """

    env: Any
    calendars: dict
    abilities: dict
    prefixes: dict
    countries: dict

    def get_fault(self, row):
        """Say what a row names that is not there, or ''."""
        translate = self.env._
        if row.calendar and row.calendar not in self.calendars:
            return translate("There are no opening hours “%s”.", row.calendar)
        for code in row.abilities:
            if code not in self.abilities:
                return translate("There is no ability with the code “%s”.", code)
        for text in row.countries:
            if not self.countries[text]:
                return translate("There is no country “%s”.", text)
        zone = dict(row.settings).get("tz")
        if zone and zone not in all_timezones_set:
            return translate("There is no time zone “%s”.", zone)
        return ""

    def get_vals(self, row):
        """Return what a row names, by field; what it leaves empty is left out.

        :rtype: dict
        """
        vals = {}
        if row.calendar:
            vals["resource_calendar_id"] = self.calendars[row.calendar]
        if row.abilities:
            vals["ability_ids"] = self.env["oms.ability"].union(
                *(self.abilities[code] for code in row.abilities)
            )
        if row.countries:
            vals["country_ids"] = self.env["res.country"].union(
                *(self.countries[text] for text in row.countries)
            )
        if row.zip_prefixes:
            vals["zip_prefix_ids"] = self.env["delivery.zip.prefix"].union(
                *(self._get_prefix(prefix) for prefix in row.zip_prefixes)
            )
        return vals

    def _get_prefix(self, prefix):
        if prefix not in self.prefixes:
            # sudo: who imports sites need not have sales rights
            Prefix = self.env["delivery.zip.prefix"].sudo()
            self.prefixes[prefix] = Prefix.create({"name": prefix.upper()}).with_env(self.env)
        return self.prefixes[prefix]

    def prepare(self, vals):
        """Return values as they are written, where records stand for themselves.

        :rtype: dict
        """
        return {
            name: self._prepare_value(name, value) if isinstance(value, models.BaseModel) else value
            for name, value in vals.items()
        }

    def _prepare_value(self, name, records):
        if self.env["oms.site"]._fields[name].type == "many2one":
            return records.id
        return [(6, 0, records.ids)]
