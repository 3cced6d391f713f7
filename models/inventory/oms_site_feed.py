from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_datetime

from ..transaction import retrying
from . import external_sql

FEED_STATE_SELECTION = [
    ("none", "No Feed"),
    ("fresh", "Fresh"),
    ("partial", "Partly Stale"),
    ("stale", "Stale"),
]
ACTIVITY_TYPE = "oms.activity_stale_feed"
FEED_FIELDS = ("feed_at", "feed_state", "external_stock_count", "stale_stock_count")


class OmsSite(models.Model):
    _inherit = "oms.site"

    feed_max_age_hours = fields.Float(
        string="Feed Valid For",
        required=True,
        default=24.0,
        tracking=True,
        help="Hours for which an update of the site's stock counts. What is older counts as "
        "zero. With 0 it counts until the next update.",
    )
    feed_user_id = fields.Many2one(
        "res.users",
        string="Feed Responsible",
        domain=[("share", "=", False)],
        help="Is asked to act when no feed comes any more; an order manager when empty.",
    )
    feed_stale_since = fields.Datetime(
        readonly=True, copy=False, help="When the scheduled check found the feed stale."
    )
    feed_at = fields.Datetime(
        string="Last Feed",
        compute="_compute_feed",
        help="When stock of the site was updated for the last time.",
    )
    feed_state = fields.Selection(
        FEED_STATE_SELECTION,
        string="Feed",
        compute="_compute_feed",
        search="_search_feed_state",
        help="Stale: all updates are older than the limit of the site, so it counts as empty. "
        "Partly stale: some products are, and count as zero.",
    )
    external_stock_count = fields.Integer(string="External Stock", compute="_compute_feed")
    stale_stock_count = fields.Integer(string="Stale Products", compute="_compute_feed")

    _feed_max_age_check = models.Constraint(
        # NaN and infinity are larger than any number.
        "CHECK (feed_max_age_hours >= 0 AND feed_max_age_hours <= 87600)",
        "A feed is valid for zero hours or more, ten years at most.",
    )

    # === COMPUTE METHODS === #

    @api.depends("feed_max_age_hours")
    def _compute_feed(self):
        feeds = {
            site_id: facts
            for site_id, *facts in self._get_feeds(
                fields.Datetime.now(), SQL("site.id = ANY(%s)", list(self._origin.ids))
            )
        }
        for site in self:
            last, count, stale = feeds.get(site._origin.id, (False, 0, 0))
            site.feed_at = last
            site.external_stock_count = count
            site.stale_stock_count = stale
            site.feed_state = self._get_feed_state(count, stale)

    @api.model
    def _get_feed_state(self, count, stale):
        if not count:
            return "none"
        return "stale" if stale == count else "partial" if stale else "fresh"

    @api.model
    def _search_feed_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        site_ids, known = [], []
        for site_id, _last, count, stale in self._get_feeds(fields.Datetime.now(), SQL("TRUE")):
            known.append(site_id)
            if self._get_feed_state(count, stale) in value:
                site_ids.append(site_id)
        domain = [("id", "in", site_ids)]
        return ["|", ("id", "not in", known), *domain] if "none" in value else domain

    @api.model
    def _get_feeds(self, moment, condition):
        """Read what is known of the feeds of sites; see :func:`external_sql.feeds`.

        :param datetime.datetime moment: at which it is asked, UTC
        :rtype: list[tuple]
        """
        self.env["oms.external.stock"].flush_model()
        self.flush_model(["feed_max_age_hours"])
        return self.env.execute_query(external_sql.feeds(SQL("%s::timestamp", moment), condition))

    # === CONSTRAINTS === #

    @api.constrains("warehouse_id")
    def _check_no_external_stock(self):
        """Stock of a warehouse is what Inventory says, and nothing on top."""
        for site in self.filtered("warehouse_id"):
            if site.external_stock_count:
                raise ValidationError(
                    self.env._(
                        "%s has external stock: delete it before the site gets a warehouse.",
                        site.name,
                    )
                )

    # === THE SCHEDULED CHECK === #

    @api.model
    def _cron_check_feeds(self):
        """Tell people which feeds have become stale, and which speak again."""
        moment = fields.Datetime.now()
        retrying(self.env, lambda env: self.with_env(env)._check_feeds(moment))

    @api.model
    def _check_feeds(self, moment):
        """Note on each site that its feed became stale, once, and once that it speaks again.

        :param datetime.datetime moment: at which it is checked, UTC
        """
        feeds = {
            site_id: (last, count, stale)
            for site_id, last, count, stale in self._get_feeds(moment, SQL("site.active"))
        }
        stale = self.browse(
            site_id for site_id, (_last, count, old) in feeds.items() if count == old
        )
        noted = self.search([("feed_stale_since", "!=", False)])
        (noted - stale)._note_feed_again()
        for site in stale - noted:
            site._note_feed_stale(feeds[site.id][0], moment)

    def _note_feed_stale(self, last, moment):
        """Say that nothing has come for too long, and ask somebody to act.

        :param datetime.datetime last: when the site spoke for the last time
        :param datetime.datetime moment: when it was noticed
        """
        self.ensure_one()
        self.feed_stale_since = moment
        words = self.env._(
            "The last stock feed came on %(last)s. That is longer ago than a feed counts (hours: "
            "%(hours)s): all stock of the site counts as zero until the next one.",
            last=format_datetime(self.env, last, tz="UTC", dt_format="yyyy-MM-dd HH:mm 'UTC'"),
            hours=f"{self.feed_max_age_hours:g}",
        )
        self.message_post(body=words)
        user = self._get_feed_user()
        if user:
            self.activity_schedule(
                ACTIVITY_TYPE,
                note=words,
                user_id=user.id,
            )

    def _note_feed_again(self):
        """Say that the feed counts again, and take back what was asked of people."""
        if not self:
            return
        self.feed_stale_since = False
        for site in self:
            site.message_post(body=self.env._("The stock feed is fresh again."))
        self.activity_unlink([ACTIVITY_TYPE])

    def _get_feed_user(self):
        """Return who is to act on a stale feed: the responsible, or else an order manager."""
        self.ensure_one()
        if self.feed_user_id.active:
            return self.feed_user_id
        managers = self.env.ref("oms.group_order_manager").sudo().all_user_ids
        return managers.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        ).sorted("id")[:1]

    # === ACTION METHODS === #

    def action_view_external_stock(self):
        """Open what the site says it has.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_external_stock")
        action["domain"] = [("site_id", "=", self.id)]
        action["context"] = {"default_site_id": self.id}
        return action
