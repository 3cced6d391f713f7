/**
 * What an order looks like when operations that the server has not answered yet are thought done.
 *
 * Nothing here decides: the server may refuse, and what it says replaces all of this. Plain data
 * in and out, no Odoo.
 */

/** Whether a is less than b by more than half of what is counted. */
export function isLess(a, b, rounding = 0.01) {
    return b - a > (rounding || 0.01) / 2;
}

/** What of a line can still be picked. */
export function remaining(line) {
    return Math.max(line.demand - line.picked - (line.short || 0), 0);
}

export function isComplete(line) {
    return !isLess(0, remaining(line), line.rounding);
}

/** Rows of a fulfillment line differ by the place, lot and package that goods are taken from. */
export function rowKey(line) {
    const isFound = line.move_line_id ? 1 : 0;
    const spot = [line.location?.id || 0, line.lot?.id || 0, line.package || ""];
    return [line.id, line.move_id || 0, isFound, ...spot].join("-");
}

/** What tells an operation which row is meant, also after its move line was split. */
export function rowValues(line) {
    const { id, move_line_id } = line;
    return { line_id: id, move_line_id: move_line_id || null, row: rowKey(line) };
}

export function pickedUnits(detail) {
    return detail.lines.reduce((sum, line) => sum + line.picked, 0);
}

export function isPicked(detail) {
    return detail.lines.length > 0 && detail.lines.every(isComplete);
}

export function findLine(detail, { line_id, row }) {
    const lines = detail.lines.filter((line) => line.id === line_id);
    return lines.find((line) => rowKey(line) === row) || lines[0];
}

/**
 * One row for each line of the order, wherever its goods lie.
 *
 * @param {Object[]} lines
 * @param {(line: Object) => number} count what is counted of a line
 * @returns {Object[]} of those of which there is some, with `amount`
 */
export function perLine(lines, count) {
    const rows = new Map();
    for (const line of lines) {
        const amount = count(line) + (rows.get(line.id)?.amount || 0);
        if (isLess(0, amount, line.rounding)) {
            rows.set(line.id, { ...line, amount });
        }
    }
    return [...rows.values()];
}

// === SCANS === //

function same(code, barcode) {
    return !!code && String(code).trim().toLowerCase() === barcode.trim().toLowerCase();
}

function chooseLine(lines, locationId) {
    const open = lines.filter((line) => !isComplete(line));
    return open.find((line) => line.location?.id === locationId) || open[0];
}

/**
 * Finds what a barcode means for an order, as far as the screen can know.
 *
 * @param {Object} detail the order
 * @param {string} barcode
 * @param {number} [locationId] the place that was scanned last: its lines go first
 * @returns {{kind: "product"|"complete"|"elsewhere"|"lot"|"location"|"package"|"unknown", line?,
 *      lines?, location?, package?}}
 */
export function resolveScan(detail, barcode, locationId) {
    const ofLot = detail.lines.filter((line) => same(line.lot?.name, barcode));
    if (ofLot.length) {
        const line = chooseLine(ofLot, locationId);
        return line ? { kind: "lot", line } : { kind: "complete", line: ofLot[0] };
    }
    const ofProduct = detail.lines.filter((line) =>
        (line.product.barcodes || []).some((code) => same(code, barcode))
    );
    if (ofProduct.length) {
        const line = chooseLine(ofProduct, locationId);
        if (line && locationId && line.location?.id !== locationId) {
            const place = detail.lines.find((each) => each.location?.id === locationId)?.location;
            return { kind: "elsewhere", line, location: place };
        }
        return line ? { kind: "product", line } : { kind: "complete", line: ofProduct[0] };
    }
    const there = detail.lines.filter((line) => same(line.location?.barcode, barcode));
    if (there.length) {
        return { kind: "location", location: there[0].location, lines: there };
    }
    const found = (detail.packages || []).find(
        (each) => same(each.name, barcode) || same(each.sscc, barcode)
    );
    return found ? { kind: "package", package: found } : { kind: "unknown" };
}

// === OPERATIONS === //

const STATES = ["todo", "accepted", "picked", "packed", "ready"];

function advance(detail, state) {
    if (STATES.indexOf(detail.work_state) < STATES.indexOf(state)) {
        detail.work_state = state;
    }
}

function allow(detail, values) {
    detail.actions = { ...detail.actions, ...values };
}

function afterPicking(detail) {
    detail.picked_units = pickedUnits(detail);
    if (isPicked(detail)) {
        advance(detail, "picked");
        allow(detail, { pack: pickedUnits(detail) > 0 });
    }
}

function setPicked(detail, line, quantity) {
    line.picked = Math.min(Math.max(quantity, 0), Math.max(line.demand - (line.short || 0), 0));
    afterPicking(detail);
}

const EFFECTS = {
    accept(detail) {
        advance(detail, "accepted");
        allow(detail, { accept: false, pick: true });
    },
    scan(detail, operation) {
        const line = operation.line_id
            ? findLine(detail, operation)
            : resolveScan(detail, operation.barcode).line;
        if (line && !isComplete(line)) {
            setPicked(detail, line, line.picked + (operation.quantity || 1));
        }
    },
    set_picked(detail, operation) {
        const line = findLine(detail, operation);
        if (line) {
            // Of a lot so many are taken; else so many more or less than were seen.
            const before = operation.lot_name ? 0 : operation.before ?? line.picked;
            setPicked(detail, line, line.picked + operation.quantity - before);
        }
    },
    short(detail, operation) {
        const line = findLine(detail, operation);
        if (line) {
            line.short = Math.max(line.demand - line.picked, 0);
            afterPicking(detail);
        }
    },
    pack(detail, operation) {
        const contents = detail.lines
            .filter((line) => isLess(line.packed || 0, line.picked, line.rounding))
            .map((line) => ({
                product: line.product.name,
                quantity: line.picked - (line.packed || 0),
                uom: line.uom,
            }));
        if (!operation.lines) {
            detail.lines.forEach((line) => (line.packed = line.picked));
            detail.packages.push({
                id: 0,
                name: "…",
                sscc: "",
                weight: operation.weight || 0,
                contents,
                isWaiting: true,
            });
            advance(detail, "packed");
            allow(detail, { pack: false, label: true, ready: true, hand_over: true });
        }
    },
    ready(detail, operation) {
        advance(detail, "ready");
        detail.storage = operation.storage || detail.storage;
        allow(detail, { ready: false });
    },
    hand_over(detail, operation) {
        if (operation.partial) {
            return; // What is left, the server tells.
        }
        detail.work_state = "";
        detail.isHandedOver = true;
        allow(detail, Object.fromEntries(Object.keys(detail.actions).map((key) => [key, false])));
    },
    collect(detail, operation) {
        if (!operation.lines) {
            EFFECTS.hand_over(detail, {});
        }
    },
    sell(detail) {
        EFFECTS.hand_over(detail, {});
    },
    release(detail) {
        EFFECTS.reject(detail, {});
    },
    reject(detail, operation) {
        if (!operation.lines) {
            detail.isGivenBack = true;
            EFFECTS.hand_over(detail, {});
            detail.isHandedOver = false;
        }
    },
};

/**
 * @param {Object} detail what the server said of an order
 * @param {Object[]} operations what was done since, of this order
 * @returns {Object} a copy in which they are done
 */
export function withOperations(detail, operations) {
    if (!operations.length) {
        return detail;
    }
    const copy = structuredClone(detail);
    for (const operation of operations) {
        EFFECTS[operation.kind]?.(copy, operation);
    }
    copy.isWaiting = true;
    return copy;
}
