import { reactive } from "@odoo/owl";
import { classify } from "../site_work/errors";

/**
 * What the screens of a counter share: at which site it is, and how the server is asked.
 *
 * A screen says whom it asks (`server`), begins anew with `clear()` and takes its place with
 * `choose(counter)`.
 */
export class CounterModel {
    server = "";

    constructor(orm) {
        this.orm = orm;
        this.counters = null;
        this.site = null;
        this.error = "";
        this.isBusy = false;
    }

    async ask(method, ...args) {
        this.isBusy = true;
        this.error = "";
        try {
            return await this.orm.silent.call(this.server, method, args);
        } catch (error) {
            this.error = classify(error).message;
            return null;
        } finally {
            this.isBusy = false;
        }
    }

    /** Looks where the user works; takes the place that was asked for, or the only one. */
    async loadCounters(siteId) {
        this.counters = (await this.ask("get_counters")) || [];
        const wanted = this.counters.find((each) => each.id === siteId);
        if (wanted || this.counters.length === 1) {
            await this.choose(wanted || this.counters[0]);
        }
    }

    /** The model as what the screens follow. */
    follow() {
        this.clear();
        return reactive(this);
    }
}
