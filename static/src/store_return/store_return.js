import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { QuantityStepper } from "../site_work/quantity_stepper";
import { ScanBar } from "../site_work/scan_bar";
import { StoreReturnModel } from "./store_return_model";

/** A return of a customer who stands before the seller, from an order of any channel. */
export class StoreReturn extends Component {
    static template = "oms.StoreReturn";
    static components = { QuantityStepper, ScanBar };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Return of a Customer");

    setup() {
        this.model = useState(new StoreReturnModel(useService("orm")));
        this.state = useState({ found: [], text: "", missing: "" });
        this.look = useDebounced(() => this.search(), 300);
        this.onScan = this.onScan.bind(this);
        this.onInput = this.onInput.bind(this);
        useBus(useService("barcode").bus, "barcode_scanned", ({ detail }) => this.onScan(detail.barcode));
        onWillStart(() => this.model.loadCounters(this.props.action.params?.site_id));
        // As at the site screen, a phone has no place for two bars.
        onMounted(() => document.body.classList.add("o_oms_site_work_open"));
        onWillUnmount(() => document.body.classList.remove("o_oms_site_work_open"));
    }

    onInput(text) {
        this.state.text = text;
        this.state.missing = "";
        this.look();
    }

    async search() {
        const { text } = this.state;
        const found = text.length > 2 ? await this.model.findOrders(text) : [];
        // What was typed meanwhile is looked for by itself.
        if (text === this.state.text) {
            this.state.found = found || [];
        }
    }

    async onScan(code) {
        if (this.model.step !== "order" || !this.model.site) {
            return;
        }
        this.state.text = "";
        const found = await this.model.findOrders(code);
        if (found?.length === 1) {
            this.open(found[0]);
        } else if (found) {
            this.state.found = found;
            this.state.missing = found.length ? "" : code;
        }
    }

    open(order) {
        this.state.found = [];
        this.state.text = "";
        this.state.missing = "";
        this.model.open(order.id);
    }

    facts({ customer, date, total }) {
        return [customer, date, total].filter(Boolean).join(" · ");
    }
}

registry.category("actions").add("oms_store_return", StoreReturn);
