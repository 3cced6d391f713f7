import { Component, useState } from "@odoo/owl";
import { countOf, STATES, stateColor, stateName } from "./words";

const KIND_ICONS = {
    warehouse: "fa-building-o",
    store: "fa-shopping-bag",
    supplier: "fa-industry",
    distributor: "fa-truck",
    third_party: "fa-handshake-o",
    pickup: "fa-map-marker",
};

/** The sites at which the user works, and how much there is to do. */
export class SiteChooser extends Component {
    static template = "oms.SiteWorkSiteChooser";
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
        this.state = useState({ filter: "" });
        Object.assign(this, { STATES, countOf, stateColor, stateName });
    }

    get sites() {
        const filter = this.state.filter.trim().toLowerCase();
        return this.model.sites.filter((site) => site.name.toLowerCase().includes(filter));
    }

    icon(site) {
        return KIND_ICONS[site.kind] || "fa-map-marker";
    }

    isIdle(site) {
        return !site.counts.returns && STATES.every((state) => !countOf(site.counts, state));
    }
}
