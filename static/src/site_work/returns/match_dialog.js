import { Component, markRaw, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { ScanBar } from "../scan_bar";
import { useScanHandler } from "../scan_handler";
import { OrderCandidate } from "./order_candidate";

/** From which order goods are that came without a word. */
export class MatchDialog extends Component {
    static template = "oms.SiteWorkMatchDialog";
    static components = { Dialog, OrderCandidate, ScanBar };
    static props = { model: Object, detail: Object, confirm: Function, close: Function };

    setup() {
        this.state = useState({ orders: [], message: "", isLoading: false });
        this.search = this.search.bind(this);
        this.choose = this.choose.bind(this);
        useScanHandler(this.props.model, this.search);
        onWillStart(() => {
            this.search("");
        });
    }

    async search(text) {
        this.state.isLoading = true;
        const found = await this.props.model.returns.findOrders(this.props.detail, text);
        this.state.isLoading = false;
        this.state.orders = markRaw(found.orders);
        this.state.message = found.message || "";
    }

    choose(candidate) {
        this.props.confirm(candidate);
        this.props.close();
    }
}
