/**
 * What a person did and the server has not answered yet, in the order in which it was done.
 *
 * Each operation has a key of its own in the storage, so that two windows never overwrite each
 * other, and a uuid, by which the server does nothing twice. The first operations are sent
 * together; while they are on their way no others are. Without a connection they wait, also over
 * a reload of the page.
 *
 * This module knows neither Odoo nor a browser: what it needs of them is given to it.
 */

const CHUNK = 20;
const PATIENCE_MS = [1000, 2000, 4000, 8000, 15000, 30000];
/** So often is a server asked that fails, before an operation is given up. */
const TRIALS = 3;

/** Ways in which sending can fail, see `classify`. */
export const LOST = "lost";
export const LOGIN = "login";
export const REFUSED = "refused";
export const BROKEN = "broken";

export class OperationQueue {
    /**
     * @param {Object} given
     * @param {Storage} given.storage where operations are kept
     * @param {string} given.prefix of their keys; says whose they are
     * @param {(operations: Object[]) => Promise<Object[]>} given.send
     * @param {(error: Error) => {kind: string, message: string}} given.classify what an error of
     *      `send` means: `LOST` (no connection), `LOGIN` (nobody is logged in any more), `REFUSED`
     *      (the server says no), `BROKEN` (the server fails)
     * @param {(operation: Object, result: Object) => void} given.onAnswer
     * @param {() => void} given.onChange something here changed
     * @param {() => number} given.now in ms
     * @param {() => string} given.makeUuid
     * @param {(callback: Function, ms: number) => any} given.later
     * @param {(handle: any) => void} given.cancelLater
     */
    constructor(given) {
        Object.assign(this, given);
        this.entries = [];
        this.sending = [];
        this.state = "idle";
        this.kept = true;
        this.failures = 0;
        this.singly = 0;
        this.closed = false;
        this.last = [0, 0];
        this.load();
    }

    /** Operations that wait, first things first. */
    get pending() {
        return this.entries.map((entry) => entry.operation);
    }

    get isConnected() {
        return this.state !== LOST && this.state !== LOGIN;
    }

    /** Reads what an earlier page left in the storage. */
    load() {
        const known = new Set(this.entries.map((entry) => entry.key));
        for (const key of this._keys()) {
            if (known.has(key)) {
                continue;
            }
            const operation = this._read(key);
            if (operation) {
                this.entries.push({ key, operation });
            } else {
                this.storage.removeItem(key);
            }
        }
        this.entries.sort((one, other) => (one.key < other.key ? -1 : 1));
    }

    /**
     * Keeps an operation and sends it as soon as its turn comes.
     *
     * @param {Object} values what is to be done: `fulfillment_id`, `kind` and what goes with it
     * @returns {Object} the operation, with `uuid` and `at`
     */
    add(values) {
        const operation = {
            ...values,
            uuid: this.makeUuid(),
            at: new Date(this.now()).toISOString(),
        };
        const key = this._nextKey(operation.uuid);
        this.entries.push({ key, operation });
        try {
            this.storage.setItem(key, JSON.stringify(operation));
        } catch {
            // Full or forbidden: it works as long as the page is open, and people are told.
            this.kept = false;
        }
        this.onChange();
        this.flush();
        return operation;
    }

    /**
     * Takes an operation back that was not sent yet.
     *
     * @returns {boolean} whether it could be
     */
    withdraw(uuid) {
        const entry = this.entries.find((each) => each.operation.uuid === uuid);
        if (!entry || entry.tried) {
            return false;
        }
        this._remove([uuid]);
        this.onChange();
        return true;
    }

    /** Sends what waits. To be called when there may be a connection again. */
    async flush() {
        if (this.sending.length) {
            return;
        }
        this.cancelLater(this.timer);
        let goesOn = true;
        while (goesOn && this.entries.length && !this.closed) {
            // Where one of several was refused, each is asked for by itself.
            goesOn = await this._send(this.entries.slice(0, this.singly ? 1 : CHUNK));
        }
    }

    /** Stops; what waits stays in the storage. */
    close() {
        this.closed = true;
        this.cancelLater(this.timer);
    }

    // === INTERNALS === //

    /** @returns {Promise<boolean>} whether the next may be sent at once */
    async _send(entries) {
        const operations = entries.map((entry) => entry.operation);
        this.sending = operations.map((operation) => operation.uuid);
        for (const entry of entries) {
            entry.tried = true;
        }
        this.onChange();
        let results, failure;
        try {
            results = await this.send(operations);
        } catch (error) {
            failure = this.classify(error);
        }
        this.sending = [];
        return failure ? this._fail(operations, failure) : this._answer(operations, results);
    }

    _answer(operations, results) {
        const byUuid = new Map(results.map((result) => [result.uuid, result]));
        const answered = operations.filter((operation) => byUuid.has(operation.uuid));
        // Storage first: what the listener does may fail, but nothing may be sent for ever.
        this._remove(answered.map((operation) => operation.uuid));
        this.singly = Math.max(this.singly - answered.length, 0);
        const complete = answered.length === operations.length;
        if (complete) {
            this.state = "idle";
            this.failures = 0;
        } else {
            this._retry(BROKEN);
        }
        for (const operation of answered) {
            this.onAnswer(operation, byUuid.get(operation.uuid));
        }
        this.onChange();
        return complete;
    }

    _fail(operations, { kind, message }) {
        // How often there was no connection before says nothing of what the server can do.
        const trials = this.state === kind ? this.failures + 1 : 1;
        const hopeless = kind === REFUSED || (kind === BROKEN && trials >= TRIALS);
        if (hopeless && operations.length === 1) {
            const [{ uuid }] = operations;
            const refusal = { uuid, outcome: "refused", message, sound: "error", detail: null };
            return this._answer(operations, [refusal]);
        }
        if (hopeless) {
            this.singly = operations.length;
            this.failures = 0;
            return true;
        }
        this._retry(kind);
        return false;
    }

    _retry(kind) {
        this.failures = this.state === kind ? this.failures + 1 : 1;
        this.state = kind;
        const ms = PATIENCE_MS[Math.min(this.failures, PATIENCE_MS.length) - 1];
        this.cancelLater(this.timer);
        this.timer = this.later(() => this.flush(), ms);
        this.onChange();
    }

    _keys() {
        const keys = [];
        for (let index = 0; index < this.storage.length; index++) {
            const key = this.storage.key(index);
            if (key.startsWith(this.prefix)) {
                keys.push(key);
            }
        }
        return keys;
    }

    _read(key) {
        try {
            const operation = JSON.parse(this.storage.getItem(key));
            return operation?.uuid && operation.kind ? operation : null;
        } catch {
            return null;
        }
    }

    /** Keys sort as operations were made, even if the clock is put back. */
    _nextKey(uuid) {
        const newest = this.entries.at(-1)?.key.slice(this.prefix.length, this.prefix.length + 14);
        const time = Math.max(this.now(), this.last[0], Number(newest || 0));
        this.last = [time, this.last[1] + 1];
        const digits = (number, length) => String(number).padStart(length, "0");
        return `${this.prefix}${digits(time, 14)}-${digits(this.last[1], 6)}-${uuid}`;
    }

    _remove(uuids) {
        for (const entry of this.entries) {
            if (uuids.includes(entry.operation.uuid)) {
                this.storage.removeItem(entry.key);
            }
        }
        this.entries = this.entries.filter((entry) => !uuids.includes(entry.operation.uuid));
    }
}
