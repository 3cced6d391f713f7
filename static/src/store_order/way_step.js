import { Component, useState } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const ICONS = {
    home: "fa-home",
    relay: "fa-map-marker",
    collect: "fa-shopping-bag",
    reserve: "fa-bookmark",
    drop_ship: "fa-truck",
};

/** A day as it came from the server, as people write it. */
export function dayText(text) {
    return formatDate(deserializeDate(text));
}

/** When and how the customer can have it, and what that costs. */
export class WayStep extends Component {
    static template = "oms.StoreOrderWays";
    static props = { model: Object, money: Function };

    setup() {
        this.model = useState(this.props.model);
        this.ICONS = ICONS;
    }

    /** Ways that can be had; what cannot be told stands below. */
    get ways() {
        return this.model.ways.filter((way) => !way.error);
    }

    get refusals() {
        return [...this.model.told, ...this.model.ways.filter((way) => way.error)].map(
            (each) => each.error.message
        );
    }

    title(way) {
        const service = this.model.places.services[way.service];
        const where = way.site_name || way.method_name;
        return where ? `${service}: ${where}` : service;
    }

    when(way) {
        if (!way.promised) {
            return _t("Nobody knows when");
        }
        if (!way.earliest || way.earliest === way.promised) {
            return dayText(way.promised);
        }
        return _t("%(first)s to %(last)s", {
            first: dayText(way.earliest),
            last: dayText(way.promised),
        });
    }

    facts(way) {
        const facts = [];
        if (way.parcels > 1) {
            facts.push(_t("%s parcels", way.parcels));
        }
        const from = [...new Set(way.parts.map((part) => part.site_name))].join(", ");
        if (from && from !== way.site_name) {
            facts.push(_t("from %s", from));
        }
        if (way.kg_co2e) {
            facts.push(_t("%s kg CO2e", way.kg_co2e.toFixed(2)));
        }
        return facts.join(" · ");
    }

    choose(way) {
        this.model.way = way;
        this.model.point = null;
    }

    /** Why the order cannot be placed yet; empty if it can. */
    get missing() {
        const { model } = this;
        if (!model.way) {
            return _t("Choose one.");
        }
        if (!model.customer.name.trim()) {
            return _t("Write down the customer's name.");
        }
        if (model.needsAddress && !model.hasAddress) {
            return _t("A delivery needs the customer's street: go back to the customer.");
        }
        return model.way.service === "relay" && model.way.points && !model.point
            ? _t("Choose the pick-up point.")
            : "";
    }
}
