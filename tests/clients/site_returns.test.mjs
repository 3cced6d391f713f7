/** The foresight of the site screen for returns, run by `node --test`; see test_site_work.py. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

// Files of Odoo are modules without saying so: Node believes it of a URL with a type.
async function load(name) {
    const url = new URL(`../../static/src/site_work/${name}.js`, import.meta.url);
    const source = await readFile(url, "utf8");
    return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

const effects = await load("returns/return_effects");
const subjects = await load("subject");
const { gradeOf, itemValues, missing, remaining, resolveReturnScan, withReturnOperations } = effects;

const GRADES = ["A", "B", "C", "D"].map((code, index) => ({ id: index + 1, code }));
const CHECKS = [
    { id: 1, good_answer: "yes", grade_id: 2 },
    { id: 2, good_answer: "no", grade_id: 4 },
];

function makeDetail() {
    const line = (id, name, more = {}) => ({
        key: `S${id}`,
        line_id: null,
        sale_line_id: id,
        product: { id: 10 * id, name, tracking: "none", barcodes: [`code-${id}`] },
        rounding: 1,
        announced: 0,
        received: 0,
        max: 3,
        lots: [],
        ...more,
    });
    const watch = line(3, "Watch", { max: 2, lots: ["W-1", "W-2"] });
    watch.product.tracking = "serial";
    return {
        id: 5,
        lines: [line(1, "Apple", { announced: 2 }), line(2, "Berry"), watch],
        items: [],
        grades: GRADES,
        checks: CHECKS,
        actions: { item: true, grade: false, done: false },
    };
}

const item = (sale_line_id, quantity, more = {}) => ({
    kind: "return_item",
    uuid: `i${sale_line_id}-${quantity}`,
    sale_line_id,
    product_id: 10 * sale_line_id,
    quantity,
    ...more,
});

const rows = ({ items }) =>
    items.map((each) => [each.line_key, each.lot, each.quantity, each.grade?.code || ""]);

test("what is counted adds up, and what is taken off is gone", () => {
    const detail = makeDetail();
    const told = [item(1, 1), item(1, 1), item(2, 2), item(1, -1), item(2, -2)];
    const seen = withReturnOperations(detail, told);
    assert.deepEqual(rows(seen), [["S1", "", 1, ""]]);
    assert.equal(missing(seen.lines[0]), 1);
    assert.equal(remaining(seen.lines[0]), 2);
    assert.equal(seen.actions.done, true);
    assert.equal(detail.items.length, 0, "what the server said is left alone");
});

test("pieces differ by their number", () => {
    const told = [item(3, 1, { lot_name: "W-1" }), item(3, 1, { lot_name: "W-2" })];
    const seen = withReturnOperations(makeDetail(), told);
    assert.deepEqual(rows(seen), [
        ["S3", "W-1", 1, ""],
        ["S3", "W-2", 1, ""],
    ]);
    assert.equal(resolveReturnScan(seen, "w-1").kind, "complete");
    assert.equal(resolveReturnScan(seen, "code-3").kind, "complete");
});

test("a part of what is alike is graded, and the rest is not", () => {
    const counted = withReturnOperations(makeDetail(), [item(1, 3)]);
    const values = itemValues(counted, counted.items[0]);
    const grade = { kind: "return_grade", uuid: "g1", ...values, grade_id: 2, quantity: 1 };
    const seen = withReturnOperations(makeDetail(), [item(1, 3), grade]);
    assert.deepEqual(rows(seen).sort(), [
        ["S1", "", 1, "B"],
        ["S1", "", 2, ""],
    ]);
    const again = { ...grade, uuid: "g2", grade_id: 4, quantity: 2 };
    assert.deepEqual(rows(withReturnOperations(makeDetail(), [item(1, 3), grade, again])).sort(), [
        ["S1", "", 1, "B"],
        ["S1", "", 2, "D"],
    ]);
});

test("scans go to what is missing first", () => {
    const detail = makeDetail();
    detail.lines.unshift({ ...detail.lines[0], key: "S9", sale_line_id: 9, announced: 0 });
    assert.equal(resolveReturnScan(detail, "CODE-1").line.key, "S1");
    assert.equal(resolveReturnScan(detail, "W-2").lot, "W-2");
    assert.equal(resolveReturnScan(detail, "nothing").kind, "unknown");
    for (const line of detail.lines) {
        line.received = line.max;
    }
    assert.equal(resolveReturnScan(detail, "code-1").kind, "complete");
});

test("the worst answer makes the grade, once all are given", () => {
    const grade = (answers) => gradeOf(GRADES, CHECKS, answers)?.code;
    assert.equal(grade({}), undefined);
    assert.equal(grade({ 1: "yes" }), undefined);
    assert.equal(grade({ 1: "yes", 2: "no" }), "A");
    assert.equal(grade({ 1: "no", 2: "no" }), "B");
    assert.equal(grade({ 1: "no", 2: "yes" }), "D");
    assert.equal(gradeOf([], CHECKS, {}), undefined);
    assert.equal(gradeOf(GRADES, [], {}).code, "A");
});

test("a return that the server has not seen goes on", () => {
    const order = { order: "S1", customer: "Ada", lines: makeDetail().lines, grades: GRADES };
    const blank = effects.blankReturn(order, "New");
    const seen = withReturnOperations(blank, [{ kind: "return_receive" }, item(1, 1)]);
    assert.deepEqual(rows(seen), [["S1", "", 1, ""]]);
    assert.equal(effects.blankReturn(null, "New").actions.match, true);
});

test("operations tell what they are about", () => {
    const { newReturnSubject, returnSubject, subjectOf, subjectValues } = subjects;
    assert.deepEqual(subjectValues(7), { fulfillment_id: 7 });
    assert.equal(subjectOf(subjectValues(7)), 7);
    const known = returnSubject(12);
    assert.deepEqual(subjectValues(known), { subject: known, return_id: 12 });
    const made = newReturnSubject("abc-def");
    assert.deepEqual(subjectValues(made), { subject: made, return_key: "abc-def" });
    assert.equal(subjectOf(subjectValues(made)), made);
});
