import { Component, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useDebounced } from "@web/core/utils/timing";
import { usePullToRefresh } from "./pull_to_refresh";
import { ScanBar } from "./scan_bar";
import { useScanHandler } from "./scan_handler";
import { WorkCard } from "./work_card";
import { WorkFilters } from "./work_filters";

/** What a site has to do, first what is due first. */
export class WorkList extends Component {
    static template = "oms.SiteWorkList";
    static components = { ScanBar, WorkCard, WorkFilters };
    static props = { model: Object, open: Function };

    setup() {
        this.model = useState(this.props.model);
        this.state = useState({ found: null, foundText: "", pulled: 0 });
        this.onScan = this.onScan.bind(this);
        this.search = useDebounced((text) => this.model.setFilter("text", text), 300);
        this.onInput = (text) => this.search(text);
        this.body = useRef("body");
        usePullToRefresh(
            this.body,
            () => this.model.refresh(),
            (pixels) => (this.state.pulled = pixels)
        );
        useScanHandler(this.model, this.onScan);
    }

    get cards() {
        return this.state.found || this.model.work.cards;
    }

    get isFiltered() {
        return Object.values(this.model.filters).some((value) => value);
    }

    get hiddenCount() {
        return this.state.found ? 0 : this.model.work.total - this.model.work.cards.length;
    }

    /** Opens the one order that a code belongs to, or shows the several. */
    async onScan(code) {
        const { cards, message } = await this.model.find(code);
        this.state.found = cards.length > 1 ? cards : null;
        // What comes back is scanned at the same counter.
        if (!cards.length && (await this.model.returns.tryOpen(code))) {
            return;
        }
        if (!cards.length) {
            this.model.say("error", (await this.model.explain(code)) || message);
        } else if (cards.length === 1) {
            this.model.sounds.play("ok");
            this.props.open(cards[0].id, code);
        } else {
            this.state.foundText = code;
            const values = { code, count: cards.length };
            const text = _t("“%(code)s” belongs to %(count)s orders: choose one.", values);
            this.model.say("info", text, "ok");
        }
    }

    forgetFound() {
        this.state.found = null;
        this.model.say();
    }

    clearFilters() {
        const { filters } = this.model;
        for (const [name, value] of Object.entries(filters)) {
            filters[name] = typeof value === "boolean" ? false : typeof value === "number" ? 0 : "";
        }
        return this.model.loadWork();
    }
}
