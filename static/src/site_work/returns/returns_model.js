import { markRaw } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { Reactive } from "@web/core/utils/reactive";
import { KeepLast } from "@web/core/utils/concurrency";
import { classify } from "../errors";
import { LOST } from "../operation_queue";
import { newReturnSubject, returnSubject, returnValues } from "../subject";
import { makeUuid } from "../uuid";
import { blankReturn, withReturnOperations } from "./return_effects";

const OPEN_KEY = "oms_site_work.return";
const TAB_KEY = "oms_site_work.tab";
const PAGE = 40;

/** What the site screen knows of goods that come back. */
export class ReturnsModel extends Reactive {
    /** @param {SiteWorkModel} work which sends, keeps and tells for this one, too */
    constructor(work) {
        super();
        this.work = work;
        this.keepLast = markRaw(new KeepLast());
        this.isShown = browser.localStorage.getItem(TAB_KEY) === "returns";
        this.subject = browser.localStorage.getItem(OPEN_KEY) || "";
        this.list = null;
        this.filters = { state: "", text: "" };
        this.limit = PAGE;
        this.found = null;
    }

    // === WHERE ONE IS === //

    show(isShown) {
        this.isShown = isShown;
        this.found = null;
        browser.localStorage.setItem(TAB_KEY, isShown ? "returns" : "");
        return isShown ? this.load() : this.work.loadWork();
    }

    /** Opens a return by its subject; the code by which it was found is received at once. */
    open(subject, scannedCode = "") {
        this.subject = subject;
        this.work.message = null;
        this.work.scannedCode = scannedCode;
        browser.localStorage.setItem(OPEN_KEY, subject);
        return this.work.loadOrder(subject);
    }

    openCard({ id }, scannedCode) {
        return this.open(returnSubject(id), scannedCode);
    }

    close() {
        this.subject = "";
        this.found = null;
        browser.localStorage.removeItem(OPEN_KEY);
        return this.isShown ? this.load() : this.show(true);
    }

    reset() {
        this.list = null;
        this.found = null;
        this.subject = "";
        this.limit = PAGE;
        browser.localStorage.removeItem(OPEN_KEY);
    }

    // === READING === //

    async load() {
        const { work } = this;
        const filters = Object.fromEntries(
            Object.entries(this.filters).filter(([, value]) => value)
        );
        work.isLoading = true;
        const list = await this.keepLast.add(
            work._read("get_returns", [work.siteId], { filters, limit: this.limit })
        );
        work.isLoading = false;
        if (list) {
            this.list = markRaw(list);
        }
    }

    loadMore() {
        this.limit += PAGE;
        return this.load();
    }

    setFilter(name, value) {
        this.filters[name] = value;
        this.limit = PAGE;
        return this.load();
    }

    /** What the server says of a return; nothing for one that it has not seen yet. */
    readDetail(subject) {
        const isSeen = returnValues(subject).return_id || !this.work.pendingOf(subject).length;
        const args = [this.work.siteId, this._ref(subject)];
        return isSeen ? this.work._read("get_return_detail", args) : null;
    }

    /** The return as it is, or as it will be when everything that waits is done. */
    get(subject) {
        const detail = this.work.orders[subject];
        return detail && withReturnOperations(detail, this.work.pendingOf(subject));
    }

    /**
     * Looks for what came back, by whatever is on it or is said of it.
     *
     * @param {string} text scanned or typed
     * @returns {Promise<Object>} `returns`, `orders`, `message`; and `isLost` without a connection
     */
    async find(text) {
        const { work } = this;
        try {
            const found = await work._call("find_return", [work.siteId, text]);
            work.isReachable = true;
            return found;
        } catch (error) {
            const { kind, message } = classify(error);
            work.isReachable = kind !== LOST;
            return { returns: [], orders: [], message, isLost: kind === LOST };
        }
    }

    /** What the server knows of a code for a return; nothing without a connection. */
    findGoods(subject, code) {
        return this.work._read("find_goods", [this.work.siteId, this._ref(subject), code]);
    }

    /** Orders from which what came of a return may be, narrowed by a text. */
    async findOrders({ id }, text) {
        const found = await this.work._read("find_orders", [this.work.siteId, id, text]);
        return found || { orders: [], message: this.work.error || _t("There is no connection.") };
    }

    /** What had best become of goods of a grade; nothing without a connection. */
    propose({ id }, item, gradeId, quantity) {
        const { siteId } = this.work;
        const args = [siteId, id || 0, item.product.id, gradeId, quantity];
        return this.work._read("propose_disposition", args);
    }

    _ref(subject) {
        const { return_id, return_key } = returnValues(subject);
        return return_id || return_key;
    }

    /** Opens the announced return that a code stands for, if it stands for one. */
    async tryOpen(code) {
        const { is_exact, returns } = await this.find(code);
        if (!is_exact || returns.length !== 1) {
            return false;
        }
        this.work.sounds.play("ok");
        this.isShown = true;
        await this.openCard(returns[0], code);
        return true;
    }

    // === DOING === //

    /** Does something with a return, see `SiteWorkModel.operate`. */
    operate(subject, kind, values, options) {
        const { siteId } = this.work;
        return this.work.operate(subject, kind, { site_id: siteId, ...values }, options);
    }

    /**
     * Begins a return that nobody announced.
     *
     * @param {Object} [order] a candidate of `find`; none when nobody knows whose goods these are
     * @param {string} [scannedCode] what was scanned: it is received at once
     */
    openBlind(order, scannedCode = "") {
        const subject = newReturnSubject(makeUuid());
        const { work } = this;
        work.orders[subject] = markRaw(blankReturn(order, _t("Return without announcement")));
        this.operate(subject, "return_receive", order ? { order_id: order.order_id } : {});
        this.subject = subject;
        this.found = null;
        work.message = null;
        work.scannedCode = scannedCode;
        browser.localStorage.setItem(OPEN_KEY, subject);
    }
}
