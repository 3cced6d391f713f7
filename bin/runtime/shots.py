"""`bin/screenshots`: pictures of the running demo for the README, and of any screen by hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from . import chromium, demo, environment, postgres, server, session
from .databases import INSIDE, Databases
from .errors import Stop

WIDTH, HEIGHT = 1280, 800
LIMIT_KB = 150

_MOST_SPLIT = """
    SELECT order_id FROM oms_fulfillment GROUP BY order_id ORDER BY count(*) DESC, order_id LIMIT 1
"""
_TO_PICK = """
    SELECT fulfillment.id
      FROM oms_fulfillment fulfillment
      JOIN oms_fulfillment_line line ON line.fulfillment_id = fulfillment.id
     WHERE fulfillment.work_state = 'accepted'
     GROUP BY fulfillment.id
     ORDER BY count(*) DESC, fulfillment.id
     LIMIT 1
"""
_BEST_TRANSFER = """
    SELECT id FROM oms_proposal WHERE kind = 'transfer' AND state = 'proposed'
     ORDER BY gain DESC, id LIMIT 1
"""
_BUSY_SITE = ".o_oms_site_choice:nth-of-type(2)"
_PHONE = {"width": 360, "height": 740}


@dataclass(frozen=True)
class Shot:
    """One picture.

    :param name: name of its file, without `.png`.
    :param path: address below the server's, with `{record}` for the record to show.
    :param selector: CSS selector of something that is there when the screen is complete.
    :param record: SQL query for the id of the record to show.
    :param click: CSS selectors of what is clicked first, one after the other.
    :param width: width of the window in CSS pixels.
    :param height: height of the window in CSS pixels.
    """

    name: str
    path: str
    selector: str
    record: str = ""
    click: tuple[str, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT


SHOTS = (
    Shot("orders", "/odoo/oms-orders", ".o_list_view .o_data_row"),
    Shot("order", "/odoo/oms-orders/{record}", ".o_form_view .o_data_row", _MOST_SPLIT),
    Shot(
        "decision",
        "/odoo/oms-decisions/{record}",
        ".o_form_view .o_form_sheet",
        f"SELECT max(id) FROM oms_decision WHERE order_id = ({_MOST_SPLIT})",
    ),
    Shot(
        "fulfillments",
        "/odoo/oms-fulfillments?view_type=kanban",
        ".o_kanban_record:not(.o_kanban_ghost)",
    ),
    Shot(
        "flow-proposals",
        "/odoo/oms-proposals-by-lane?view_type=kanban",
        ".o_kanban_record:not(.o_kanban_ghost)",
    ),
    Shot(
        "flow-proposal",
        "/odoo/oms-proposals/{record}",
        ".o_field_oms_flow_chart canvas",
        _BEST_TRANSFER,
        height=1000,
    ),
    Shot("channels", "/odoo/oms-channels", ".o_kanban_record:not(.o_kanban_ghost)"),
    Shot("site-work", "/odoo/oms-site-work", ".o_oms_card", click=(_BUSY_SITE,), **_PHONE),
    Shot(
        "site-work-order",
        "/odoo/oms-site-work/{record}",
        ".o_oms_message",
        _TO_PICK,
        click=(".o_oms_one_more:enabled",),
        **_PHONE,
    ),
    Shot(
        "site-work-reject",
        "/odoo/oms-site-work/{record}",
        ".modal .o_oms_reasons",
        _TO_PICK,
        click=("[data-action='reject']", ".o_oms_reasons label:nth-of-type(2) input"),
        **_PHONE,
    ),
    Shot(
        "site-work-desktop",
        "/odoo/oms-site-work/{record}",
        ".o_oms_message",
        _TO_PICK,
        click=(".o_oms_one_more:enabled",),
    ),
)


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/screenshots",
        description="Take the README's pictures of the demo, or one of any screen with --path.",
    )
    parser.add_argument("folder", metavar="OUT_DIR", help="folder for the PNG files")
    parser.add_argument("--only", metavar="NAME", help="this one of the README's pictures only")
    parser.add_argument("--path", metavar="/odoo/…", help="one picture of this address instead")
    parser.add_argument("--name", default="screen", help="name of that picture")
    parser.add_argument("--selector", default="body", metavar="CSS", help="wait for this")
    parser.add_argument(
        "--click", action="append", default=[], metavar="CSS", help="click this first (repeatable)"
    )
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--height", type=int, default=HEIGHT)
    parser.add_argument("--url", help="a server that runs already, such as http://localhost:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument("--database", default="oms_demo", help="the demo database to serve")
    parser.add_argument("--verbose", action="store_true", help="show where a failure comes from")
    options = parser.parse_args(given)
    if options.url and not options.path:
        parser.error("--url goes with --path")
    return options


def main(given: list[str]) -> int:
    """Serve the demo, unless one runs already, and take the pictures."""
    options = arguments(given)
    folder = Path(options.folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with session.opened("screenshots", Path(__file__).resolve().parents[2]) as surroundings:
        env = environment.prepare(surroundings, tools=True)
        chromium.require(surroundings)
        with ExitStack() as stack:
            shots = _chosen(options)
            if not options.url:
                running = stack.enter_context(postgres.running(surroundings, env.runtime))
                databases = Databases(surroundings, env, running)
                with surroundings.cache.lock(f"database {options.database}"):
                    if options.database not in databases.remarks():
                        demo.prepare(databases, options.database, demo.Inputs())
                shots = [_resolved(databases, options.database, shot) for shot in shots]
                port = server.free_port()
                stack.enter_context(server.serving(databases, options.database, "127.0.0.1", port))
                options.url = f"http://127.0.0.1:{port}"
            take(surroundings, env, options, shots, folder)
    return 0


def _chosen(options: argparse.Namespace) -> list[Shot]:
    if options.path:
        size = {"width": options.width, "height": options.height}
        clicks = tuple(options.click)
        return [Shot(options.name, options.path, options.selector, click=clicks, **size)]
    chosen = [shot for shot in SHOTS if options.only in (None, shot.name)]
    if not chosen:
        names = ", ".join(shot.name for shot in SHOTS)
        raise Stop(f"there is no picture “{options.only}”.", f"There are: {names}.")
    return chosen


def _resolved(databases: Databases, name: str, shot: Shot) -> Shot:
    if not shot.record:
        return shot
    rows = databases.tool("query", name, shot.record)
    if not rows or rows[0][0] is None:
        raise Stop(f"the database {name} has no record for the picture “{shot.name}”.")
    facts = {**asdict(shot), "path": shot.path.format(record=rows[0][0])}
    return Shot(**facts)


def take(
    surroundings: session.Session,
    env: environment.Environment,
    options: argparse.Namespace,
    shots: Sequence[Shot],
    folder: Path,
) -> None:
    """Take pictures with a headless browser.

    :param options: the server's address and the login.
    :param shots: what to take.
    :param folder: gets the files.
    """
    order = {
        "browser": chromium.find(),
        "profile": str(surroundings.folder / "browser"),
        "url": options.url.rstrip("/"),
        "login": options.login,
        "password": options.password,
        "folder": str(folder),
        "limit": LIMIT_KB * 1024,
        "shots": [asdict(shot) for shot in shots],
    }
    script = surroundings.folder / "shots.json"
    script.write_text(json.dumps(order))
    with surroundings.report.step("Taking the pictures") as step:
        surroundings.processes.run(
            [env.tools_python, INSIDE / "take_shots.py", script],
            surroundings.logs / "shots.log",
            "Taking the pictures",
            on_line=step.say,
        )
    for shot in shots:
        size = (folder / f"{shot.name}.png").stat().st_size / 1024
        surroundings.report.line(f"  {folder / shot.name}.png  {size:.0f} KB")
