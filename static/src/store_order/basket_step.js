import { Component, useState } from "@odoo/owl";
import { useDebounced } from "@web/core/utils/timing";
import { QuantityStepper } from "../site_work/quantity_stepper";
import { ScanBar } from "../site_work/scan_bar";
import { quantity } from "../site_work/words";

const MOST = 1000000;

/** What the customer wants: scanned, or looked for by name. */
export class BasketStep extends Component {
    static template = "oms.StoreOrderBasket";
    static components = { QuantityStepper, ScanBar };
    static props = { model: Object, money: Function, listen: Function, next: Function };

    setup() {
        this.model = useState(this.props.model);
        this.state = useState({ found: [], text: "", missing: "", searches: 0 });
        this.look = useDebounced(() => this.search(), 300);
        this.most = MOST;
        this.quantity = quantity;
        this.onScan = this.onScan.bind(this);
        this.onInput = this.onInput.bind(this);
        this.props.listen(this.onScan);
    }

    onInput(text) {
        this.state.text = text;
        this.state.missing = "";
        this.look();
    }

    async search() {
        const { text } = this.state;
        const answer = text.length > 1 ? await this.model.findProducts(text) : null;
        // What was typed meanwhile is looked for by itself.
        if (text === this.state.text) {
            this.state.found = answer?.products || [];
        }
    }

    async onScan(code) {
        this.state.text = "";
        this.state.found = [];
        const answer = await this.model.findProducts(code);
        if (answer?.exact) {
            this.add(answer.products[0]);
        } else if (answer) {
            this.state.found = answer.products;
            this.state.missing = answer.products.length ? "" : code;
        }
    }

    add(product) {
        this.model.add(product);
        this.state.found = [];
        this.state.missing = "";
        // What was looked for is found: the bar is empty again.
        this.state.text = "";
        this.state.searches++;
    }
}
