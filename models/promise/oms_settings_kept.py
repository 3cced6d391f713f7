from typing import NamedTuple

from odoo import api, models, tools
from odoo.tools import SQL

#: Relations that are kept beside the columns, by model.
RELATIONS = {
    "oms.channel": ("network_ids", "carrier_ids"),
    "oms.strategy": ("stage_ids", "rate_ids", "rule_ids", "carrier_ids"),
    "oms.site": ("carrier_ids", "country_ids", "zip_prefix_ids", "ability_ids"),
    "delivery.carrier": (
        "country_ids",
        "state_ids",
        "zip_prefix_ids",
        "must_have_tag_ids",
        "excluded_tag_ids",
        "price_rule_ids",
    ),
}


class Settings(NamedTuple):
    """What promises need of a channel's settings. Forgotten as a whole when any of it changes.

    :param tuple site_ids: of sites that ship for the channel, in order of priority
    :param tuple pickup_ids: of sites to which customers come, in order of priority
    :param tuple carrier_ids: of its delivery methods, in order
    :param dict countries: id by code
    :param frozenset placed: ids of countries whose postcodes are known
    :param bool has_country_codes: whether the channel has codes of its own for countries
    :param unit_kg: kilograms in the unit in which products say their weight
    :param factor_id: of the emission factor that counts where nothing is said, or None
    :param tuple columns: (model, ids, ((field, values), …)): what the ORM keeps of each record
    :param dict positions: id of the fiscal position by destination, filled as they are asked for
    :param dict prices: of methods whose price does not depend on the basket, likewise
    """

    site_ids: tuple
    pickup_ids: tuple
    carrier_ids: tuple
    countries: dict
    placed: frozenset
    has_country_codes: bool
    unit_kg: float
    factor_id: int | None
    columns: tuple
    positions: dict
    prices: dict


class OmsPromising(models.AbstractModel):
    """Settings are read once by each process, not by each call."""

    _inherit = "oms.promising"

    @api.model
    def _lay_out(self, channel):
        """Put a channel's settings before the ORM, so that reading them asks no database.

        :return: what they are
        :rtype: Settings
        """
        settings = self._get_settings(channel.id, self.env.lang)
        for name, ids, columns in settings.columns:
            records = self.env[name].browse(ids)
            for fname, values in columns:
                # What this transaction has read or written is left as it is.
                records._fields[fname]._insert_cache(records, values)
        return settings

    @api.model
    @tools.ormcache("channel_id", "lang")
    def _get_settings(self, channel_id, lang):
        """Return the settings of a channel.

        :rtype: Settings
        """
        # sudo: settings bind everybody, whatever they may read, and whoever asked first
        self = self.with_env(self.env(context={"lang": lang}, su=True))
        channel = self.env["oms.channel"].browse(channel_id)
        sites, pickup = channel._get_sourcing_sites(), channel._get_pickup_sites()
        carriers, strategies = channel._get_carriers(), channel.strategy_id._get_all_used()
        factor = self.env.ref("oms.emission_factor_van", raise_if_not_found=False)
        every_site = sites | pickup
        factors = every_site.emission_factor_id | every_site.hub_factor_id
        factors |= strategies.emission_factor_id | strategies.hub_factor_id
        factors |= factor or factors.browse()
        countries = self.env["res.country"].search_fetch([("code", "!=", False)], ["code", "name"])
        kept = [
            self._keep(records)
            for records in (
                channel,
                channel.network_ids,
                channel.company_id,
                channel.company_id.currency_id,
                strategies,
                every_site,
                carriers,
                factors,
                self.env["uom.uom"].search([("active", "=", True)]),
            )
            if records
        ]
        kept.append(self._keep(countries, ["code", "name"]))
        return Settings(
            tuple(sites.ids),
            tuple(pickup.ids),
            tuple(carriers.ids),
            {country.code: country.id for country in countries},
            self._get_placed_countries(),
            bool(
                self.env["oms.channel.code"].search_count(
                    [("channel_id", "=", channel_id), ("kind", "=", "country")], limit=1
                )
            ),
            self.env["oms.sourcing"]._get_unit_kg(),
            factor.id if factor else None,
            tuple(kept),
            {},
            {},
        )

    @api.model
    def _get_placed_countries(self):
        self.env["oms.geo.postcode"].flush_model(["country_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM res_country country WHERE EXISTS "
                "(SELECT FROM oms_geo_postcode WHERE country_id = country.id)"
            )
        )
        return frozenset(country_id for [country_id] in rows)

    @api.model
    def _keep(self, records, names=None):
        """Return what the ORM knows of records: their columns, and the relations that count.

        :param names: of the fields, if not all of these

        :return: name of the model, ids, and (field, values) pairs
        :rtype: tuple
        """
        names = names or [
            field.name
            for field in records._fields.values()
            if field.store
            and field.column_type
            and field.prefetch is True
            and not field.company_dependent
        ]
        names += RELATIONS.get(records._name, ())
        records.fetch(names)
        columns = []
        for name in names:
            known = records._fields[name]._get_cache(records.env)
            if all(id_ in known for id_ in records._ids):
                columns.append((name, tuple(known[id_] for id_ in records._ids)))
        return records._name, records._ids, tuple(columns)
