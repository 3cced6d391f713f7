import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { BasketStep } from "./basket_step";
import { CustomerStep } from "./customer_step";
import { StoreOrderModel } from "./store_order_model";
import { WayStep, dayText } from "./way_step";

/** An order for a customer who stands before the seller, from any site's stock. */
export class StoreOrder extends Component {
    static template = "oms.StoreOrder";
    static components = { BasketStep, CustomerStep, WayStep };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Order for a Customer");

    setup() {
        this.model = useState(new StoreOrderModel(useService("orm")));
        this.steps = [
            ["basket", _t("Goods")],
            ["customer", _t("Customer")],
            ["way", _t("Delivery")],
        ];
        this.money = this.money.bind(this);
        this.day = dayText;
        const barcode = useService("barcode");
        useBus(barcode.bus, "barcode_scanned", ({ detail }) => this.onScan(detail.barcode));
        onWillStart(() => this.model.loadCounters(this.props.action.params?.site_id));
        // As at the site screen, a phone has no place for two bars.
        onMounted(() => document.body.classList.add("o_oms_site_work_open"));
        onWillUnmount(() => document.body.classList.remove("o_oms_site_work_open"));
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.model.places?.currency_id });
    }

    onScan(code) {
        if (this.model.step === "basket") {
            this.scanned?.(code);
        }
    }

    /** The basket tells what it does with a scanned code. */
    listen(handler) {
        this.scanned = handler;
    }

    get canGoTo() {
        const { model } = this;
        const filled = model.lines.length > 0;
        return { basket: true, customer: filled, way: filled && model.hasDestination };
    }

    goTo(step) {
        const { model } = this;
        if (!this.canGoTo[step] || model.step === "done") {
            return;
        }
        if (step === "way") {
            model.loadWays();
        } else {
            model.error = "";
            model.step = step;
        }
    }
}

registry.category("actions").add("oms_store_order", StoreOrder);
