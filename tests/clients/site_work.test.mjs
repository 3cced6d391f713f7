/** The queue and the foresight of the site screen, run by `node --test`; see test_site_work.py. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

// Files of Odoo are modules without saying so: Node believes it of a URL with a type.
async function load(name) {
    const url = new URL(`../../static/src/site_work/${name}.js`, import.meta.url);
    const source = await readFile(url, "utf8");
    return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

const { OperationQueue, LOST, LOGIN, REFUSED, BROKEN } = await load("operation_queue");
const { withOperations, resolveScan, rowValues, isComplete, perLine } = await load("optimism");

class FakeStorage {
    constructor() {
        this.items = new Map();
    }
    get length() {
        return this.items.size;
    }
    key(index) {
        return [...this.items.keys()][index];
    }
    getItem(key) {
        return this.items.get(key) ?? null;
    }
    setItem(key, value) {
        if (this.isFull) {
            throw new Error("QuotaExceededError");
        }
        this.items.set(key, String(value));
    }
    removeItem(key) {
        this.items.delete(key);
    }
}

/** A server that does each uuid once, and fails as told. */
class FakeServer {
    constructor() {
        this.done = [];
        this.calls = [];
        this.failures = [];
        this.refused = new Set();
    }
    async send(operations) {
        this.calls.push(operations.map((each) => each.n));
        await Promise.resolve();
        const failure = this.failures.shift();
        if (failure && !failure.late) {
            throw failure;
        }
        const results = operations.map((each) => {
            const repeated = this.done.some((done) => done.uuid === each.uuid);
            const refused = this.refused.has(each.n);
            if (!repeated && !refused) {
                this.done.push(each);
            }
            const outcome = refused ? "refused" : repeated ? "repeated" : "ok";
            return { uuid: each.uuid, outcome };
        });
        if (failure) {
            throw failure; // It was done, but the answer is lost.
        }
        return results;
    }
}

function failure(kind, more = {}) {
    return Object.assign(new Error(kind), { kind, ...more });
}

let uuids = 0;

