import dataclasses
import json
import logging
from datetime import timedelta

from psycopg2 import OperationalError
from pydantic import TypeAdapter

from odoo import api, fields, models
from odoo.tools import SQL

from ...connectors.carrier import ADAPTERS, Address, PickupPoint
from ...connectors.outcome import Ok
from ..transaction import retrying
from .oms_carrier_account import INSIDE

_logger = logging.getLogger(__name__)

#: How relay points are kept.
POINTS = TypeAdapter(tuple[PickupPoint, ...])
#: Seconds for which somebody waits who looks at the screen.
PATIENCE = (3.0, 8.0)


class OmsCarrierArea(models.Model):
    """The relay points of a carrier around a postcode, as far as it told.

    Channels are answered with what is known. What is not known, or no more, is asked for by a
    task, so that nobody outside is called while an order is placed.
    """

    _name = "oms.carrier.area"
    _description = "Relay Points around a Postcode"
    _inherit = "oms.carrier.cache"
    _order = "country_code, key, id"
    _rec_name = "key"

    _ask_kind = "carrier.points"
    _one_for = SQL("account_id, country_code, key")

    country_code = fields.Char(string="Country", required=True, readonly=True, size=2)
    key = fields.Char(required=True, readonly=True, help="The postcode, or else the city.")
    zip = fields.Char(string="Postcode", readonly=True)
    city = fields.Char(readonly=True)
    points = fields.Json(
        string="What Was Told", readonly=True, help="As the carrier told them, the nearest first."
    )
    point_count = fields.Integer(string="Points", readonly=True)
    point_text = fields.Text(string="Known Points", compute="_compute_point_text")

    _area_uniq = models.UniqueIndex(
        "(account_id, country_code, key)", "The relay points of an area are kept once."
    )
    _points_idx = models.Index("USING gin (points jsonb_path_ops)")

    @api.depends("points")
    def _compute_point_text(self):
        for area in self:
            area.point_text = "\n".join(
                f"{point.name}, {point.street}, {point.zip} {point.city} ({point.id})"
                for point in area._read_points()
            )

    # === WHAT IS KNOWN === #

    @api.model
    def _find_points(self, account, near, *, patient=False):
        """Return the relay points of a carrier near an address.

        :param account: ``oms.carrier.account`` that can be asked for them
        :param Address near: ``country`` and ``zip`` or ``city`` of where they are wanted
        :param bool patient: whether somebody waits, so that the carrier is asked at once what is
            not known; else a task asks
        :return: :class:`~connectors.carrier.PickupPoint`, the nearest first; None where they are
            not known yet
        :rtype: tuple | None
        """
        adapter = ADAPTERS[account.adapter]
        if account.adapter in INSIDE:
            # It is in the program, and nothing to keep.
            outcome = adapter.pickup_points(account._prepare_account(), near)
            return outcome.value if isinstance(outcome, Ok) else ()
        key = get_key(near)
        area = self.search(
            [
                ("account_id", "=", account.id),
                ("country_code", "=", near.country),
                ("key", "=", key),
            ]
        )
        if not key:
            return None
        if area._is_fresh():
            return area._read_points()
        if area._may_ask():
            if not patient:
                (area or self._make_near(account, near))._ask_later()
            elif isinstance(outcome := self._ask_now(account, near), Ok):
                return outcome.value
        return area._read_points() if area._is_known() else None

    @api.model
    def _find_by_id(self, account, country_code, point_id):
        """Return a relay point that was told for any postcode of a country; None if none was.

        :rtype: PickupPoint | None
        """
        self.flush_model(["points"])
        # sudo: what is told of shops is no secret
        self.env.cr.execute(
            SQL(
                """
                SELECT points FROM oms_carrier_area
                WHERE account_id = %s AND country_code = %s AND points @> %s::jsonb
                  AND answered_at > %s
                ORDER BY answered_at DESC LIMIT 1
                """,
                account.id,
                country_code,
                json.dumps([{"id": point_id}]),
                fields.Datetime.now() - timedelta(days=self._most_days),
            )
        )
        row = self.env.cr.fetchone()
        points = POINTS.validate_python(row[0], strict=False) if row else ()
        return next((point for point in points if point.id == point_id), None)

    def _read_points(self):
        return POINTS.validate_python(self.points or (), strict=False)

    @api.model
    def _make_near(self, account, near):
        """Return the area of an address, made if there is none."""
        return self._make(
            account,
            country_code=near.country,
            key=get_key(near),
            zip=near.zip or None,
            city=near.city or None,
        )

    # === ASKING === #

    def _prepare_near(self):
        self.ensure_one()
        return Address("", "", self.zip or "", self.city or "", self.country_code)

    def _get_ask_title(self):
        return self.env._(
            "Relay points around %(zip)s, %(country)s", zip=self.key, country=self.country_code
        )

    @api.model
    def _ask_now(self, account, near):
        """Ask while somebody waits: only reading, and no longer than people wait.

        Nothing is written meanwhile, so that nobody waits for whoever waits. What was told is kept
        in a transaction of its own: where Odoo runs a request again, it is known by then.

        :return: see ``connectors.outcome``
        """
        asked = dataclasses.replace(account._prepare_account(), timeout=PATIENCE)
        ask = ADAPTERS[account.adapter].pickup_points
        outcome = self.env["oms.carrier.points"]._ask(ask, asked, near)
        try:
            retrying(
                self.env,
                lambda env: self.with_env(env)._keep_outcome(account.id, near, outcome),
                tries=2,
            )
        except OperationalError:
            # It can be asked again, and is told all the same.
            _logger.warning("What %s told cannot be kept", account.adapter, exc_info=True)
        return outcome

    @api.model
    def _keep_outcome(self, account_id, near, outcome):
        """Keep what a carrier answered, or that it did not; for a transaction of its own."""
        account = self.env["oms.carrier.account"].browse(account_id)
        # Whoever waits may have made the area, and would wait for itself.
        self.env.cr.execute("SET LOCAL lock_timeout = '1s'")
        area = self._make_near(account, near)
        self.env.cr.execute("SET LOCAL lock_timeout = DEFAULT")
        if isinstance(outcome, Ok):
            area._keep_answer(outcome.value)
        else:
            area._keep_answer(None, outcome.text)

    def _prepare_answer(self, answer):
        return {
            "points": POINTS.dump_python(answer, mode="json"),
            "point_count": len(answer),
        }


def get_key(near):
    """Return by what an area is known: people write postcodes with and without blanks."""
    return "".join((near.zip or near.city or "").upper().split())[:64]
