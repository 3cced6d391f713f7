import dataclasses
from datetime import timedelta

from pydantic import TypeAdapter

from odoo import api, fields, models
from odoo.tools import SQL

from ...connectors.carrier import ADAPTERS, Address, Capability, PickupPoint
from ...connectors.outcome import Ok
from .oms_carrier_account import INSIDE

#: How relay points are kept.
POINTS = TypeAdapter(tuple[PickupPoint, ...])
#: Hours after which the points of an area are asked for anew, and days after which what is known of
#: them counts no more.
FRESH_HOURS = 24
MOST_DAYS = 14
#: Minutes after a failure in which the carrier is not asked again.
REST_MINUTES = 5
#: Days after which areas that nobody asks for are forgotten.
KEPT_DAYS = 60
#: Seconds for which somebody waits who looks at the screen.
PATIENCE = (3.0, 8.0)


class OmsCarrierArea(models.Model):
    """The relay points of a carrier around a postcode, as far as it told.

    Channels are answered with what is known. What is not known, or no more, is asked for by a
    task, so that nobody outside is called while an order is placed.
    """

    _name = "oms.carrier.area"
    _description = "Relay Points around a Postcode"
    _order = "country_code, key, id"
    _rec_name = "key"

    account_id = fields.Many2one(
        "oms.carrier.account", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    country_code = fields.Char(string="Country", required=True, readonly=True, size=2)
    key = fields.Char(required=True, readonly=True, help="The postcode, or else the city.")
    zip = fields.Char(string="Postcode", readonly=True)
    city = fields.Char(readonly=True)
    points = fields.Json(
        string="What Was Told", readonly=True, help="As the carrier told them, the nearest first."
    )
    point_count = fields.Integer(string="Points", readonly=True)
    point_text = fields.Text(string="Known Points", compute="_compute_point_text")
    answered_at = fields.Datetime(string="Known Since", readonly=True)
    next_ask = fields.Datetime(
        string="Asked Again From", readonly=True, help="Not before that, when somebody wants it."
    )
    ask_count = fields.Integer(string="Times Asked", readonly=True)
    error = fields.Char(string="Last Failure", readonly=True)

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
        now = fields.Datetime.now()
        if not key:
            return None
        if area.answered_at and area.answered_at > now - timedelta(hours=FRESH_HOURS):
            return area._read_points()
        if not area.next_ask or area.next_ask <= now:
            area = area or self._make(account, near, key)
            if patient:
                area._ask_now(near)
            else:
                area._ask_later()
        known = area.answered_at and area.answered_at > now - timedelta(days=MOST_DAYS)
        return area._read_points() if known else None

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
                TypeAdapter(list[dict[str, str]]).dump_json([{"id": point_id}]).decode(),
                fields.Datetime.now() - timedelta(days=MOST_DAYS),
            )
        )
        row = self.env.cr.fetchone()
        points = POINTS.validate_python(row[0], strict=False) if row else ()
        return next((point for point in points if point.id == point_id), None)

    def _read_points(self):
        return POINTS.validate_python(self.points or (), strict=False)

    @api.model
    def _make(self, account, near, key):
        """Return the area, made now; whoever makes it at the same moment makes the same."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_carrier_area (account_id, company_id, country_code, key, zip, city,
                    ask_count, point_count, create_uid, write_uid, create_date, write_date)
                VALUES (%s, %s, %s, %s, %s, %s, 0, 0, %s, %s, %s, %s)
                ON CONFLICT (account_id, country_code, key) DO UPDATE SET key = EXCLUDED.key
                RETURNING id
                """,
                account.id,
                account.company_id.id,
                near.country,
                key,
                near.zip or None,
                near.city or None,
                *(self.env.uid, self.env.uid),
                *(fields.Datetime.now(), fields.Datetime.now()),
            )
        )
        return self.browse(self.env.cr.fetchone()[0])

    # === ASKING === #

    def _prepare_near(self):
        self.ensure_one()
        return Address("", "", self.zip or "", self.city or "", self.country_code)

    def _ask_later(self):
        """Put a task into the queue that asks; for as long as it waits no second one."""
        self.env["oms.task"]._enqueue(
            [
                {
                    "kind": "carrier.points",
                    "key": f"{area.id}-{area.ask_count}",
                    "name": self.env._(
                        "Relay points around %(zip)s, %(country)s",
                        zip=area.key,
                        country=area.country_code,
                    ),
                    "company_id": area.company_id.id,
                    "res_model": area._name,
                    "res_id": area.id,
                    "arguments": {"account_id": area.account_id.id},
                }
                for area in self
            ]
        )

    def _ask_now(self, near):
        """Ask while somebody waits: only reading, and no longer than people wait."""
        self.ensure_one()
        account = self.account_id
        asked = dataclasses.replace(account._prepare_account(), timeout=PATIENCE)
        outcome = ADAPTERS[account.adapter].pickup_points(asked, near)
        if isinstance(outcome, Ok):
            self._keep_answer(outcome.value)
        else:
            self._keep_answer(None, outcome.text)

    def _keep_answer(self, points, error=None):
        """Keep what a carrier answered.

        :param points: :class:`~connectors.carrier.PickupPoint` of each; None where it failed
        :param error: what came instead
        """
        self.ensure_one()
        now = fields.Datetime.now()
        vals = {"ask_count": self.ask_count + 1}
        if points is not None:
            vals |= {
                "points": POINTS.dump_python(points, mode="json"),
                "point_count": len(points),
                "answered_at": now,
                "next_ask": now + timedelta(hours=FRESH_HOURS),
                "error": False,
            }
        else:
            vals |= {"error": error, "next_ask": now + timedelta(minutes=REST_MINUTES)}
        self.write(vals)

    def action_ask(self):
        """Have the carriers asked anew for the points of these areas."""
        self.check_access("read")
        # sudo: whoever may see what is known may have it asked for
        self.sudo()._ask_later()

    @api.autovacuum
    def _gc_forgotten(self):
        """Forget areas of which nobody has wanted to know anything for a long time."""
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("write_date", "<", before)]).unlink()


def can_tell_points(account):
    """Tell whether a carrier account can be asked for relay points."""
    adapter = ADAPTERS.get(account.adapter)
    return bool(adapter) and Capability.PICKUP_POINTS in adapter.capabilities


def get_key(near):
    """Return by what an area is known: people write postcodes with and without blanks."""
    return "".join((near.zip or near.city or "").upper().split())[:64]
