import { Component, useState } from "@odoo/owl";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const KIND_ICONS = {
    warehouse: "fa-building-o",
    store: "fa-shopping-bag",
    supplier: "fa-industry",
    distributor: "fa-truck",
    third_party: "fa-handshake-o",
    pickup: "fa-map-marker",
};

const COLUMNS = [
    ["on_hand", _t("On hand"), _t("Goods in locations of the site that are for sale")],
    ["external", _t("External"), _t("What a supplier or another holder of goods said to have")],
    ["reserved", _t("Reserved"), _t("What Odoo has reserved of the goods on hand")],
    ["demand", _t("Demand"), _t("What open transfers will take out of the site, reserved or not")],
    ["claimed", _t("Claimed"), _t("What claims hold that no transfer serves yet")],
    ["safety", _t("Safety"), _t("What safety stock rules hold back today")],
    ["incoming", _t("Incoming"), _t("What open transfers will bring to the site")],
    ["available", _t("Available"), _t("What can be promised at once")],
].map(([name, label, help]) => ({ name, label, help }));

/** The stock of a product at each site. */
export class SiteTable extends Component {
    static template = "oms.SiteTable";
    static props = {
        sites: Array,
        total: Number,
        unit: String,
        format: Function,
        siteId: [Number, Boolean],
        openBehind: Function,
        chooseSite: Function,
    };

    setup() {
        this.columns = COLUMNS;
        this.state = useState({ filter: "", all: false, order: "available", descending: true });
    }

    get someSites() {
        return this.props.sites.filter((site) => site.some);
    }

    get rows() {
        const filter = this.state.filter.trim().toLowerCase();
        // Who looks for a site wants to see it, even with nothing there.
        const sites = this.state.all || filter ? this.props.sites : this.someSites;
        const { order, descending } = this.state;
        const sign = descending ? -1 : 1;
        return sites
            .filter((site) => `${site.name} ${site.kind_name}`.toLowerCase().includes(filter))
            .sort((one, other) =>
                order === "name"
                    ? sign * one.name.localeCompare(other.name)
                    : sign * (one[order] - other[order]) || one.name.localeCompare(other.name)
            );
    }

    get folded() {
        return this.props.sites.length - this.someSites.length;
    }

    get totals() {
        const rows = this.rows;
        return Object.fromEntries(
            this.columns.map(({ name }) => [
                name,
                // A site in debt takes nothing from the others.
                rows.reduce(
                    (sum, row) => sum + (name === "available" ? Math.max(row[name], 0) : row[name]),
                    0
                ),
            ])
        );
    }

    moment(value) {
        return toLocaleDateTimeString(deserializeDateTime(value));
    }

    icon(kind) {
        return KIND_ICONS[kind] || "fa-map-marker";
    }

    sortBy(name) {
        const { order, descending } = this.state;
        this.state.descending = order === name ? !descending : name !== "name";
        this.state.order = name;
    }

    ariaSort(name) {
        if (this.state.order !== name) {
            return "none";
        }
        return this.state.descending ? "descending" : "ascending";
    }

    cellClass(name, quantity) {
        const color = quantity < 0 ? "text-danger" : quantity ? "" : "text-muted o_oms_zero";
        return name === "available" ? `fw-bold o_oms_available ${color}` : color;
    }
}
