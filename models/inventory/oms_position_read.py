from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from . import availability_sql

#: Products that one call may ask for.
MOST_PRODUCTS = 5000
#: How far ahead projected stock is looked at, in days, unless the caller says otherwise.
HORIZON_DAYS = 30
MOST_HORIZON_DAYS = 180
#: From how much later than now supply counts that should have come by now.
LATE_SUPPLY = timedelta(days=1)
#: What is told of a site in detail besides what is available.
DETAILS = ("on_hand", "reserved", "demand", "claimed", "incoming", "external", "safety")


class Question(NamedTuple):
    """What somebody wants to know: of which products, where, when.

    :param companies: those of the sites, where they are known without looking
    """

    products: models.BaseModel
    sites: models.BaseModel
    at: object = None
    horizon: object = None
    before: object = None
    companies: models.BaseModel | None = None


class OmsPosition(models.Model):
    _inherit = "oms.position"

    # === API === #

    @api.model
    @api.readonly
    def get_availability(
        self, products, sites=None, networks=None, channel=None, at=None, horizon_days=None,
        detail=False,
    ):  # fmt: skip
        """Return what can be promised of products, now or at a moment to come.

        Without ``at`` it is what can be claimed at once: on hand and external stock, less open
        demand, claims and safety stock. With it, it is the least stock that is projected from
        that moment to the horizon, supply included. A site where more is promised than there is
        takes nothing from the others. Users see the sites that they may read. A channel's own
        system asks the channel API instead.

        A kit is put together of its parts at the site that ships it: at each site it is available
        as often, in whole kits, as the part of which there is least allows, and in all as often as
        at the sites together. Safety stock, claims and shares are those of the parts.

        :param list products: internal references, barcodes or ids, up to 5,000
        :param list sites: codes or ids of sites; all when empty
        :param list networks: names or ids of networks: their sites
        :param channel: code or id of a channel: its sites, and its share of the stock
        :param str at: moment in UTC, ``YYYY-MM-DD HH:MM:SS``; now when empty
        :param int horizon_days: days from now until which projected stock is looked at, from 1 to
            180; 30 when empty
        :param bool detail: whether to tell the sites one by one
        :return: one entry per product in the order asked: ``product`` as asked, ``product_id``,
            ``unit``, ``available`` (None for goods that are not tracked: there is no limit), and
            with ``detail`` ``sites``: ``site`` (code), ``site_id``, ``available`` and the
            measures; of a kit ``parts`` instead of these, the one that runs out first at the head:
            ``product`` (internal reference or name), ``product_id``, ``unit``, ``per_kit``,
            ``available`` and for how many ``kits`` it is enough
        :rtype: list[dict]
        :raises ValidationError: an unknown, archived or ambiguous product, site, network or
            channel, or a moment outside of the horizon
        :raises AccessError: the user may not read stock
        """
        if not self.has_access("read"):
            raise AccessError(self.env._("You may not read stock."))
        if channel:
            # The user's own rights decide which channels there are.
            [channel] = self._find(self.env["oms.channel"], "code", [channel])
        found = self._find_products(products)
        return self._get_answers(
            found,
            channel,
            sites=sites,
            networks=networks,
            at=at,
            horizon_days=horizon_days,
            detail=detail,
            told=(*DETAILS, "available"),
        )

    @api.model
    def _get_answers(
        self, found, channel=None, *, sites=None, networks=None, at=None, horizon_days=None,
        detail=False, told=("available",),
    ):  # fmt: skip
        """Return what :meth:`get_availability` answers, of products that are known already.

        :param dict found: ``product.product`` by what it was called
        :param channel: ``oms.channel``, or None
        :param tuple told: measures that are told of each site with ``detail``
        :rtype: list[dict]
        """
        question = self._prepare_question(
            found.values(), sites, networks, channel, at, horizon_days
        )
        kits = self._get_kits(question)
        limited = self._get_limited(question, kits)
        if not (detail or (channel and (kits or self._has_shares(channel, question)))):
            # Hundreds of sites need not be told one by one to be summed here.
            totals = self._get_question_totals(question, kits)
            return [
                self._prepare_answer(asked, product, totals.get(product.id, 0.0), limited)
                for asked, product in found.items()
            ]
        by_site = self._get_by_site(question)
        if channel:
            self._apply_shares(channel, question, by_site)
        self._put_kits(question, kits, channel, by_site)
        answers = []
        for asked, product in found.items():
            at_sites = by_site.get(product.id, {})
            total = sum(max(position["available"], 0.0) for position in at_sites.values())
            answer = self._prepare_answer(asked, product, total, limited)
            if detail:
                answer["sites"] = self._prepare_detail(at_sites, question.sites, told)
            answers.append(answer)
        return answers

    # === WHAT IS ASKED === #

    @api.model
    def _prepare_question(self, products, sites, networks, channel, at, horizon_days):
        products = self.env["product.product"].union(*products)
        moment, horizon = self._check_times(at, horizon_days)
        Site = self.env["oms.site"]
        if channel and self.env.su and not (sites or networks):
            found = Site.browse(channel._get_site_ids())
            companies = channel.company_id
            if companies in self.env.companies:
                return Question(products, found, moment, horizon, companies=companies)
        domain = [("company_id", "in", self.env.companies.ids)]
        if sites:
            domain += [("id", "in", self._find(Site, "code", sites).ids)]
        if networks:
            found = self._find(self.env["oms.network"], "name", networks)
            domain += [("id", "in", found.site_ids.ids)]
        if channel:
            domain += [("id", "in", channel.site_ids.ids)]
        return Question(products, Site.search(domain), moment, horizon)

    @api.model
    def _check_times(self, at, horizon_days):
        """Return the moment asked for and the end of the horizon.

        :raises ValidationError: they are none, or do not fit together
        """
        days = HORIZON_DAYS if horizon_days is None or horizon_days is False else horizon_days
        whole = isinstance(days, int) and not isinstance(days, bool)
        if not whole or not 1 <= days <= MOST_HORIZON_DAYS:
            raise ValidationError(
                self.env._(
                    "The horizon is a whole number of days from 1 to %(most)s, not %(given)s.",
                    most=MOST_HORIZON_DAYS,
                    given=horizon_days,
                )
            )
        now = fields.Datetime.now()
        horizon = now + timedelta(days=days)
        if not at:
            return None, horizon
        try:
            moment = fields.Datetime.to_datetime(at)
        except (ValueError, TypeError) as error:
            raise ValidationError(
                self.env._("%s is no moment: write YYYY-MM-DD HH:MM:SS, in UTC.", at)
            ) from error
        # Who writes the present minute means now.
        if not now - timedelta(minutes=1) <= moment <= horizon:
            raise ValidationError(
                self.env._(
                    "%(at)s UTC is not between now and the horizon, %(horizon)s UTC.",
                    at=moment,
                    horizon=horizon,
                )
            )
        return max(moment, now), horizon

    @api.model
    def _find(self, model, name, asked):
        """Return records by id or by a name of theirs.

        :raises ValidationError: one is unknown, archived or out of reach, or a name is ambiguous
        """
        if not isinstance(asked, list | tuple):
            asked = [asked]
        ids = [each for each in asked if isinstance(each, int) and not isinstance(each, bool)]
        names = [each for each in asked if self._is_text(each)]
        found = model.search(
            [
                ("company_id", "in", self.env.companies.ids),
                "|",
                ("id", "in", ids),
                (name, "in", names),
            ]
        )
        by_name = found.grouped(name)
        for each in asked:
            matches = by_name.get(each, ()) if isinstance(each, str) else found & model.browse(each)
            if len(matches) != 1:
                raise ValidationError(
                    self.env._(
                        "%(given)s names no %(what)s, or more than one, that you may use.",
                        given=str(each),
                        what=self.env["ir.model"]._get(model._name).sudo().name,
                    )
                )
        return found

    @api.model
    def _is_text(self, value):
        """Tell whether something can be looked for as a text: the database knows no zero bytes."""
        return isinstance(value, str) and "\0" not in value

    @api.model
    def _find_products(self, asked):
        """Return products by what was asked for: an id, an internal reference or a barcode.

        :rtype: dict
        :raises ValidationError: too many, an unknown, archived or ambiguous one
        """
        if not isinstance(asked, list | tuple) or not 0 < len(asked) <= MOST_PRODUCTS:
            raise ValidationError(self.env._("Ask for a list of 1 to %s products.", MOST_PRODUCTS))
        # A list or a dict would be no key below.
        asked = [each if isinstance(each, int | str) else str(each) for each in asked]
        found = self._match_products(asked)
        wrong = [each for each in asked if isinstance(each, bool) or each not in found]
        if wrong:
            raise ValidationError(
                self.env._(
                    "Unknown, archived or ambiguous products: %s. Name them by internal "
                    "reference, barcode or id.",
                    ", ".join(map(str, wrong[:20])),
                )
            )
        return found

    @api.model
    def _match_products(self, asked):
        """Return products by id, internal reference or barcode, in one query.

        What stock is told with is read along, as are not the many other fields of a product.

        :param list asked: ids and texts
        :return: one product by what was asked for; what is unknown, archived or ambiguous is not
            in it, nor what is of other companies than the environment's
        :rtype: dict
        """
        ids = [each for each in asked if isinstance(each, int) and not isinstance(each, bool)]
        names = [each for each in asked if each and self._is_text(each)]
        Product = self.env["product.product"]
        # Channels ask as superuser, whom no rule keeps from what other companies sell.
        self.env.companies.fetch(["parent_path"])
        products = self._fetch_told(
            Product._search(
                [
                    *Product._check_company_domain(self.env.companies),
                    *("|", ("id", "in", ids)),
                    *("|", ("default_code", "in", names), ("barcode", "in", names)),
                ]
            )
        )
        known = defaultdict(self.env["product.product"].browse)
        for product in products:
            for key in {product.id, product.default_code, product.barcode} - {False}:
                known[key] |= product
        return {
            each: known[each].with_prefetch(products.ids) for each in asked if len(known[each]) == 1
        }

    @api.model
    def _fetch_told(self, query):
        """Return the products of a query, with what is told of them read in the same statement.

        Odoo would read products, their templates and units one after the other, with all fields:
        three statements, where asking for stock needs few more.

        :param odoo.tools.query.Query query: on products
        """
        Product = self.env["product.product"]
        names = (
            "default_code", "barcode", "weight", "volume", "product_tmpl_id", "sale_ok",
            "is_storable", "type", "uom_id", "uom_name",
        )  # fmt: skip
        columns = [Product._field_to_sql(query.table, name, query) for name in names]
        rows = self.env.execute_query(query.select(SQL.identifier(query.table, "id"), *columns))
        if not rows:
            return Product
        ids, *values = zip(*rows, strict=True)
        known = dict(zip(names, values, strict=True))
        of_products, of_templates = names[:5], names[5:-1]
        products = Product.browse(ids)
        templates = self.env["product.template"].browse(known["product_tmpl_id"])
        for records, name, field_values in (
            *((products, name, known[name]) for name in of_products),
            *((templates, name, known[name]) for name in of_templates),
            (self.env["uom.uom"].browse(known["uom_id"]), "name", known["uom_name"]),
        ):
            # As Odoo's own fetch does: what is known already, and perhaps changed, stays.
            records._fields[name]._insert_cache(records, field_values)
        return products

    # === WHAT IS ANSWERED === #

    @api.model
    def _get_by_site(self, question):
        """Return positions by product id, for one question.

        :return: dicts of the measures and ``available`` by site id, by product id
        :rtype: dict[int, dict[int, dict]]
        """
        by_site = defaultdict(dict)
        for row in self._get_measured(question):
            product_id, site_id, *measures = row
            by_site[product_id][site_id] = dict(zip((*DETAILS, "available"), measures, strict=True))
        return by_site

    @api.model
    def _get_measured(self, question):
        columns = SQL(", ").join(
            map(SQL.identifier, ("product_id", "site_id", *DETAILS, "available"))
        )
        select = self._get_question_sql(question)
        return self.env.execute_query(SQL("SELECT %s FROM (%s) AS position", columns, select))

    @api.model
    def _get_question_sql(self, question):
        """Return the select of the positions that are asked for, flushed before."""
        if question.at:
            return self._get_dated_sql(question)
        return self._get_sql(question.products.ids, question.sites.ids)

    @api.model
    def _get_dated_sql(self, question):
        """Return the select of positions at a moment to come, flushed before."""
        self._flush_facts()
        now = fields.Datetime.now()

        def moment(value):
            return SQL("%s::timestamp", value)

        positions = availability_sql.at(
            question.products.ids,
            question.sites.ids,
            moment=moment(now),
            when=moment(question.at),
            horizon=moment(question.horizon),
            late=moment(now + LATE_SUPPLY),
            before=moment(question.before) if question.before else None,
        )
        return self.env["oms.safety.stock"]._apply(
            positions, SQL("%s::date", question.at), question.products.ids, question.sites.ids
        )

    @api.model
    def _get_promisable(self, products, sites, at, horizon_days=HORIZON_DAYS, before=None):
        """Return what can be promised at a moment, by product and site.

        :param products: ``product.product`` recordset
        :param sites: ``oms.site`` recordset
        :param datetime at: the moment, in UTC, from now to the horizon
        :param int horizon_days: days from now
        :param datetime before: leave out demand ordered at this moment or later, in UTC
        :return: quantity in the product's unit by (site id, product id); nothing where there is
            no position
        :rtype: dict[tuple[int, int], float]
        :raises ValidationError: the moment is not within the horizon
        """
        at, horizon = self._check_times(at, horizon_days)
        question = Question(products, sites, at, horizon, before)
        return {
            (site_id, product_id): measures["available"]
            for product_id, sites_of in self._get_by_site(question).items()
            for site_id, measures in sites_of.items()
        }

    @api.model
    def _has_shares(self, channel, question):
        """Tell whether a share has a say in how much a channel can sell of a product."""
        # sudo: shares bind everybody, whatever they may read
        shares = self.env["oms.allocation"].sudo()
        return bool(shares._get_governing(question.products.ids, channel.company_id.ids))

    @api.model
    def _apply_shares(self, channel, question, by_site):
        """Lower what is available at each site to what shares leave to a channel."""

        get_available = self._get_available_of(question)
        sellable = channel._get_sellable(question.products, question.sites, get_available)
        for product_id, result in sellable.items():
            for site_id, measures in by_site[product_id].items():
                measures["available"] = result.by_site.get(site_id, 0.0)

    @api.model
    def _get_available_of(self, question):
        """Return a function of product and site ids for what is available when it is asked for.

        :return: function that returns the quantity by (site id, product id)
        """

        def get_available(product_ids, site_ids):
            asked = question._replace(
                products=question.products.browse(product_ids),
                sites=question.sites.browse(site_ids),
            )
            # sudo: the stock of all sites tells what shares leave at those that are asked for
            return {
                (site_id, product_id): measures["available"]
                for product_id, sites_of in self.sudo()._get_by_site(asked).items()
                for site_id, measures in sites_of.items()
            }

        return get_available

    @api.model
    def _prepare_answer(self, asked, product, total, limited):
        return {
            "product": asked,
            "product_id": product.id,
            "unit": product.uom_id.name,
            "available": total if product.id in limited else None,
        }

    @api.model
    def _prepare_detail(self, at_sites, sites, told):
        return [
            {
                "site": site.code,
                "site_id": site.id,
                **{key: at_sites[site.id][key] for key in told if key in at_sites[site.id]},
                **self._prepare_parts(at_sites[site.id], told),
            }
            for site in sites
            if site.id in at_sites
        ]
