import { Component, useState } from "@odoo/owl";
import { moment } from "../words";
import { returnState, wayOf } from "./return_words";

/** Whose return it is, how it comes, and how far it is. */
export class ReturnHeader extends Component {
    static template = "oms.SiteWorkReturnHeader";
    static props = { model: Object, detail: Object, pending: Number };

    setup() {
        this.model = useState(this.props.model);
        Object.assign(this, { moment, returnState, wayOf });
    }
}
