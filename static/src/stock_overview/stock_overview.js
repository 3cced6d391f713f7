import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { ChannelTerms } from "./channel_terms";
import { KitTable } from "./kit_table";
import { SiteTable } from "./site_table";
import { StockChart } from "./stock_chart";
import { StockEvents } from "./stock_events";

/** The stock of a product: what is where, what will come and go, and what each channel can sell. */
export class StockOverview extends Component {
    static template = "oms.StockOverview";
    static components = { ChannelTerms, KitTable, SiteTable, StockChart, StockEvents };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.horizons = [30, 90, 180];
        this.format = this.format.bind(this);
        this.openBehind = this.openBehind.bind(this);
        this.openDocument = this.openDocument.bind(this);
        this.chooseSite = this.chooseSite.bind(this);
        this.openPart = this.openPart.bind(this);
        this.state = useState({ data: null, error: "", loading: false });
        this.choice = { siteId: false, productId: false, horizonDays: 30 };
        onWillStart(() => {
            // The form shows at once, and this part when it is there.
            this.load(this.props.record);
        });
        onWillUpdateProps(({ record }) => {
            if (record.resId !== this.record.resId) {
                this.choice.siteId = this.choice.productId = false;
                this.state.data = null;
                this.load(record);
            }
        });
    }

    get isTemplate() {
        return this.record.resModel === "product.template";
    }

    get arguments() {
        const args = { site_id: this.choice.siteId, horizon_days: this.choice.horizonDays };
        return this.isTemplate ? { ...args, product_id: this.choice.productId } : args;
    }

    async load(record = this.record) {
        this.record = record;
        this.state.loading = true;
        this.state.error = "";
        try {
            this.state.data = await this.keepLast.add(
                this.orm.call(record.resModel, "get_stock_overview", [record.resId], this.arguments)
            );
        } catch (error) {
            this.state.error = error.data?.message || _t("The server does not answer.");
        }
        this.state.loading = false;
    }

    // === WHAT IS SHOWN === //

    format(quantity) {
        return formatFloat(quantity, {
            digits: [16, this.state.data.digits],
            trailingZeros: false,
        });
    }

    get isEmpty() {
        const { sites, event_count } = this.state.data;
        return !event_count && !sites.some((site) => site.some);
    }

    get siteChoices() {
        return [...this.state.data.sites].sort((one, other) => other.some - one.some);
    }

    // === WHAT IS CHOSEN === //

    chooseSite(siteId) {
        this.choice.siteId = siteId;
        return this.load();
    }

    chooseProduct(productId) {
        this.choice.productId = productId;
        return this.load();
    }

    chooseHorizon(days) {
        this.choice.horizonDays = days;
        return this.load();
    }

    // === WHAT IS OPENED === //

    async openBehind(siteId, what) {
        const { data } = this.state;
        const chosen = this.isTemplate && data.product_id;
        const [model, id] = chosen
            ? ["product.product", data.product_id]
            : [this.record.resModel, this.record.resId];
        this.action.doAction(
            await this.orm.call(model, "action_view_oms_stock", [id], { site_id: siteId, what })
        );
    }

    openDocument({ model, id }) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    openPart(id) {
        this.openDocument({ model: "product.product", id });
    }
}

registry.category("view_widgets").add("oms_stock_overview", { component: StockOverview });
