import { Component } from "@odoo/owl";

/** Reasons, each with what it does to the stock. */
export class ReasonChoice extends Component {
    static template = "oms.SiteWorkReasonChoice";
    static props = { reasons: Array, reasonId: Number, onChange: Function };
}
