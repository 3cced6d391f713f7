import { Component } from "@odoo/owl";

/** How many kits the parts at each site make up, and which part runs out first. */
export class KitTable extends Component {
    static template = "oms.KitTable";
    static props = {
        sites: Array,
        total: Number,
        unit: String,
        format: Function,
        openPart: Function,
    };

    get rows() {
        return this.props.sites
            .filter((site) => site.some)
            .sort((one, other) => other.available - one.available || one.name.localeCompare(other.name));
    }
}
