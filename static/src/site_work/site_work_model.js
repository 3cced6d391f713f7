import { markRaw } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { Reactive } from "@web/core/utils/reactive";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { session } from "@web/session";
import { classify } from "./errors";
import { LOGIN, LOST, OperationQueue } from "./operation_queue";
import { withOperations } from "./optimism";
import { ReturnsModel } from "./returns/returns_model";
import { Sounds } from "./sounds";
import { subjectOf, subjectValues } from "./subject";
import { makeUuid } from "./uuid";

const SITE_KEY = "oms_site_work.site";
const PAGE = 40;
const AT_ONCE_MS = 5000;
const UNDOABLE = new Set([
    "accept",
    "scan",
    "set_picked",
    "pack",
    "ready",
    "return_item",
    "return_grade",
]);

/** What the site screen knows, and everything it asks of the server. */
export class SiteWorkModel extends Reactive {
    constructor(orm) {
        super();
        this.orm = markRaw(orm);
        this.keepLast = markRaw(new KeepLast());
        this.sounds = new Sounds();
        this.sites = null;
        this.siteId = Number(browser.localStorage.getItem(SITE_KEY)) || false;
        this.work = null;
        this.filters = {
            work_state: "",
            service: "",
            carrier_id: 0,
            wave_id: 0,
            late: false,
            mine: false,
            text: "",
        };
        this.limit = PAGE;
        this.orders = {};
        this.orderId = false;
        this.scannedCode = "";
        this.isLoading = false;
        this.error = "";
        this.message = null;
        this.isReachable = true;
        this.pending = [];
        this.refusals = [];
        this.done = [];
        this.scanHandlers = markRaw([]);
        this.waiting = markRaw(new Map());
        this.quiet = markRaw(new Set());
        this.heard = markRaw(new Map());
        this.messageCount = 0;
        this.touched = markRaw({});
        this.queue = markRaw(this._makeQueue());
        this.returns = new ReturnsModel(this);
        this._onQueueChange();
    }

    _makeQueue() {
        return new OperationQueue({
            storage: browser.localStorage,
            prefix: `oms_site_work/${session.db}/${user.userId}/`,
            send: (operations) => this._call("apply", [operations]),
            classify,
            onAnswer: (operation, result) => this._onAnswer(operation, result),
            onChange: () => this._onQueueChange(),
            now: () => Date.now(),
            makeUuid,
            later: (callback, ms) => browser.setTimeout(callback, ms),
            cancelLater: (handle) => browser.clearTimeout(handle),
        });
    }

    _call(method, args = [], kwargs = {}) {
        return this.orm.silent.call("oms.site.work", method, args, kwargs);
    }

    /** Calls, and keeps what there is on the screen when there is no connection. */
    async _read(method, args, kwargs) {
        try {
            const answer = await this._call(method, args, kwargs);
            this.isReachable = true;
            this.error = "";
            return answer;
        } catch (error) {
            const { kind, message } = classify(error);
            this.isReachable = kind !== LOST;
            this.error = kind === LOST ? "" : message;
            return null;
        }
    }

    close() {
        this.queue.close();
        this.sounds.close();
    }

    // === WHAT IS SHOWN === //

    /** What is open: the id of a fulfillment, the subject of a return, or nothing. */
    get openSubject() {
        return this.orderId || this.returns.subject;
    }

    get isConnected() {
        return this.isReachable && this.connection !== LOST;
    }

    get isLoggedOut() {
        return this.connection === LOGIN;
    }

    get site() {
        return this.sites?.find((site) => site.id === this.siteId);
    }

    /** The order as it is, or as it will be when everything that waits is done. */
    getOrder(id) {
        const detail = this.orders[id];
        return detail && withOperations(detail, this.pendingOf(id));
    }

    pendingOf(id) {
        return this.pending.filter((operation) => subjectOf(operation) === id);
    }

    say(type, text, sound = type) {
        this.messageCount += 1;
        this.message = text ? { type, text, key: this.messageCount } : null;
        this.sounds.play(sound);
    }

    // === READING === //

    async loadSites() {
        const sites = await this._read("get_sites");
        if (!sites) {
            return;
        }
        this.sites = sites;
        if (this.siteId && !this.site) {
            this.siteId = false;
        }
        if (!this.siteId && sites.length === 1) {
            this.siteId = sites[0].id;
        }
    }

    chooseSite(siteId) {
        this.siteId = siteId;
        this.work = null;
        this.orders = {};
        this.orderId = false;
        this.limit = PAGE;
        this.returns.reset();
        browser.localStorage.setItem(SITE_KEY, siteId || "");
        return siteId ? this.loadWork() : this.loadSites();
    }

    get serverFilters() {
        const { work_state, ...others } = this.filters;
        const filters = Object.fromEntries(Object.entries(others).filter(([, value]) => value));
        return work_state ? { ...filters, work_state: [work_state] } : filters;
    }

    async loadWork() {
        if (!this.siteId) {
            return;
        }
        this.isLoading = true;
        const choice = { filters: this.serverFilters, limit: this.limit };
        const work = await this.keepLast.add(this._read("get_work", [this.siteId], choice));
        this.isLoading = false;
        if (work) {
            this.work = markRaw(work);
        }
    }

    loadMore() {
        this.limit += PAGE;
        return this.loadWork();
    }

    setFilter(name, value) {
        this.filters[name] = value;
        this.limit = PAGE;
        return this.loadWork();
    }

