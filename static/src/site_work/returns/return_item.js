import { Component } from "@odoo/owl";
import { quantity } from "../words";
import { gradeColor } from "./return_words";

/** Goods that came, alike in lot and state. */
export class ReturnItem extends Component {
    static template = "oms.SiteWorkReturnItem";
    static props = { page: Object, detail: Object, item: Object };

    setup() {
        Object.assign(this, { gradeColor, quantity });
    }

    get canGrade() {
        const { detail, item } = this.props;
        return detail.actions.grade && !item.is_inspected && !item.is_waiting;
    }
}
