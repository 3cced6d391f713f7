import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useDebounced } from "@web/core/utils/timing";

const KEYS = ["name", "email", "phone", "street", "zip", "city", "country"];

/** Who buys: looked for, or written down. */
export class CustomerStep extends Component {
    static template = "oms.StoreOrderCustomer";
    static props = { model: Object, next: Function };

    setup() {
        this.model = useState(this.props.model);
        this.state = useState({ found: [], text: "" });
        this.look = useDebounced(() => this.search(), 300);
        this.inputs = [
            ["name", _t("Name"), "text", "name"],
            ["email", _t("E-mail"), "email", "email"],
            ["phone", _t("Telephone"), "tel", "tel"],
            ["street", _t("Street"), "text", "street-address"],
            ["zip", _t("Postcode"), "text", "postal-code"],
            ["city", _t("City"), "text", "address-level2"],
        ];
    }

    onInput(ev) {
        this.state.text = ev.target.value.trim();
        this.look();
    }

    async search() {
        const { text } = this.state;
        const found = text.length > 2 ? await this.model.findCustomers(text) : [];
        if (text === this.state.text) {
            this.state.found = found || [];
        }
    }

    facts({ email, phone, zip, city }) {
        return [email, phone, `${zip} ${city}`.trim()].filter(Boolean).join(" · ");
    }

    choose(customer) {
        const changes = Object.fromEntries(KEYS.map((key) => [key, customer[key]]));
        const country = customer.country || this.model.places.country;
        this.model.setCustomer({ ...changes, id: customer.id, country });
        this.state.found = [];
        this.state.text = "";
    }

    set(key, ev) {
        // Under another name it is somebody else.
        const who = key === "name" ? { id: null } : {};
        this.model.setCustomer({ ...who, [key]: ev.target.value });
    }

    get missing() {
        const { model } = this;
        if (!model.customer.name.trim()) {
            return _t("Write down the customer's name.");
        }
        return model.hasDestination ? "" : _t("A postcode or city is needed to tell when it comes.");
    }
}