    /** Reads the detail of an order, or of a return by its subject. */
    async loadOrder(id) {
        const before = this.touched[id];
        const detail = await (typeof id === "number"
            ? this._read("get_detail", [id])
            : this.returns.readDetail(id));
        // What was asked before something was done is no news.
        if (detail && before === this.touched[id]) {
            this.orders[id] = markRaw(detail);
        }
        return detail;
    }

    refresh() {
        this.queue.flush();
        if (this.openSubject) {
            return this.loadOrder(this.openSubject);
        }
        if (this.siteId && this.returns.isShown) {
            return this.returns.load();
        }
        return this.siteId ? this.loadWork() : this.loadSites();
    }

    /**
     * @returns {Promise<{cards: Object[], message: string}>} and what to say if there are none
     */
    async find(text) {
        try {
            const cards = await this._call("find", [this.siteId, text]);
            this.isReachable = true;
            return { cards, message: _t("“%s” belongs to no order here.", text) };
        } catch (error) {
            const { kind, message } = classify(error);
            this.isReachable = kind !== LOST;
            return { cards: [], message };
        }
    }

    /** Says why a number leads to no work of the site, if the server knows. */
    async explain(text) {
        try {
            return await this._call("explain", [this.siteId, text]);
        } catch {
            // What was said of the search itself stands.
            return "";
        }
    }

    // === DOING === //

    /**
     * Does something with an order: at once on the screen, and on the server when it is reached.
     *
     * @param {number|string} id of the fulfillment, or the subject of something else
     * @param {string} kind
     * @param {Object} [values] what belongs to the kind
     * @param {Object} [options]
     * @param {boolean} [options.quiet] a good answer needs no sentence: one was said already
     * @param {boolean} [options.loud] a good answer is said even if something else was said since
     * @returns {Promise<Object>} the server's answer
     */
    operate(id, kind, values = {}, options = {}) {
        const { quiet, loud } = options;
        this.touched[id] = (this.touched[id] || 0) + 1;
        const replaced = this._replaceStep(id, kind, values);
        const operation = this.queue.add({ ...subjectValues(id), kind, ...replaced });
        if (quiet) {
            this.quiet.add(operation.uuid);
        }
        if (!loud) {
            this.heard.set(operation.uuid, this.message?.key);
        }
        if (UNDOABLE.has(kind)) {
            this.done = [...this.done, operation];
        }
        return new Promise((resolve) => this.waiting.set(operation.uuid, resolve));
    }

    /**
     * Who taps a button ten times means the last quantity, if no other was sent yet.
     *
     * @returns {Object} the values, told from where the first tap began
     */
    _replaceStep(id, kind, values) {
        const last = this.lastStep(id);
        const isSame = kind === "set_picked" && last?.kind === kind && last.row === values.row;
        if (!isSame || values.lot_name || last.lot_name || !this.queue.withdraw(last.uuid)) {
            return values;
        }
        this._forgetStep(last.uuid);
        return { ...values, before: last.before };
    }

    _forgetStep(uuid) {
        this.done = this.done.filter((operation) => operation.uuid !== uuid);
        this.quiet.delete(uuid);
        this.heard.delete(uuid);
        this.waiting.delete(uuid);
    }

    lastStep(id) {
        return this.done.findLast((operation) => subjectOf(operation) === id);
    }

    undo(id) {
        const { uuid } = this.lastStep(id);
        this._forgetStep(uuid);
        if (this.queue.withdraw(uuid)) {
            this.say("info", _t("Taken back before it was sent."), "ok");
            return;
        }
        return typeof id === "number"
            ? this.operate(id, "undo", { target: uuid })
            : this.returns.operate(id, "return_undo", { target: uuid });
    }

    forgetRefusals() {
        this.refusals = [];
    }

    _onQueueChange() {
        if (this.queue) {
            this.pending = this.queue.pending.map((operation) => markRaw(operation));
            this.connection = this.queue.state;
            this.isKept = this.queue.kept;
        }
    }

    /** What is refused at once was seen; what waited or is of another order is kept to be read. */
    _keepRefusal(operation, message) {
        const { uuid, at } = operation;
        const hasWaited = Date.now() - Date.parse(at) > AT_ONCE_MS;
        if (hasWaited || subjectOf(operation) !== this.openSubject) {
            this.refusals = [...this.refusals, { uuid, operation, at, message }];
        }
    }

    /** A good answer does not push aside what was said of something that was done later. */
    _isNews(uuid) {
        return !this.heard.has(uuid) || this.heard.get(uuid) === this.message?.key;
    }

    _onAnswer(operation, result) {
        const id = subjectOf(operation);
        const { uuid } = operation;
        this.touched[id] = (this.touched[id] || 0) + 1;
        this.isReachable = true;
        if (result.detail) {
            this.orders[id] = markRaw(result.detail);
        }
        if (result.outcome === "refused") {
            this.done = this.done.filter((each) => each.uuid !== uuid);
            this._keepRefusal(operation, result.message);
            this.say("error", result.message, result.sound || "error");
            if (!result.detail) {
                this.loadOrder(id);
            }
        } else if (result.outcome === "warning") {
            this.say("warning", result.message, result.sound || "warning");
        } else if (result.message && !this.quiet.has(uuid) && this._isNews(uuid)) {
            this.say("ok", result.message, result.sound || "ok");
        }
        this.quiet.delete(uuid);
        this.heard.delete(uuid);
        this.waiting.get(uuid)?.(result);
        this.waiting.delete(uuid);
    }
}
