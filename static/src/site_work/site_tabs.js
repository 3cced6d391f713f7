import { Component, useState } from "@odoo/owl";

/** What goes out of a site, and what comes back to it. */
export class SiteTabs extends Component {
    static template = "oms.SiteWorkTabs";
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
        this.returns = useState(this.props.model.returns);
    }

    get returnCount() {
        return this.returns.list?.counts.all ?? this.model.work?.counts.returns ?? 0;
    }

    show(isReturns) {
        if (isReturns !== this.returns.isShown) {
            this.model.message = null;
            this.returns.show(isReturns);
        }
    }
}
