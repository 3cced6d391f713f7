/**
 * What a return looks like when operations that the server has not answered yet are thought done.
 *
 * Nothing here decides: the server may refuse, and what it says replaces all of this. Plain data
 * in and out, no Odoo.
 */

const isLess = (a, b, rounding) => b - a > (rounding || 0.01) / 2;
const same = (code, barcode) =>
    !!code && String(code).trim().toLowerCase() === barcode.trim().toLowerCase();

/** Goods of one line and lot that nobody graded are one item, which the device can name itself. */
export function itemKey(lineKey, lotName) {
    return `${lineKey}/${lotName || ""}`;
}

/** What tells an operation which line is meant. */
export function lineValues({ line_id, sale_line_id, product }) {
    return { line_id, sale_line_id, product_id: product.id };
}

/** What tells an operation which item is meant, also when the server has not seen it yet. */
export function itemValues(detail, item) {
    const line = detail.lines.find((each) => each.key === item.line_key);
    const id = item.is_booked ? { item_id: item.id } : { draft_id: item.id };
    return { ...lineValues(line || { product: item.product }), ...id, lot_name: item.lot };
}

/** What was announced of a line and has not come. */
export function missing(line) {
    return isLess(line.received, line.announced, line.rounding)
        ? line.announced - line.received
        : 0;
}

export function isComplete(line) {
    return line.announced > 0 && !missing(line);
}

/** How many more of a line may come: never more than was delivered and is not back yet. */
export function remaining(line) {
    return line.max === null ? Infinity : Math.max(line.max - line.received, 0);
}

export function itemsOf(detail, line) {
    return detail.items.filter((item) => item.line_key === line.key);
}

export function ungraded(detail) {
    return detail.items.filter((item) => !item.grade && !item.is_inspected);
}

export function receivedUnits(detail) {
    return detail.items.reduce((sum, item) => sum + item.quantity, 0);
}

/**
 * Finds what a barcode means for a return, as far as the screen can know.
 *
 * @returns {{kind: "lot"|"product"|"complete"|"unknown", line?: Object, lot?: string}}
 */
export function resolveReturnScan(detail, barcode) {
    for (const line of detail.lines) {
        const lot = (line.lots || []).find((each) => same(each, barcode));
        if (lot) {
            const isThere = itemsOf(detail, line).some((item) => item.lot === lot);
            return line.product.tracking === "serial" && isThere
                ? { kind: "complete", line, lot }
                : { kind: "lot", line, lot };
        }
    }
    const lines = detail.lines.filter((line) =>
        (line.product.barcodes || []).some((code) => same(code, barcode))
    );
    const line = lines.find(missing) || lines.find((each) => remaining(each) > 0);
    if (line) {
        return { kind: "product", line };
    }
    return lines.length ? { kind: "complete", line: lines[0] } : { kind: "unknown" };
}

/** A return that nobody announced, before the server has seen it. */
export function blankReturn(order, name) {
    return {
        id: 0,
        name,
        order: order?.order || "",
        customer: order?.customer || "",
        origin: "blind",
        state: "authorized",
        is_here: true,
        note: "",
        lines: (order?.lines || []).map((line) => ({ ...line, announced: 0, received: 0 })),
        items: [],
        grades: order?.grades || [],
        checks: order?.checks || [],
        actions: { item: true, grade: false, done: false, match: !order },
        events: [],
        isWaiting: true,
    };
}

// === OPERATIONS === //

function findLine(detail, { line_id, sale_line_id, product_id }) {
    return detail.lines.find(
        (line) =>
            (line_id && line.line_id === line_id) ||
            (sale_line_id && line.sale_line_id === sale_line_id) ||
            (!line_id && !sale_line_id && product_id && line.product.id === product_id)
    );
}

function findItem(detail, { item_id, draft_id, lot_name }, line) {
    const id = item_id || draft_id;
    if (id) {
        return detail.items.find((item) => item.id === id && item.is_booked === !!item_id);
    }
    const key = line && itemKey(line.key, lot_name);
    return detail.items.find((item) => !item.grade && !item.is_booked && item.key === key);
}

function addItem(detail, operation, line) {
    const { lot_name, quantity } = operation;
    let item = findItem(detail, operation, line);
    if (!item) {
        item = {
            key: itemKey(line.key, lot_name),
            id: 0,
            line_key: line.key,
            product: line.product,
            lot: lot_name || "",
            quantity: 0,
            uom: line.uom,
            rounding: line.rounding,
            grade: null,
            is_booked: false,
        };
        detail.items.push(item);
    }
    item.quantity += quantity;
    if (!isLess(0, item.quantity, item.rounding)) {
        detail.items = detail.items.filter((each) => each !== item);
    }
}

const EFFECTS = {
    return_item(detail, operation) {
        const line =
            findLine(detail, operation) ||
            (operation.barcode && resolveReturnScan(detail, operation.barcode).line);
        if (!line) {
            return;
        }
        line.received = Math.max(line.received + operation.quantity, 0);
        addItem(detail, operation, line);
        detail.actions = { ...detail.actions, grade: true, done: detail.items.length > 0 };
    },
    return_grade(detail, operation) {
        const item = findItem(detail, operation, findLine(detail, operation));
        if (!item) {
            return;
        }
        const grade = detail.grades.find((each) => each.id === operation.grade_id) || null;
        const rest = item.quantity - (operation.quantity || item.quantity);
        if (isLess(0, rest, item.rounding)) {
            detail.items.push({ ...item, id: 0, quantity: rest });
        }
        item.quantity -= Math.max(rest, 0);
        item.key = `${item.key}/${operation.uuid}`;
        item.grade = grade;
        item.accepted = operation.accepted;
        item.is_waiting = true;
    },
    return_done(detail) {
        detail.isDone = true;
        detail.actions = {};
    },
};

/**
 * @param {Object} detail what the server said of a return
 * @param {Object[]} operations what was done since, of this return
 * @returns {Object} a copy in which they are done
 */
export function withReturnOperations(detail, operations) {
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

/**
 * The grade that follows from answers, as the server will say: the worst that one of them allows.
 *
 * @param {Object[]} grades best first
 * @param {Object[]} checks
 * @param {Object} answers "yes" or "no" by id of the check
 * @returns {Object|undefined} none as long as something is not answered
 */
export function gradeOf(grades, checks, answers) {
    if (!grades.length || checks.some((check) => !answers[check.id])) {
        return undefined;
    }
    const worst = checks
        .filter((check) => answers[check.id] !== check.good_answer)
        .map((check) => grades.findIndex((grade) => grade.id === check.grade_id));
    return grades[Math.max(0, ...worst)];
}
