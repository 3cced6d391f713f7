import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";

const { DateTime } = luxon;

export const STATES = ["todo", "accepted", "picked", "packed", "ready"];

const STATE_NAMES = {
    offered: _t("Offered"),
    todo: _t("To accept"),
    accepted: _t("To pick"),
    picked: _t("To pack"),
    packed: _t("Packed"),
    ready: _t("Ready"),
};

const STATE_COLORS = {
    offered: "text-bg-warning",
    todo: "text-bg-warning",
    accepted: "text-bg-info",
    picked: "text-bg-primary",
    packed: "text-bg-secondary",
    ready: "text-bg-success",
};

const SERVICES = {
    ship: { icon: "fa-truck", name: _t("Ship") },
    collect: { icon: "fa-shopping-bag", name: _t("Collect") },
    reserve: { icon: "fa-bookmark", name: _t("Reserved") },
};

const KIND_NAMES = {
    accept: _t("Accept"),
    reject: _t("Reject"),
    start: _t("Begin work"),
    leave: _t("Leave to others"),
    scan: _t("Scan"),
    set_picked: _t("Set quantity"),
    short: _t("Not found"),
    pack: _t("Pack"),
    unpack: _t("Unpack"),
    label: _t("Label"),
    ready: _t("Ready"),
    hand_over: _t("Hand over"),
    undo: _t("Undo"),
    return_receive: _t("Take back"),
    return_item: _t("Received"),
    return_grade: _t("Grade"),
    return_match: _t("Find the order"),
    return_done: _t("Done"),
    return_undo: _t("Undo"),
};

/** Where an order stands; what is offered to several sites is nobody's yet. */
export function stateOf({ offer, work_state }) {
    return offer && !work_state ? "offered" : work_state;
}

/** How many orders stand there: what is offered is to be accepted, too. */
export function countOf(counts, state) {
    return (counts[state] || 0) + (state === "todo" ? counts.offered || 0 : 0);
}

export function waveText({ name, bin }) {
    return bin ? _t("%(wave)s, bin %(bin)s", { wave: name, bin }) : name;
}

export function stateName(state) {
    return STATE_NAMES[state] || _t("Done");
}

export function stateColor(state) {
    return STATE_COLORS[state] || "text-bg-success";
}

export function serviceOf(card) {
    const service = SERVICES[card.service] || SERVICES.ship;
    return { icon: service.icon, name: card.service_name || service.name };
}

export const serviceChoices = () =>
    Object.entries(SERVICES).map(([key, { name }]) => ({ key, name }));

export function kindName(kind) {
    return KIND_NAMES[kind] || kind;
}

/** A quantity without digits that say nothing. */
export function quantity(value) {
    return formatFloat(value || 0, { digits: [16, 3], trailingZeros: false });
}

/** Units of an order, of which some are picked. */
export function unitsText({ units, picked_units }) {
    const count = quantity(units);
    if (picked_units) {
        return _t("%(picked)s of %(count)s units", { picked: quantity(picked_units), count });
    }
    return units === 1 ? _t("1 unit") : _t("%s units", count);
}

/** The name of a product without its code, which stands beside it. */
export function productName({ name, code }) {
    return code ? name.replace(`[${code}] `, "") : name;
}

function zoned(iso, zone) {
    const moment = DateTime.fromISO(iso);
    return zone ? moment.setZone(zone) : moment;
}

/** A moment as people at the site say it: the hour today, else the day too. */
export function moment(iso, zone) {
    if (!iso) {
        return "";
    }
    const when = zoned(iso, zone);
    const now = DateTime.now().setZone(when.zone);
    const hour = when.toFormat(localization.timeFormat.replace(":ss", ""));
    if (when.hasSame(now, "day")) {
        return hour;
    }
    if (when.hasSame(now.plus({ days: 1 }), "day")) {
        return _t("tomorrow %s", hour);
    }
    if (when.hasSame(now.minus({ days: 1 }), "day")) {
        return _t("yesterday %s", hour);
    }
    return `${when.toLocaleString({ day: "numeric", month: "short" })} ${hour}`;
}

/** How far a moment is from now: "in 35 min", "2 h ago". */
export function distance(iso) {
    return iso ? DateTime.fromISO(iso).toRelative({ style: "short" }) || "" : "";
}

/** What an operation that waits will do, for a person. */
export function describe(operation, detail) {
    const { line_id, sale_line_id, product_id } = operation;
    const line = detail?.lines?.find(
        (each) =>
            (line_id && line_id === (each.line_id || each.id)) ||
            (sale_line_id && sale_line_id === each.sale_line_id) ||
            (product_id && product_id === each.product.id)
    );
    const what = [kindName(operation.kind)];
    if (line) {
        what.push(productName(line.product));
    } else if (operation.barcode) {
        what.push(operation.barcode);
    }
    if (operation.quantity) {
        what.push(`× ${quantity(operation.quantity)}`);
    }
    return what.join(" ");
}
