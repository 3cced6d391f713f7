import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { WaitingDialog } from "./waiting_dialog";

/** Where one is, whether there is a connection, and what is seldom needed. */
export class TopBar extends Component {
    static template = "oms.SiteWorkTopBar";
    static components = { Dropdown, DropdownItem };
    static props = { model: Object, back: Function };

    setup() {
        this.dialog = useService("dialog");
        this.action = useService("action");
        this.model = useState(this.props.model);
    }

    get title() {
        const { model } = this;
        if (model.orderId) {
            return model.orders[model.orderId]?.order || _t("Order");
        }
        if (model.returns.subject) {
            return model.orders[model.returns.subject]?.name || _t("Return");
        }
        return model.site?.name || _t("Where do you work?");
    }

    get subtitle() {
        const { model } = this;
        const { name, order } = model.orders[model.openSubject] || {};
        return (model.orderId ? name : order) || "";
    }

    get canGoBack() {
        const { model } = this;
        return !!model.openSubject || (!!model.siteId && model.sites?.length > 1);
    }

    get lastStep() {
        return this.model.openSubject && this.model.lastStep(this.model.openSubject);
    }

    get waitingText() {
        return _t("%s waiting", this.model.pending.length);
    }

    openWaiting() {
        this.dialog.add(WaitingDialog, { model: this.model });
    }

    openRecord() {
        const { model } = this;
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model.orderId ? "oms.fulfillment" : "oms.return",
            res_id: model.orders[model.openSubject]?.id || model.orderId,
            views: [[false, "form"]],
        });
    }

    toggleMenu() {
        document.body.classList.toggle("o_oms_with_menu");
    }
}
