import { Component, markRaw, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useDebounced } from "@web/core/utils/timing";
import { usePullToRefresh } from "../pull_to_refresh";
import { ScanBar } from "../scan_bar";
import { useScanHandler } from "../scan_handler";
import { OrderCandidate } from "./order_candidate";
import { ReturnCard } from "./return_card";
import { LIST_STATES, listStateName } from "./return_words";

/** What comes back to a site, and whose it is that came without a word. */
export class ReturnList extends Component {
    static template = "oms.SiteWorkReturnList";
    static components = { OrderCandidate, ReturnCard, ScanBar };
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
        this.returns = useState(this.props.model.returns);
        this.state = useState({ pulled: 0 });
        Object.assign(this, { LIST_STATES, listStateName });
        this.onScan = this.onScan.bind(this);
        this.open = this.open.bind(this);
        this.openOrder = this.openOrder.bind(this);
        this.search = useDebounced((text) => this.returns.setFilter("text", text), 300);
        this.onInput = (text) => this.search(text);
        this.body = useRef("body");
        usePullToRefresh(
            this.body,
            () => this.model.refresh(),
            (pixels) => (this.state.pulled = pixels)
        );
        useScanHandler(this.model, this.onScan);
    }

    get list() {
        return this.returns.list;
    }

    get found() {
        return this.returns.found;
    }

    get hiddenCount() {
        return this.list.total - this.list.cards.length;
    }

    get isFiltered() {
        return Object.values(this.returns.filters).some(Boolean);
    }

    get total() {
        return LIST_STATES.reduce((sum, state) => sum + (this.list.counts[state] || 0), 0);
    }

    chooseState(state) {
        const { filters } = this.returns;
        this.returns.setFilter("state", filters.state === state ? "" : state);
    }

    clearFilters() {
        this.returns.filters.text = "";
        return this.returns.setFilter("state", "");
    }

    /** Opens the one return that a code belongs to, or shows where goods may be from. */
    async onScan(code) {
        const found = await this.returns.find(code);
        const { returns, orders } = found;
        if (returns.length === 1 && found.is_exact) {
            this.model.sounds.play("ok");
            return this.returns.openCard(returns[0], code);
        }
        this.returns.found = markRaw({ ...found, code });
        if (found.message) {
            const isNothing = !returns.length && !orders.length;
            this.model.say(isNothing ? "warning" : "info", found.message, isNothing ? "warning" : "ok");
        } else {
            const values = { code, count: returns.length + orders.length };
            this.model.say("info", _t("“%(code)s”: choose one of %(count)s.", values), "ok");
        }
    }

    open(card) {
        return this.returns.openCard(card, this.found?.code);
    }

    openOrder(candidate) {
        return this.returns.openBlind(candidate, this.found?.goods_code);
    }

    openUnknown() {
        return this.returns.openBlind(null, this.found?.goods_code);
    }

    forgetFound() {
        this.returns.found = null;
        this.model.say();
    }
}
