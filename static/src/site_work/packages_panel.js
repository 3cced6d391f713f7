import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { quantity } from "./words";

/** The packages of an order, and what is in them. */
export class PackagesPanel extends Component {
    static template = "oms.SiteWorkPackagesPanel";
    static props = { page: Object, detail: Object };

    setup() {
        this.quantity = quantity;
    }

    get canUnpack() {
        return !this.props.detail.isHandedOver && this.props.detail.work_state !== "";
    }

    productName(content) {
        return content.product?.name || content.product;
    }

    unpack(found) {
        this.props.page.operate("unpack", { package_id: found.id });
    }
}

registry.category("oms_site_work_panels").add(
    "packages",
    { Component: PackagesPanel, isShown: (detail) => !!detail.packages?.length },
    { sequence: 10 }
);