function open(given = {}) {
    const world = {
        storage: new FakeStorage(),
        server: new FakeServer(),
        answers: [],
        timers: [],
        time: 1000,
        ...given,
    };
    world.queue = new OperationQueue({
        storage: world.storage,
        prefix: "q/",
        send: (operations) => world.server.send(operations),
        classify: (error) => ({ kind: error.kind, message: error.message }),
        onAnswer: (operation, result) => world.answers.push([operation.n, result.outcome]),
        onChange: () => {},
        now: () => world.time,
        makeUuid: () => `u${++uuids}`,
        later: (callback, ms) => world.timers.push({ callback, ms }),
        cancelLater: () => {},
    });
    return world;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("operations are sent in order and forgotten once answered", async () => {
    const world = open();
    for (const n of [1, 2, 3]) {
        world.queue.add({ kind: "scan", n });
    }
    assert.equal(world.storage.length, 3);
    await settle();
    assert.deepEqual(world.server.done.map((each) => each.n), [1, 2, 3]);
    assert.deepEqual(world.server.calls, [[1], [2, 3]], "one call at a time");
    assert.equal(world.storage.length, 0);
    assert.deepEqual(world.answers, [[1, "ok"], [2, "ok"], [3, "ok"]]);
    assert.equal(world.queue.state, "idle");
});

test("without a connection they wait, longer each time, and go in order when it is back", async () => {
    const world = open();
    world.server.failures = [1, 2, 3, 4, 5, 6, 7].map(() => failure(LOST));
    world.queue.add({ kind: "scan", n: 1 });
    await settle();
    world.queue.add({ kind: "scan", n: 2 });
    await settle();
    assert.equal(world.queue.state, LOST);
    assert.equal(world.queue.isConnected, false);
    while (world.server.failures.length) {
        await world.queue.flush();
    }
    assert.deepEqual(world.timers.map((each) => each.ms), [1000, 2000, 4000, 8000, 15000, 30000, 30000]);
    assert.deepEqual(world.queue.pending.map((each) => each.n), [1, 2]);
    world.timers.at(-1).callback();
    await settle();
    assert.deepEqual(world.server.done.map((each) => each.n), [1, 2]);
    assert.equal(world.queue.isConnected, true);
});

test("a lost answer does nothing twice", async () => {
    const world = open();
    world.server.failures = [failure(LOST, { late: true })];
    world.queue.add({ kind: "scan", n: 1 });
    await settle();
    assert.equal(world.queue.pending.length, 1);
    await world.queue.flush();
    assert.equal(world.server.done.length, 1);
    assert.deepEqual(world.answers, [[1, "repeated"]]);
});

test("a reload of the page loses nothing and keeps the order, even if the clock goes back", async () => {
    const world = open();
    world.server.failures = [failure(LOST), failure(LOST)];
    for (const n of [1, 2, 3]) {
        world.queue.add({ kind: "scan", n });
    }
    world.time = 10;
    world.queue.add({ kind: "scan", n: 4 });
    await settle();
    world.queue.close();
    world.storage.setItem("q/9-broken", "{");
    world.storage.setItem("other", "not ours");
    const again = open({ storage: world.storage, time: 5 });
    again.queue.add({ kind: "scan", n: 5 });
    await settle();
    assert.deepEqual(again.server.done.map((each) => each.n), [1, 2, 3, 4, 5]);
    assert.deepEqual([...again.storage.items.keys()], ["other"]);
});

test("two windows do not overwrite each other's operations", async () => {
    const one = open();
    const other = open({ storage: one.storage });
    for (const world of [one, other]) {
        world.server.failures = [failure(LOST)];
        world.queue.add({ kind: "scan", n: 1 });
    }
    await settle();
    assert.equal(one.storage.length, 2);
    const third = open({ storage: one.storage });
    await third.queue.flush();
    assert.equal(third.server.done.length, 2);
});

test("a refused operation leaves the queue and does not stop the next", async () => {
    const world = open();
    world.server.refused.add(2);
    for (const n of [1, 2, 3]) {
        world.queue.add({ kind: "scan", n });
    }
    await settle();
    assert.deepEqual(world.answers, [[1, "ok"], [2, "refused"], [3, "ok"]]);
    assert.equal(world.storage.length, 0);
});

test("where the server refuses several at once, each is asked for by itself", async () => {
    const world = open();
    world.server.failures = [failure(LOST)];
    for (const n of [1, 2, 3]) {
        world.queue.add({ kind: "scan", n });
    }
    await settle();
    // The three together, then the first of them.
    world.server.failures = [failure(REFUSED), failure(REFUSED)];
    await world.queue.flush();
    assert.deepEqual(world.server.calls, [[1], [1, 2, 3], [1], [2], [3]]);
    assert.deepEqual(world.answers, [[1, "refused"], [2, "ok"], [3, "ok"]]);
});

test("a server that fails is asked three times, then the operation is given up aloud", async () => {
    const world = open();
    world.server.failures = [failure(BROKEN), failure(BROKEN), failure(BROKEN)];
    world.queue.add({ kind: "scan", n: 1 });
    await settle();
    assert.deepEqual(world.answers, []);
    await world.queue.flush();
    assert.deepEqual(world.answers, []);
    await world.queue.flush();
    assert.deepEqual(world.answers, [[1, "refused"]]);
});

test("an answer that leaves an operation out is no answer to it", async () => {
    const world = open();
    world.server.send = async () => [];
    world.queue.add({ kind: "scan", n: 1 });
    await settle();
    assert.equal(world.queue.pending.length, 1);
    assert.equal(world.timers.length, 1, "asked again later, not at once");
});

test("who is not logged in any more loses nothing", async () => {
    const world = open();
    world.server.failures = [failure(LOGIN)];
    world.queue.add({ kind: "scan", n: 1 });
    await settle();
    assert.equal(world.queue.state, LOGIN);
    assert.equal(world.storage.length, 1);
});

test("what was not sent can be taken back, what may have arrived cannot", async () => {
    const world = open();
    world.server.failures = [failure(LOST)];
    const first = world.queue.add({ kind: "scan", n: 1 });
    const second = world.queue.add({ kind: "scan", n: 2 });
    assert.equal(world.queue.withdraw(first.uuid), false);
    assert.equal(world.queue.withdraw(second.uuid), true);
    await settle();
    assert.equal(world.queue.withdraw(first.uuid), false, "it may have arrived");
    assert.deepEqual(world.queue.pending.map((each) => each.n), [1]);
    assert.equal(world.storage.length, 1);
});

test("a storage that is full does not stop the work, and is told", async () => {
    const world = open();
    world.storage.isFull = true;
    world.queue.add({ kind: "scan", n: 1 });
    assert.equal(world.queue.kept, false);
    await settle();
    assert.equal(world.server.done.length, 1);
});

// === FORESIGHT === //

function makeDetail() {
    const product = (name, barcode) => ({ id: 1, name, barcodes: [barcode], tracking: "none" });
    const line = (id, name, barcode, location, demand, more = {}) => ({
        id,
        move_line_id: id * 10,
        product: product(name, barcode),
        location: { id: location, name: `Shelf ${location}`, barcode: `SHELF-${location}` },
        lot: null,
        demand,
        picked: 0,
        packed: 0,
        short: 0,
        rounding: 0.01,
        uom: "Units",
        ...more,
    });
    return {
        id: 7,
        work_state: "accepted",
        picked_units: 0,
        actions: { accept: false, pick: true, pack: false, label: false, ready: false },
        lines: [
            line(1, "Apple", "111", 1, 2),
            line(1, "Apple", "111", 2, 1, { move_line_id: 11 }),
            line(2, "Berry", "222", 2, 0.5),
            line(3, "Cheese", "333", 3, 1, { lot: { id: 5, name: "LOT-5" } }),
        ],
        packages: [{ id: 4, name: "PACK4", sscc: "340123450000000018" }],
    };
}

test("a scan means the first line that needs it, at the place that was scanned first of all", () => {
    const detail = makeDetail();
    assert.equal(resolveScan(detail, "111").line, detail.lines[0]);
    assert.equal(resolveScan(detail, "111", 2).line, detail.lines[1]);
    assert.equal(resolveScan(detail, "222", 1).kind, "elsewhere");
    assert.equal(resolveScan(detail, "222", 1).location.name, "Shelf 1");
    detail.lines[0].picked = 2;
    assert.equal(resolveScan(detail, " 111 ").line, detail.lines[1]);
    detail.lines[1].short = 1;
    assert.equal(resolveScan(detail, "111").kind, "complete");
    assert.equal(resolveScan(detail, "lot-5").kind, "lot");
    assert.equal(resolveScan(detail, "SHELF-2").lines.length, 2);
    assert.equal(resolveScan(detail, "340123450000000018").package.name, "PACK4");
    assert.equal(resolveScan(detail, "999").kind, "unknown");
});

test("operations that wait are thought done, and what the server said stays as it was", () => {
    const detail = makeDetail();
    const before = structuredClone(detail);
    const seen = withOperations(detail, [
        { kind: "scan", barcode: "111", ...rowValues(detail.lines[0]), quantity: 1 },
        { kind: "scan", barcode: "111", ...rowValues(detail.lines[1]), quantity: 1 },
        { kind: "scan", barcode: "111", ...rowValues(detail.lines[0]), quantity: 1 },
        { kind: "set_picked", line_id: 2, quantity: 9 },
    ]);
    assert.deepEqual(detail, before);
    assert.deepEqual(seen.lines.map((line) => line.picked), [2, 1, 0.5, 0], "never above demand");
    assert.equal(seen.work_state, "accepted");
    const all = withOperations(seen, [{ kind: "short", line_id: 3 }]);
    assert.equal(all.work_state, "picked");
    assert.equal(all.actions.pack, true);
    assert.ok(all.lines.every(isComplete));
    const packed = withOperations(all, [{ kind: "pack" }]);
    assert.deepEqual(packed.packages[1].contents.map((each) => each.quantity), [2, 1, 0.5]);
    assert.equal(packed.work_state, "packed");
    const gone = withOperations(packed, [{ kind: "ready" }, { kind: "hand_over" }]);
    assert.equal(gone.work_state, "");
    assert.ok(Object.values(gone.actions).every((allowed) => !allowed));
});

test("what lies at several places is one line of the order", () => {
    const amounts = (rows) => rows.map(({ id, amount }) => [id, amount]);
    const { lines } = makeDetail();
    assert.deepEqual(amounts(perLine(lines, (line) => line.demand)), [[1, 3], [2, 0.5], [3, 1]]);
    lines[1].picked = 1;
    assert.deepEqual(amounts(perLine(lines, (line) => line.picked)), [[1, 1]]);
});

test("of a lot so many are added, without one so many are set", () => {
    const detail = makeDetail();
    const ofLot = { kind: "set_picked", line_id: 1, lot_name: "L", quantity: 1 };
    const row = rowValues(detail.lines[0]);
    assert.equal(withOperations(detail, [ofLot, ofLot]).lines[0].picked, 2);
    const set = { kind: "set_picked", ...row, quantity: 1 };
    assert.equal(withOperations(detail, [set, set]).lines[0].picked, 1);
    const more = { ...set, before: 0 };
    assert.equal(withOperations(detail, [more, more]).lines[0].picked, 2, "one more each");
});

test("scans of what is complete change nothing, and unknown kinds neither", () => {
    const detail = makeDetail();
    detail.lines[2].picked = 0.5;
    const seen = withOperations(detail, [
        { kind: "scan", barcode: "222", line_id: 2, quantity: 1 },
        { kind: "nothing-we-know", line_id: 2 },
    ]);
    assert.deepEqual(seen.lines, detail.lines);
});
